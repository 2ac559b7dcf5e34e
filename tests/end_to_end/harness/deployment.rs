//! The system as an operator runs it: each service in processes of its own, on servers of their own.
//!
//! Settings go in by the environment, secrets by files. Ports are known before anything starts, so that replicas come
//! back where they were.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use chassis::config::Settings;
use serde_json::Value;

use super::address::free_addr;
use super::logs::Logs;
use super::process::{Exit, Process};
use super::servers::{External, Servers};
use super::service::Service;
use super::{Api, Inbox, eventually, http};

const READY_LIMIT: Duration = Duration::from_mins(1);
/// A stop takes ten seconds at most; whether it does, the tests say.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// They are given by file only.
const SECRETS: [&str; 5] =
    ["JWT_SIGNING_KEY", "USER_SVC_EVENT_KEY", "WORKOUT_SVC_EVENT_KEY", "SEALING_KEYS", "CODE_PEPPER"];

/// What is started and how.
pub(crate) struct Plan {
    /// Processes of each service.
    pub(crate) replicas: usize,
    /// Settings of all services. Those that name servers replace the servers.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Keeps the data of the servers here; without it, the data goes with the deployment.
    pub(crate) data_dir: Option<PathBuf>,
    /// PostgreSQL loses no commit when it is killed.
    pub(crate) durable: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self { replicas: 1, environment: Vec::new(), data_dir: None, durable: false }
    }
}

struct Replica {
    addr: SocketAddr,
    ops: SocketAddr,
    process: Option<Process>,
}

/// A running system of processes. Dropped, all of it is killed.
pub(crate) struct Deployment {
    // Processes go before what they stand on.
    replicas: BTreeMap<(Service, usize), Replica>,
    environment: BTreeMap<String, String>,
    secrets: PathBuf,
    logs: Logs,
    pub(crate) servers: Servers,
    _folder: Option<tempfile::TempDir>,
}

impl Deployment {
    /// Starts everything and waits until it is ready.
    pub(crate) async fn start(plan: Plan) -> Self {
        let own_kafka = plan.environment.iter().all(|(name, _)| *name != "KAFKA_BROKERS");
        let mut deployment = Self::prepare(plan).await;
        deployment.start_services();
        deployment.until_ready(own_kafka).await;
        deployment
    }

    /// Starts the servers and no service yet.
    pub(crate) async fn prepare(plan: Plan) -> Self {
        let temporary = plan.data_dir.is_none().then(|| tempfile::tempdir().unwrap());
        let folder = plan.data_dir.clone();
        let folder = folder.unwrap_or_else(|| temporary.as_ref().unwrap().path().to_owned());
        let secrets = folder.join("secrets");
        fs::create_dir_all(&secrets).unwrap();
        let mut environment: BTreeMap<_, _> =
            plan.environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        for name in SECRETS {
            if let Some(secret) = environment.remove(name) {
                fs::write(secrets.join(name.to_lowercase()), secret).unwrap();
            }
        }
        let mut made = Settings::from_pairs::<&str, &str>([]);
        standalone::provide_secrets(&mut made, Some(&secrets)).unwrap();
        for name in ["USER_SVC_EVENT_PUBLIC_KEY", "WORKOUT_SVC_EVENT_PUBLIC_KEY"] {
            environment.entry(name.to_owned()).or_insert_with(|| made.value(name, "", ""));
        }
        let smtp = environment.remove("SMTP_HOST").zip(environment.remove("SMTP_PORT"));
        let external = External {
            database: environment.remove("DATABASE_URL"),
            kafka: environment.remove("KAFKA_BROKERS"),
            smtp,
        };
        let servers = Servers::start(&folder, external, plan.durable).await;
        for service in Service::ALL {
            if let Some(database) = service.database() {
                let url = servers.database_url(database);
                fs::write(database_url_file(&secrets, service), url).unwrap();
            }
        }
        let replicas: BTreeMap<_, _> = Service::ALL
            .into_iter()
            .flat_map(|service| (0..plan.replicas).map(move |number| (service, number)))
            .map(|key| (key, Replica { addr: free_addr(), ops: free_addr(), process: None }))
            .collect();
        let mut set = |name: &str, value: String| {
            environment.entry(name.to_owned()).or_insert(value);
        };
        for service in Service::ALL {
            if let Some(setting) = service.url_setting() {
                let own = replicas.iter().filter(|((owner, _), _)| *owner == service);
                let urls: Vec<_> = own.map(|(_, replica)| format!("http://{}", replica.addr)).collect();
                set(setting, urls.join(","));
            }
        }
        let (host, port) = servers.smtp();
        for (name, value) in [
            ("KAFKA_BROKERS", servers.kafka_brokers()),
            ("SMTP_HOST", host),
            ("SMTP_PORT", port),
            // Replicas share the pictures.
            ("FILES_DIR", folder.join("files").display().to_string()),
            ("LOG_LEVEL", "info".to_owned()),
        ] {
            set(name, value);
        }
        Self { replicas, environment, secrets, logs: Logs::new(), servers, _folder: temporary }
    }

    /// Starts every process that does not run.
    pub(crate) fn start_services(&mut self) {
        let keys: Vec<_> = self.replicas.keys().copied().collect();
        for (service, number) in keys {
            self.start_one(service, number);
        }
    }

    /// Starts one process, if it does not run.
    pub(crate) fn start_one(&mut self, service: Service, number: usize) {
        if self.replicas[&(service, number)].process.is_none() {
            let process = self.run(service, number, &[]);
            self.replica_mut(service, number).process = Some(process);
        }
    }

