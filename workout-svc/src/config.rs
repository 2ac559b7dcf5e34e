//! The configuration of workout-svc.

use chassis::auth::TokenKeys;
use chassis::bus::SigningService;
use chassis::config::Settings;
use chassis::frame::{BackendConfig, Identity};

use crate::planner::PlannerConfig;

/// Who the service is, and which settings are its own.
pub(crate) const IDENTITY: Identity = Identity {
    name: crate::NAME,
    grpc_addr: ("WORKOUT_SVC_GRPC_ADDR", "127.0.0.1:50052"),
    ops_addr: (
        "WORKOUT_SVC_OPS_ADDR",
        "Address of workout-svc's /livez, /readyz and /metrics.",
        "127.0.0.1:9466",
    ),
    group: ("WORKOUT_SVC_KAFKA_GROUP", "Consumer group of workout-svc."),
    signs: Some(SigningService::WorkoutSvc),
    drain_deadline_seconds: 6,
};

/// Everything that workout-svc has to be told.
#[derive(Clone, Debug)]
pub struct WorkoutSvcConfig {
    /// What every service is told.
    pub backend: BackendConfig,
    /// By which keys access tokens are verified.
    pub token_keys: TokenKeys,
    /// How routines are generated.
    pub planner: PlannerConfig,
}

impl WorkoutSvcConfig {
    /// Reads the settings. Answers nothing where something is unusable; [`Settings::finish`] then says why.
    pub fn from_settings(settings: &mut Settings) -> Option<Self> {
        let backend = IDENTITY.config(settings);
        let token_keys = TokenKeys::from_settings(settings);
        let planner = PlannerConfig::from_settings(settings);
        Some(Self { backend, token_keys, planner })
    }
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
