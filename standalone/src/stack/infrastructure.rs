//! PostgreSQL, Kafka and SMTP: the embedded ones, or those that the settings name.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use chassis::config::Settings;
use embedded::broker::Broker;
use embedded::mailbox::{Mailbox, MailboxConfig};
use embedded::postgres::{self, Cluster, ClusterConfig};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// What the services stand on.
#[derive(Debug)]
pub(super) struct Infrastructure {
    database: Database,
    broker: Option<Broker>,
    mailbox: Option<Mailbox>,
    /// Bootstrap servers.
    pub(super) kafka: String,
    /// The mail server.
    pub(super) smtp: String,
}

#[derive(Debug)]
enum Database {
    Embedded(Cluster),
    /// A server on which each service gets a database of its own.
    External(SecretString),
}

/// The settings of the embedded parts.
#[derive(Clone, Debug)]
pub(crate) struct InfrastructureConfig {
    kafka: SocketAddr,
    postgres: SocketAddr,
    mailbox_smtp: SocketAddr,
    mailbox_http: SocketAddr,
}

impl InfrastructureConfig {
    /// Reads the settings.
    pub(crate) fn from_settings(settings: &mut Settings) -> Self {
        Self {
            kafka: settings.value(
                "EMBEDDED_KAFKA_ADDR",
                "Address of the embedded Kafka broker.",
                "127.0.0.1:9092",
            ),
            postgres: settings.value(
                "EMBEDDED_POSTGRES_ADDR",
                "Address of the embedded PostgreSQL; port 0 picks one.",
                "127.0.0.1:0",
            ),
            mailbox_smtp: settings.value(
                "MAILBOX_SMTP_ADDR",
                "SMTP address of the embedded mailbox.",
                "127.0.0.1:1025",
            ),
            mailbox_http: settings.value(
                "MAILBOX_HTTP_ADDR",
                "Address of the embedded mailbox's page and REST API.",
                "127.0.0.1:8025",
            ),
        }
    }
}

impl Infrastructure {
    pub(super) async fn start(
        settings: &mut Settings,
        data_dir: &Path,
        ephemeral: bool,
    ) -> anyhow::Result<Self> {
        let config = InfrastructureConfig::from_settings(settings);
        let mailbox = MailboxConfig {
            smtp_addr: config.mailbox_smtp,
            http_addr: config.mailbox_http,
            dir: (!ephemeral).then(|| data_dir.join("mailbox")),
            ..MailboxConfig::in_memory()
        };
        let external = settings.optional_secret("DATABASE_URL", "URL of a PostgreSQL server to use.");
        let database = if let Some(url) = external {
            Database::External(url)
        } else {
            Database::Embedded(start_postgres(data_dir, config.postgres.port(), ephemeral).await?)
        };
        let (broker, kafka) = if settings.is_set("KAFKA_BROKERS") {
            (None, settings.value("KAFKA_BROKERS", "Kafka brokers as host:port.", ""))
        } else {
            progress("starting the Kafka broker");
            let broker = Broker::start(config.kafka).await;
            let broker =
                broker.context("the Kafka broker cannot start; set EMBEDDED_KAFKA_ADDR to a free address")?;
            let kafka = broker.addr().to_string();
            settings.set("KAFKA_BROKERS", &*kafka);
            // It forgets on exit, so the outboxes repeat at start what they still hold.
            settings.set_default("OUTBOX_REPLAY_AT_START", "true");
            (Some(broker), kafka)
        };
        let (mailbox, smtp) = if settings.is_set("SMTP_HOST") {
            (None, settings.value("SMTP_HOST", "Mail server.", ""))
        } else {
            progress("starting the mailbox");
            let mailbox = Mailbox::start(mailbox).await;
            let mailbox = mailbox.context(
                "the mailbox cannot start; set MAILBOX_SMTP_ADDR and MAILBOX_HTTP_ADDR to free addresses",
            )?;
            let addr = mailbox.smtp_addr();
            settings.set("SMTP_HOST", addr.ip().to_string());
            settings.set("SMTP_PORT", addr.port().to_string());
            (Some(mailbox), addr.to_string())
        };
        progress("starting the services");
        Ok(Self { database, broker, mailbox, kafka, smtp })
    }

    /// The URL of a service's own database, which is created if it is missing.
    pub(super) async fn database_url(&self, name: &str) -> anyhow::Result<String> {
        match &self.database {
            Database::Embedded(cluster) => {
                cluster.create_database(name).await?;
                Ok(cluster.url(name))
            }
            Database::External(server) => {
                let server = server.expose_secret();
                let mut url: Url = server.parse().context("DATABASE_URL is not a URL")?;
                postgres::create_database(server, name)
                    .await
                    .context("a database cannot be created on the server of DATABASE_URL")?;
                url.set_path(name);
                Ok(url.into())
            }
        }
    }

    pub(super) fn mailbox_addr(&self) -> Option<SocketAddr> {
        self.mailbox.as_ref().map(Mailbox::http_addr)
    }

    /// Where the data is, in words; as root the cluster may lie apart from the rest.
    pub(super) fn data_location(&self, data_dir: &Path) -> String {
        match &self.database {
            Database::Embedded(cluster) if !cluster.directory().starts_with(data_dir) => {
                format!("{} (PostgreSQL in {})", data_dir.display(), cluster.directory().display())
            }
            Database::Embedded(_) => data_dir.display().to_string(),
            Database::External(_) => format!("{} (PostgreSQL by DATABASE_URL)", data_dir.display()),
        }
    }

    pub(super) async fn stop(self) {
        if let Some(mailbox) = self.mailbox {
            mailbox.stop().await;
        }
        if let Some(broker) = self.broker {
            broker.stop().await;
        }
        if let Database::Embedded(cluster) = self.database {
            cluster.stop().await;
        }
    }
}

async fn start_postgres(data_dir: &Path, port: u16, ephemeral: bool) -> anyhow::Result<Cluster> {
    // A temporary folder is all the cluster's, so that its watchdog removes all of it.
    let folder = if ephemeral { data_dir.to_owned() } else { data_dir.join("postgres") };
    let config = if ephemeral { ClusterConfig::ephemeral(folder) } else { ClusterConfig::new(folder) };
    progress("starting PostgreSQL; the first start creates its cluster, which takes a few seconds");
    Cluster::start(ClusterConfig { port: Some(port), ..config }).await.context("PostgreSQL cannot start")
}

fn progress(step: &str) {
    eprintln!("· {step} …");
}
