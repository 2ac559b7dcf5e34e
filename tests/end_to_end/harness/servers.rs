//! What the services stand on: PostgreSQL, Kafka and a mailbox, each of which can be away.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use embedded::mailbox::{Mailbox, MailboxConfig};
use embedded::postgres::{self, Cluster, ClusterConfig};
use tokio::runtime::Runtime;

use super::address::free_addr;
use super::kafka_server::KafkaServer;

/// Each service has a database of its own.
pub(crate) const DATABASES: [&str; 3] = ["user_svc", "workout_svc", "notify_svc"];

/// More than any test has sent.
const MAILBOX_CAPACITY: usize = 100_000;

/// The runtime of what serves more than one test; that of a test ends with it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
});

/// Where what the test brings itself is.
#[derive(Clone, Debug, Default)]
pub(crate) struct External {
    /// A PostgreSQL server on which the databases are made.
    pub(crate) database: Option<String>,
    /// Kafka's address.
    pub(crate) kafka: Option<String>,
    /// The mail server.
    pub(crate) smtp: Option<(String, String)>,
}

/// Running servers.
pub(crate) struct Servers {
    external: External,
    folder: PathBuf,
    durable: bool,
    postgres_port: u16,
    postgres: Option<Cluster>,
    /// By database; known before and after PostgreSQL is away.
    database_urls: Vec<(&'static str, String)>,
    pub(crate) kafka: Option<KafkaServer>,
    pub(crate) mailbox: Mailbox,
}

impl Servers {
    /// Starts what `external` does not name, with the data in `folder`. PostgreSQL is `durable` where it will be killed:
    /// otherwise it forgets its last commits then.
    pub(crate) async fn start(folder: &Path, external: External, durable: bool) -> Self {
        let folder = folder.to_owned();
        RUNTIME.spawn(Self::start_here(folder, external, durable)).await.unwrap()
    }

    async fn start_here(folder: PathBuf, external: External, durable: bool) -> Self {
        let config = MailboxConfig { capacity: MAILBOX_CAPACITY, ..MailboxConfig::in_memory() };
        let mailbox = Mailbox::start(config).await.unwrap();
        let kafka_folder = folder.join("kafka");
        let kafka = async {
            match external.kafka {
                Some(_) => None,
                None => Some(KafkaServer::start_in(Some(kafka_folder)).await),
            }
        };
        let postgres = start_postgres(&folder, free_addr().port(), durable, external.database.as_deref());
        let (kafka, (postgres, database_urls)) = tokio::join!(kafka, postgres);
        let postgres_port = postgres.as_ref().map(Cluster::port).unwrap_or_default();
        Self { external, folder, durable, postgres_port, postgres, database_urls, kafka, mailbox }
    }

    /// The URL of a service's database.
    pub(crate) fn database_url(&self, database: &str) -> String {
        let found = self.database_urls.iter().find(|(name, _)| *name == database);
        found.expect("it is one of `DATABASES`").1.clone()
    }

    /// Kafka bootstrap servers.
    pub(crate) fn kafka_brokers(&self) -> String {
        let own = self.kafka.as_ref().map(|kafka| kafka.addr().to_string());
        own.or_else(|| self.external.kafka.clone()).expect("there is one or the other")
    }

    /// Host and port of the mail server.
    pub(crate) fn smtp(&self) -> (String, String) {
        let addr = self.mailbox.smtp_addr();
        self.external.smtp.clone().unwrap_or_else(|| (addr.ip().to_string(), addr.port().to_string()))
    }

    /// Where the mailbox is read.
    pub(crate) fn mailbox_addr(&self) -> SocketAddr {
        self.mailbox.http_addr()
    }

    /// The broker of these servers.
    pub(crate) fn kafka_mut(&mut self) -> &mut KafkaServer {
        self.kafka.as_mut().expect("these servers have a broker of their own")
    }

    /// Takes PostgreSQL away.
    pub(crate) async fn stop_postgres(&mut self) {
        self.postgres.take().expect("it runs").stop().await;
    }

    /// Has every process of PostgreSQL end at once, as a crash does: the next start recovers from the log.
    pub(crate) async fn kill_postgres(&mut self) {
        let cluster = self.postgres.take().expect("it runs");
        let pid_file = cluster.directory().join("data/postmaster.pid");
        let pid_file = std::fs::read_to_string(pid_file).unwrap();
        let pid = pid_file.lines().next().expect("the first line is the process");
        let status = std::process::Command::new("kill").args(["-QUIT", pid]).status().unwrap();
        assert!(status.success(), "kill -QUIT of PostgreSQL");
        cluster.stop().await;
    }

    /// Brings PostgreSQL back, at its old address and with its data.
    pub(crate) async fn start_postgres(&mut self) {
        (self.postgres, self.database_urls) =
            start_postgres(&self.folder, self.postgres_port, self.durable, None).await;
    }

    /// Stops everything in order.
    pub(crate) async fn end(mut self) {
        if let Some(cluster) = self.postgres.take() {
            cluster.stop().await;
        }
        if let Some(kafka) = &mut self.kafka {
            kafka.stop().await;
        }
        self.mailbox.stop().await;
    }
}

async fn start_postgres(
    folder: &Path,
    port: u16,
    durable: bool,
    external: Option<&str>,
) -> (Option<Cluster>, Vec<(&'static str, String)>) {
    let mut urls = Vec::new();
    if let Some(server) = external {
        for database in DATABASES {
            postgres::create_database(server, database).await.unwrap();
            let mut url: url::Url = server.parse().unwrap();
            url.set_path(database);
            urls.push((database, url.into()));
        }
        return (None, urls);
    }
    let config = ClusterConfig {
        port: Some(port),
        durable,
        max_connections: 300,
        ..ClusterConfig::new(folder.join("postgres"))
    };
    let cluster = Cluster::start(config).await.unwrap();
    for database in DATABASES {
        cluster.create_database(database).await.unwrap();
        urls.push((database, cluster.url(database)));
    }
    (Some(cluster), urls)
}
