//! What every service with a database, events and gRPC is told.

use std::net::SocketAddr;

use outbox::RelayConfig;

use crate::bus::{BusSettings, SigningService};
use crate::config::Settings;
use crate::database::DatabaseConfig;
use crate::drain::DrainConfig;
use crate::grpc::server::GrpcServerConfig;

/// Who a service is, and which settings are its own.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Its name.
    pub name: &'static str,
    /// The setting with the address of its gRPC server, and the default.
    pub grpc_addr: (&'static str, &'static str),
    /// The setting with the address of its operations port, what it says of itself, and the default.
    pub ops_addr: (&'static str, &'static str, &'static str),
    /// The setting with its consumer group, and what it says of itself; the default is its name.
    pub group: (&'static str, &'static str),
    /// As whom it signs its events, if others act on them.
    pub signs: Option<SigningService>,
    /// How long its work may take to end at a stop, if nobody says otherwise.
    pub drain_deadline_seconds: u64,
}

/// The settings that all services with a database, events and gRPC have.
#[derive(Clone, Debug)]
pub struct BackendConfig {
    /// The database.
    pub database: DatabaseConfig,
    /// Whether the tables are brought up to date at start.
    pub migrate_on_start: bool,
    /// The gRPC server.
    pub grpc: GrpcServerConfig,
    /// Where health and metrics are served.
    pub ops_addr: SocketAddr,
    /// The broker.
    pub kafka: BusSettings,
    /// The consumer group.
    pub kafka_group: String,
    /// How events get from the outbox to the broker.
    pub relay: RelayConfig,
    /// The times of a stop.
    pub drain: DrainConfig,
}

impl Identity {
    /// Reads everything.
    pub fn config(&self, settings: &mut Settings) -> BackendConfig {
        let database = DatabaseConfig::from_settings(settings);
        let migrate_on_start =
            settings.value("MIGRATE_ON_START", "Whether tables are brought up to date at start.", "true");
        let replay_at_start = settings.value(
            "OUTBOX_REPLAY_AT_START",
            "Whether events that the outbox still holds are published again at start, for a broker that forgets.",
            "false",
        );
        let (grpc_addr, default) = self.grpc_addr;
        let grpc = GrpcServerConfig::from_settings(settings, grpc_addr, default);
        let mut kafka = BusSettings::from_settings(settings, self.name);
        if let Some(service) = self.signs {
            kafka = kafka.signing(service, settings);
        }
        BackendConfig {
            database,
            migrate_on_start,
            grpc,
            ops_addr: self.ops_addr(settings),
            kafka: kafka.checking(settings),
            kafka_group: self.group(settings),
            relay: RelayConfig { replay_at_start, ..RelayConfig::default() },
            drain: DrainConfig::from_settings(settings, self.drain_deadline_seconds),
        }
    }

    /// Reads where health and metrics are served.
    pub fn ops_addr(&self, settings: &mut Settings) -> SocketAddr {
        let (name, description, default) = self.ops_addr;
        settings.value(name, description, default)
    }

    /// Reads the consumer group.
    pub fn group(&self, settings: &mut Settings) -> String {
        let (name, description) = self.group;
        settings.value(name, description, self.name)
    }
}
