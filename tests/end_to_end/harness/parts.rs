//! The system in parts that can be stopped and started one at a time, each at a fixed address.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use chassis::config::Settings;
use embedded::broker::Broker;
use embedded::mailbox::{Mailbox, MailboxConfig};
use embedded::postgres::{Cluster, ClusterConfig};
use gateway::GatewayConfig;
use notify_svc::NotifySvcConfig;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use user_svc::UserSvcConfig;
use workout_svc::WorkoutSvcConfig;

use super::{Api, Inbox, eventually};

/// A part that can be away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Gateway,
    UserSvc,
    WorkoutSvc,
    NotifySvc,
    Postgres,
    Kafka,
    Smtp,
}

const DATABASES: [&str; 3] = ["user_svc", "workout_svc", "notify_svc"];
const SERVICES: [Part; 4] = [Part::UserSvc, Part::WorkoutSvc, Part::NotifySvc, Part::Gateway];

struct Service {
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

/// All parts of a system.
pub(crate) struct Parts {
    settings: Settings,
    /// By database name; known before and after PostgreSQL is away.
    database_urls: BTreeMap<&'static str, String>,
    folder: tempfile::TempDir,
    http: SocketAddr,
    postgres_port: u16,
    services: BTreeMap<Part, Service>,
    postgres: Option<Cluster>,
    broker: Broker,
    mailbox: Mailbox,
}

fn free_addr() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Parts {
    /// Starts everything.
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let broker = Broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let mailbox = Mailbox::start(MailboxConfig::in_memory()).await.unwrap();
        let (http, postgres_port) = (free_addr(), free_addr().port());
        let mut settings = Settings::from_pairs::<&str, &str>([]);
        standalone::provide_secrets(&mut settings, None).unwrap();
        let mut set = |name: &str, value: String| settings.set(name, value);
        for (addr, url) in [
            ("USER_SVC_GRPC_ADDR", "USER_SVC_URL"),
            ("WORKOUT_SVC_GRPC_ADDR", "WORKOUT_SVC_URL"),
            ("NOTIFY_SVC_GRPC_ADDR", "NOTIFY_SVC_URL"),
        ] {
            let at = free_addr();
            set(addr, at.to_string());
            set(url, format!("http://{at}"));
        }
        for addr in ["GATEWAY_OPS_ADDR", "USER_SVC_OPS_ADDR", "WORKOUT_SVC_OPS_ADDR", "NOTIFY_SVC_OPS_ADDR"] {
            set(addr, "127.0.0.1:0".to_owned());
        }
        set("GATEWAY_HTTP_ADDR", http.to_string());
        set("KAFKA_BROKERS", broker.addr().to_string());
        set("SMTP_HOST", mailbox.smtp_addr().ip().to_string());
        set("SMTP_PORT", mailbox.smtp_addr().port().to_string());
        set("FILES_DIR", folder.path().join("files").display().to_string());
        let services = BTreeMap::new();
        let mut parts = Self {
            settings,
            database_urls: BTreeMap::new(),
            folder,
            http,
            postgres_port,
            services,
            postgres: None,
            broker,
            mailbox,
        };
        parts.resume(Part::Postgres).await;
        for service in SERVICES {
            parts.resume(service).await;
        }
        parts.until_ready().await;
        parts
    }

    /// A REST client.
    pub(crate) fn api(&self) -> Api {
        Api::new(&format!("http://{}", self.http))
    }

    /// The mailbox.
    pub(crate) fn inbox(&self) -> Inbox {
        Inbox::new(&format!("http://{}", self.mailbox.http_addr()))
    }

    /// Takes a part away.
    pub(crate) async fn stop(&mut self, part: Part) {
        match part {
            Part::Postgres => self.postgres.take().expect("it runs").stop().await,
            Part::Kafka => self.broker.close().await,
            Part::Smtp => self.mailbox.close_smtp().await,
            service => {
                let service = self.services.remove(&service).expect("it runs");
                service.shutdown.cancel();
                service.running.await.unwrap().unwrap();
            }
        }
    }

    /// Brings a part back, at its old address and with its data.
    pub(crate) async fn resume(&mut self, part: Part) {
        match part {
            Part::Postgres => {
                let config = ClusterConfig {
                    port: Some(self.postgres_port),
                    durable: false,
                    ..ClusterConfig::new(self.folder.path().join("postgres"))
                };
                let cluster = Cluster::start(config).await.unwrap();
                for database in DATABASES {
                    cluster.create_database(database).await.unwrap();
                    self.database_urls.insert(database, cluster.url(database));
                }
                self.postgres = Some(cluster);
            }
            Part::Kafka => self.broker.open().await.unwrap(),
            Part::Smtp => self.mailbox.open_smtp().await.unwrap(),
            service => {
                let running = self.run(service).await;
                self.services.insert(service, running);
            }
        }
    }

    /// Waits until the gateway and everything behind it says that it is up.
    pub(crate) async fn until_ready(&self) {
        let api = self.api();
        eventually("all parts are up", Duration::from_mins(1), || async {
            let report = api.request("GET", "/readyz").send().await.ok()?;
            let report: serde_json::Value = report.json().await.ok()?;
            let up = |(_, state): (&String, &serde_json::Value)| state["state"] == "up";
            report["dependencies"].as_object()?.iter().all(up).then_some(())
        })
        .await;
    }

    /// The URL of a service's database.
    pub(crate) fn database_url(&self, database: &str) -> String {
        self.database_urls[database].clone()
    }

    /// Kafka bootstrap servers.
    pub(crate) fn kafka(&self) -> String {
        self.broker.addr().to_string()
    }

    fn settings(&self, database: &str) -> Settings {
        let mut settings = self.settings.clone();
        settings.set("DATABASE_URL", self.database_urls[database].as_str());
        settings
    }

    async fn run(&self, service: Part) -> Service {
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let running = match service {
            Part::UserSvc => {
                let config = UserSvcConfig::from_settings(&mut self.settings("user_svc")).unwrap();
                let app = user_svc::App::build(config).await.unwrap();
                tokio::spawn(app.run_until(stop))
            }
            Part::WorkoutSvc => {
                let config = WorkoutSvcConfig::from_settings(&mut self.settings("workout_svc")).unwrap();
                let app = workout_svc::App::build(config).await.unwrap();
                tokio::spawn(app.run_until(stop))
            }
            Part::NotifySvc => {
                let config = NotifySvcConfig::from_settings(&mut self.settings("notify_svc")).unwrap();
                let app = notify_svc::App::build(config).await.unwrap();
                tokio::spawn(app.run_until(stop))
            }
            Part::Gateway => {
                let config = GatewayConfig::from_settings(&mut self.settings("user_svc"));
                let app = gateway::App::build(config).await.unwrap();
                tokio::spawn(app.run_until(stop))
            }
            Part::Postgres | Part::Kafka | Part::Smtp => unreachable!("these are no services"),
        };
        Service { shutdown, running }
    }

    /// Stops everything in order.
    pub(crate) async fn end(mut self) {
        for service in SERVICES.into_iter().rev() {
            if self.services.contains_key(&service) {
                self.stop(service).await;
            }
        }
        if let Some(cluster) = self.postgres.take() {
            cluster.stop().await;
        }
        self.broker.stop().await;
        self.mailbox.stop().await;
    }
}
