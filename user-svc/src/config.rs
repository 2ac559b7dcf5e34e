//! The configuration of user-svc.

use std::sync::Arc;
use std::time::Duration;

use chassis::bus::SigningService;
use chassis::config::Settings;
use chassis::frame::{BackendConfig, Identity};
use chassis::sealing::SealingKeys;
use chassis::time::Clock;
use chrono::TimeDelta;
use outbox::Outbox;
use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::accounts::Accounts;
use crate::email_address::EmailAddress;
use crate::files::{Files, FilesConfig, Objects};
use crate::one_time_code::Pepper;
use crate::password::{PasswordConfig, Passwords};
use crate::rate_limit::RateLimits;
use crate::tokens::AccessTokens;

/// Who the service is, and which settings are its own.
pub(crate) const IDENTITY: Identity = Identity {
    name: crate::NAME,
    grpc_addr: ("USER_SVC_GRPC_ADDR", "127.0.0.1:50051"),
    ops_addr: ("USER_SVC_OPS_ADDR", "Address of user-svc's /livez, /readyz and /metrics.", "127.0.0.1:9465"),
    group: ("USER_SVC_KAFKA_GROUP", "Consumer group of user-svc."),
    signs: Some(SigningService::UserSvc),
    drain_deadline_seconds: 6,
};

/// Everything that user-svc has to be told.
#[derive(Clone)]
pub struct UserSvcConfig {
    /// What every service is told.
    pub backend: BackendConfig,
    /// Signs access tokens.
    pub access_tokens: AccessTokens,
    /// How long a session lives without being renewed.
    pub session_lifetime: TimeDelta,
    /// Seals one-time codes in events.
    pub sealing: SealingKeys,
    /// Keys the hashes of one-time codes.
    pub pepper: Pepper,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// How often something may be tried or asked for.
    pub limits: RateLimits,
    /// The account with this address becomes an admin.
    pub admin_email: Option<EmailAddress>,
    /// How often what is over is removed.
    pub housekeeping_interval: Duration,
    /// Where pictures are kept and how many.
    pub files: FilesConfig,
}

impl UserSvcConfig {
    /// Reads the settings. Answers nothing where a secret is missing or unusable; [`Settings::finish`] then says why.
    pub fn from_settings(settings: &mut Settings) -> Option<Self> {
        let backend = IDENTITY.config(settings);
        let access_tokens = access_tokens(settings);
        let session_seconds: u32 = settings.number(
            "SESSION_TTL_SECONDS",
            "How long a session lives without being renewed.",
            2_592_000,
            1..=31_536_000,
        );
        // No token outlives its session.
        let session_lifetime = TimeDelta::seconds(i64::from(session_seconds));
        let access_tokens = access_tokens.map(|tokens| tokens.living_at_most(session_lifetime));
        let sealing = settings.parsed_secret(
            "SEALING_KEYS",
            "Keys that seal codes in events, as id:base64,id2:base64; the first one seals.",
            |text| SealingKeys::parse(text).map_err(|error| error.to_string()),
        );
        let pepper = settings.parsed_secret(
            "CODE_PEPPER",
            "Key of the hashes of one-time codes, at least 32 bytes of any text.",
            |text| Pepper::new(text.clone()).map_err(|error| error.to_string()),
        );
        let passwords = passwords(settings);
        let limits = RateLimits::from_settings(settings);
        let admin_email = admin_email(settings);
        let housekeeping_interval = settings.time(
            "HOUSEKEEPING_INTERVAL_SECONDS",
            "How often ended sessions and windows of limits are removed.",
            60,
            1..=86_400,
        );
        let files = FilesConfig::from_settings(settings);
        Some(Self {
            backend,
            access_tokens: access_tokens?,
            session_lifetime,
            sealing: sealing?,
            pepper: pepper?,
            passwords: passwords?,
            limits,
            admin_email,
            housekeeping_interval,
            files,
        })
    }
}

impl UserSvcConfig {
    /// Accounts as configured, over the database of `pool`.
    pub(crate) fn accounts(&self, pool: PgPool, outbox: Outbox, clock: Arc<dyn Clock>) -> Accounts {
        Accounts {
            pool,
            outbox,
            clock,
            passwords: self.passwords.clone(),
            pepper: self.pepper.clone(),
            sealing: self.sealing.clone(),
            access_tokens: self.access_tokens.clone(),
            session_lifetime: self.session_lifetime,
            limits: self.limits.clone(),
            admin_email: self.admin_email.clone(),
        }
    }

