//! The configuration of workout-svc.

use std::net::SocketAddr;

use chassis::auth::TokenKeys;
use chassis::bus::{BusSettings, SigningService};
use chassis::config::Settings;
use chassis::database::DatabaseConfig;
use chassis::drain::DrainConfig;
use chassis::grpc::server::GrpcServerConfig;
use outbox::RelayConfig;

use crate::planner::PlannerConfig;

/// Everything that workout-svc has to be told.
#[derive(Clone, Debug)]
pub struct WorkoutSvcConfig {
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
    /// By which keys access tokens are verified.
    pub token_keys: TokenKeys,
    /// How routines are generated.
    pub planner: PlannerConfig,
    /// The times of a stop.
    pub drain: DrainConfig,
}

impl WorkoutSvcConfig {
    /// Reads the settings. Answers nothing where something is unusable; [`Settings::finish`] then says why.
    pub fn from_settings(settings: &mut Settings) -> Option<Self> {
        let database = DatabaseConfig::from_settings(settings);
        let migrate_on_start =
            settings.value("MIGRATE_ON_START", "Whether tables are brought up to date at start.", "true");
        let replay_at_start = settings.value(
            "OUTBOX_REPLAY_AT_START",
            "Whether events that the outbox still holds are published again at start, for a broker that forgets.",
            "false",
        );
        let grpc = GrpcServerConfig::from_settings(settings, "WORKOUT_SVC_GRPC_ADDR", "127.0.0.1:50052");
        let ops_addr = ops_addr(settings);
        let kafka = BusSettings::from_settings(settings, crate::NAME)
            .signing(SigningService::WorkoutSvc, settings)
            .checking(settings);
        let kafka_group = kafka_group(settings);
        let token_keys = TokenKeys::from_settings(settings);
        let planner = PlannerConfig::from_settings(settings);
        let drain = DrainConfig::from_settings(settings, 6);
        Some(Self {
            database,
            migrate_on_start,
            grpc,
            ops_addr,
            kafka,
            kafka_group,
            relay: RelayConfig { replay_at_start, ..RelayConfig::default() },
            token_keys,
            planner,
            drain,
        })
    }
}

/// Reads where health and metrics are served.
pub(crate) fn ops_addr(settings: &mut Settings) -> SocketAddr {
    settings.value(
        "WORKOUT_SVC_OPS_ADDR",
        "Address of workout-svc's /livez, /readyz and /metrics.",
        "127.0.0.1:9466",
    )
}

/// Reads the consumer group.
pub(crate) fn kafka_group(settings: &mut Settings) -> String {
    settings.value("WORKOUT_SVC_KAFKA_GROUP", "Consumer group of workout-svc.", crate::NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_named_at_once() {
        let mut settings =
            Settings::from_pairs([("WORKOUT_SVC_GRPC_ADDR", "here"), ("MIGRATE_ON_START", "maybe")]);
        let _ = WorkoutSvcConfig::from_settings(&mut settings);
        let problems = settings.finish().unwrap_err().to_string();
        for name in ["DATABASE_URL", "WORKOUT_SVC_GRPC_ADDR", "MIGRATE_ON_START"] {
            assert!(problems.contains(name), "{name} is missing in: {problems}");
        }
    }
}