    /// Runs a service's program with the settings of a replica.
    pub(crate) fn run(&self, service: Service, number: usize, arguments: &[&str]) -> Process {
        let replica = &self.replicas[&(service, number)];
        let mut environment = self.environment.clone();
        let mut set = |name: &str, value: String| {
            environment.insert(name.to_owned(), value);
        };
        set(service.address_setting(), replica.addr.to_string());
        set(service.ops_setting(), replica.ops.to_string());
        for name in service.secrets() {
            set(&format!("{name}_FILE"), self.secrets.join(name.to_lowercase()).display().to_string());
        }
        if service.database().is_some() {
            set("DATABASE_URL_FILE", database_url_file(&self.secrets, service).display().to_string());
        }
        let name = format!("{}-{number}", service.name());
        Process::start(&name, &service.program(), arguments, &environment, &self.logs.file(&name))
    }

    /// Ends one process by a signal and waits for it.
    pub(crate) async fn end_one(&mut self, service: Service, number: usize, signal: &str) -> Exit {
        let process = self.replica_mut(service, number).process.take().expect("it runs");
        process.end(signal, STOP_LIMIT).await
    }

    /// Sends a signal to every process.
    pub(crate) fn signal_all(&self, name: &str) {
        for process in self.replicas.values().filter_map(|replica| replica.process.as_ref()) {
            process.signal(name);
        }
    }

    /// Waits until every process has ended.
    pub(crate) async fn all_gone(&mut self, limit: Duration) {
        for process in self.replicas.values_mut().filter_map(|replica| replica.process.take()) {
            process.wait(limit).await;
        }
    }

    /// Waits until every process says that it is ready; with `connected`, until the gateways have all they can have.
    pub(crate) async fn until_ready(&mut self, connected: bool) {
        let keys: Vec<_> = self.replicas.keys().copied().collect();
        for (service, number) in keys {
            if self.replicas[&(service, number)].process.is_some() {
                self.until_one_is_ready(service, number, connected).await;
            }
        }
    }

    /// Waits until one process says that it is ready.
    pub(crate) async fn until_one_is_ready(&mut self, service: Service, number: usize, connected: bool) {
        let replica = self.replica_mut(service, number);
        let url = format!("http://{}/readyz", replica.ops);
        // The others learn of their mail server with the first mail.
        let connected = connected && service == Service::Gateway;
        let process = std::cell::RefCell::new(replica.process.as_mut().expect("it runs"));
        eventually(&format!("{} {number} is ready", service.name()), READY_LIMIT, || async {
            process.borrow_mut().assert_running();
            let answer = http().get(&url).send().await.ok()?;
            let ready = answer.status() == 200;
            let report: Value = answer.json().await.ok()?;
            let up = |(_, state): (&String, &Value)| state["state"] == "up";
            let all_up = report["dependencies"].as_object()?.iter().all(up);
            (ready && (all_up || !connected)).then_some(())
        })
        .await;
    }

    /// Fails if a process has ended by itself.
    pub(crate) fn assert_running(&mut self) {
        for process in self.replicas.values_mut().filter_map(|replica| replica.process.as_mut()) {
            process.assert_running();
        }
    }

    /// Starts the processes again that have ended by themselves, as whatever supervises them does, and says how they ended.
    pub(crate) fn revive(&mut self) -> Vec<(Service, ExitStatus)> {
        let mut ended = Vec::new();
        for (&(service, number), replica) in &mut self.replicas {
            if let Some(status) = replica.process.as_mut().and_then(Process::ended) {
                replica.process = None;
                ended.push((service, number, status));
            }
        }
        for &(service, number, _) in &ended {
            self.start_one(service, number);
        }
        ended.into_iter().map(|(service, _, status)| (service, status)).collect()
    }

    /// The first gateway.
    pub(crate) fn rest(&self) -> String {
        format!("http://{}", self.addr(Service::Gateway, 0))
    }

    /// Where a replica is called.
    pub(crate) fn addr(&self, service: Service, number: usize) -> SocketAddr {
        self.replicas[&(service, number)].addr
    }

    /// The process of a replica.
    pub(crate) fn process(&self, service: Service, number: usize) -> u32 {
        self.replicas[&(service, number)].process.as_ref().expect("it runs").id()
    }

    /// Where the operator looks.
    pub(crate) fn ops_url(&self, service: Service, number: usize, path: &str) -> String {
        format!("http://{}{path}", self.replicas[&(service, number)].ops)
    }

    /// A REST client of the first gateway.
    pub(crate) fn api(&self) -> Api {
        Api::new(&self.rest())
    }

    /// The mailbox.
    pub(crate) fn inbox(&self) -> Inbox {
        Inbox::new(&format!("http://{}", self.servers.mailbox_addr()))
    }

    /// Everything logged so far by all processes.
    pub(crate) fn log(&self) -> String {
        self.logs.text()
    }

    /// Stops everything in order, as an operator would.
    pub(crate) async fn end(mut self) {
        self.signal_all("TERM");
        self.all_gone(STOP_LIMIT).await;
        self.servers.end().await;
    }

    fn replica_mut(&mut self, service: Service, number: usize) -> &mut Replica {
        self.replicas.get_mut(&(service, number)).expect("the plan has it")
    }
}

fn database_url_file(secrets: &Path, service: Service) -> PathBuf {
    secrets.join(format!("database_url_of_{}", service.name()))
}
