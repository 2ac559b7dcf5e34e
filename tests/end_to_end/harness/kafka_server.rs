//! The broker of a test: Apache Kafka where the suite runs on real servers, else the embedded one.

use std::net::SocketAddr;
use std::path::PathBuf;

use embedded::apache_kafka::{ApacheKafka, Config};
use embedded::broker::Broker;

use super::REAL_SERVERS;

/// A broker that can be away.
pub(crate) enum KafkaServer {
    Embedded(Broker),
    Apache(Box<ApacheKafka>),
}

impl KafkaServer {
    /// Starts a broker of the test's own, on a free port.
    pub(crate) async fn start() -> Self {
        Self::start_in(None).await
    }

    /// The same with its data in a folder, if it keeps any.
    pub(crate) async fn start_in(folder: Option<PathBuf>) -> Self {
        if !REAL_SERVERS {
            return Self::Embedded(Broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap());
        }
        let config = Config { data_dir: folder, ..Config::default() };
        let kafka = ApacheKafka::start(config).await.unwrap_or_else(|error| panic!("{error}"));
        Self::Apache(Box::new(kafka))
    }

    /// Where clients connect.
    pub(crate) fn addr(&self) -> SocketAddr {
        match self {
            Self::Embedded(broker) => broker.addr(),
            Self::Apache(kafka) => kafka.addr(),
        }
    }

    /// What runs, in words.
    pub(crate) fn version(&self) -> String {
        match self {
            Self::Embedded(_) => "the embedded broker".to_owned(),
            Self::Apache(kafka) => format!("Apache Kafka {}", kafka.version()),
        }
    }

    /// Takes the broker away; it keeps what it knows.
    pub(crate) async fn stop(&mut self) {
        match self {
            Self::Embedded(broker) => broker.close().await,
            Self::Apache(kafka) => kafka.stop().await,
        }
    }

    /// Kills the broker.
    pub(crate) async fn kill(&mut self) {
        match self {
            Self::Embedded(broker) => broker.close().await,
            Self::Apache(kafka) => kafka.kill().await,
        }
    }

    /// Brings it back where it was.
    pub(crate) async fn start_again(&mut self) {
        match self {
            Self::Embedded(broker) => broker.open().await.unwrap(),
            Self::Apache(kafka) => kafka.start_again().await.unwrap_or_else(|error| panic!("{error}")),
        }
    }
}