    /// Pictures as configured, over the database of `pool`.
    pub(crate) fn files(&self, pool: PgPool, clock: Arc<dyn Clock>) -> anyhow::Result<Files> {
        let objects = Objects::open(&self.files.store)?;
        let decoding = Arc::new(Semaphore::new(1));
        Ok(Files { pool, clock, objects, limits: self.files.limits, decoding })
    }
}

fn access_tokens(settings: &mut Settings) -> Option<AccessTokens> {
    let issuer: String =
        settings.value("JWT_ISSUER", "Issuer in the access tokens.", "https://fitness-trainer.local");
    let seconds: u32 =
        settings.number("ACCESS_TOKEN_TTL_SECONDS", "How long an access token is good.", 900, 1..=86_400);
    let lifetime = TimeDelta::seconds(i64::from(seconds));
    settings.parsed_secret(
        "JWT_SIGNING_KEY",
        "Ed25519 private key in PKCS #8 PEM that signs the access tokens; further ones below it only verify.",
        |pem| AccessTokens::new(pem, &issuer, lifetime).map_err(|error| error.to_string()),
    )
}

fn admin_email(settings: &mut Settings) -> Option<EmailAddress> {
    let text: Option<String> = settings.optional(
        "ADMIN_EMAIL",
        "Address whose account becomes an admin, at start or as soon as the address is verified.",
    );
    let parsed = text.map(|text| EmailAddress::parse(&text));
    parsed.transpose().unwrap_or_else(|error| {
        settings.problem(format!("ADMIN_EMAIL: {error}"));
        None
    })
}

fn passwords(settings: &mut Settings) -> Option<Passwords> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let config = PasswordConfig {
        memory_kib: settings.number(
            "ARGON2_MEMORY_KIB",
            "Memory of one password hash.",
            19_456,
            8..=1_048_576,
        ),
        iterations: settings.number("ARGON2_ITERATIONS", "Passes of one password hash.", 2, 1..=100),
        parallelism: settings.number("ARGON2_PARALLELISM", "Lanes of one password hash.", 1, 1..=64),
        concurrency: settings
            .optional_number(
                "ARGON2_CONCURRENCY",
                "Password hashes at one time; as many as cores if not set.",
                1..=1_024,
            )
            .unwrap_or(cores),
        max_wait: settings.time(
            "ARGON2_MAX_WAIT_MS",
            "Longest wait of a call for its turn to hash.",
            1_000,
            0..=60_000,
        ),
    };
    match Passwords::new(&config) {
        Ok(passwords) => Some(passwords),
        Err(error) => {
            settings.problem(format!("ARGON2_*: {}", chassis::lifecycle::chain(&error)));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_or_unusable_secret_is_reported_at_once_and_none_is_repeated() {
        let mut settings = Settings::from_pairs([("SEALING_KEYS", "hunter2"), ("CODE_PEPPER", "hunter3")]);
        assert!(UserSvcConfig::from_settings(&mut settings).is_none());
        let problems = settings.finish().unwrap_err().0;
        for name in [
            "DATABASE_URL",
            "JWT_SIGNING_KEY",
            "USER_SVC_EVENT_KEY",
            "USER_SVC_EVENT_PUBLIC_KEY",
            "WORKOUT_SVC_EVENT_PUBLIC_KEY",
            "SEALING_KEYS",
            "CODE_PEPPER",
        ] {
            assert!(
                problems.iter().any(|problem| problem.starts_with(name)),
                "{name} is not in {problems:?}"
            );
        }
        assert_eq!(problems.len(), 7);
        assert!(!problems.concat().contains("hunter"));
    }

    #[test]
    fn an_admin_without_a_real_address_is_a_problem() {
        let mut settings = Settings::from_pairs([("ADMIN_EMAIL", "not an address")]);
        assert!(UserSvcConfig::from_settings(&mut settings).is_none());
        let problems = settings.finish().unwrap_err().0;
        assert!(problems.contains(&"ADMIN_EMAIL: must be an e-mail address".to_owned()), "{problems:?}");
    }

    #[test]
    fn argon2_parameters_out_of_range_are_a_problem() {
        let mut settings = Settings::from_pairs([("ARGON2_MEMORY_KIB", "1")]);
        assert!(UserSvcConfig::from_settings(&mut settings).is_none());
        let problems = settings.finish().unwrap_err().0;
        assert!(problems.iter().any(|problem| problem.starts_with("ARGON2_")), "{problems:?}");
    }
}
