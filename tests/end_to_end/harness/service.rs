//! The services as processes: their programs, and which setting has what of them.

use std::path::PathBuf;

/// A service with a program of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    UserSvc,
    WorkoutSvc,
    NotifySvc,
    Gateway,
}

impl Service {
    pub(crate) const ALL: [Self; 4] = [Self::UserSvc, Self::WorkoutSvc, Self::NotifySvc, Self::Gateway];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UserSvc => "user-svc",
            Self::WorkoutSvc => "workout-svc",
            Self::NotifySvc => "notify-svc",
            Self::Gateway => "gateway",
        }
    }

    /// The program, which `cargo build` has put beside the tests.
    pub(crate) fn program(self) -> PathBuf {
        let standalone = PathBuf::from(env!("CARGO_BIN_EXE_fitness-trainer"));
        let program = standalone.with_file_name(self.name());
        assert!(program.exists(), "{} is missing: `make test-real` builds it", program.display());
        program
    }

    /// The setting with the address for callers.
    pub(super) fn address_setting(self) -> &'static str {
        match self {
            Self::UserSvc => "USER_SVC_GRPC_ADDR",
            Self::WorkoutSvc => "WORKOUT_SVC_GRPC_ADDR",
            Self::NotifySvc => "NOTIFY_SVC_GRPC_ADDR",
            Self::Gateway => "GATEWAY_HTTP_ADDR",
        }
    }

    /// The setting with the operator's address.
    pub(super) fn ops_setting(self) -> &'static str {
        match self {
            Self::UserSvc => "USER_SVC_OPS_ADDR",
            Self::WorkoutSvc => "WORKOUT_SVC_OPS_ADDR",
            Self::NotifySvc => "NOTIFY_SVC_OPS_ADDR",
            Self::Gateway => "GATEWAY_OPS_ADDR",
        }
    }

    /// The setting by which others find it.
    pub(super) fn url_setting(self) -> Option<&'static str> {
        match self {
            Self::UserSvc => Some("USER_SVC_URL"),
            Self::WorkoutSvc => Some("WORKOUT_SVC_URL"),
            Self::NotifySvc => Some("NOTIFY_SVC_URL"),
            Self::Gateway => None,
        }
    }

    pub(super) fn database(self) -> Option<&'static str> {
        match self {
            Self::UserSvc => Some("user_svc"),
            Self::WorkoutSvc => Some("workout_svc"),
            Self::NotifySvc => Some("notify_svc"),
            Self::Gateway => None,
        }
    }

    /// The secrets that it is told; the others are none of its business.
    pub(super) fn secrets(self) -> &'static [&'static str] {
        match self {
            Self::UserSvc => &["JWT_SIGNING_KEY", "USER_SVC_EVENT_KEY", "SEALING_KEYS", "CODE_PEPPER"],
            Self::NotifySvc => &["SEALING_KEYS"],
            Self::WorkoutSvc => &["WORKOUT_SVC_EVENT_KEY"],
            Self::Gateway => &[],
        }
    }
}
