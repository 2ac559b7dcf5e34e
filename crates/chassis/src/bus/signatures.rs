//! Which service signs what, and whose signatures count: every topic whose events grant, redirect or destroy has one owner.

use std::fmt::Display;

use eventbus::{Event as _, EventPublicKeys, EventSigner, TrustedSigners};
use fitness_proto::fitness::user::v1::UserRegistered;
use fitness_proto::fitness::workout::v1::WorkoutStarted;
use secrecy::{ExposeSecret as _, SecretString};

use super::BusSettings;
use crate::config::Settings;

/// A service whose events others act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningService {
    /// Owns the topic of accounts.
    UserSvc,
    /// Owns the topic of training.
    WorkoutSvc,
}

impl SigningService {
    const ALL: [Self; 2] = [Self::UserSvc, Self::WorkoutSvc];

    /// The topic that it alone may publish on.
    pub fn topic(self) -> &'static str {
        match self {
            Self::UserSvc => UserRegistered::TOPIC,
            Self::WorkoutSvc => WorkoutStarted::TOPIC,
        }
    }

    /// The setting with the key that signs its events, and what it says of itself.
    fn private_key(self) -> (&'static str, &'static str) {
        match self {
            Self::UserSvc => (
                "USER_SVC_EVENT_KEY",
                "Ed25519 private key in PKCS #8 PEM that signs user-svc's events; not the one of access tokens.",
            ),
            Self::WorkoutSvc => (
                "WORKOUT_SVC_EVENT_KEY",
                "Ed25519 private key in PKCS #8 PEM that signs workout-svc's events.",
            ),
        }
    }

    fn public_key(self) -> (&'static str, &'static str) {
        match self {
            Self::UserSvc => (
                "USER_SVC_EVENT_PUBLIC_KEY",
                "Public half of USER_SVC_EVENT_KEY in base64; several with commas while keys are rotated.",
            ),
            Self::WorkoutSvc => (
                "WORKOUT_SVC_EVENT_PUBLIC_KEY",
                "Public half of WORKOUT_SVC_EVENT_KEY in base64; several with commas while keys are rotated.",
            ),
        }
    }
}

impl BusSettings {
    /// Reads whose events count. Without these keys a service believes whoever can write to the broker, so there is no default.
    #[must_use]
    pub fn checking(mut self, settings: &mut Settings) -> Self {
        let trusted = SigningService::ALL.map(|service| {
            let (name, about) = service.public_key();
            let keys: Option<EventPublicKeys> = settings.optional(name, about);
            if keys.is_none() && !settings.is_set(name) {
                settings
                    .problem(format!("{name} is required: listeners take an event by its signature only."));
            }
            (service.topic(), keys)
        });
        let [(user, Some(user_keys)), (workout, Some(workout_keys))] = trusted else { return self };
        *self.broker.keys().1 = TrustedSigners::new([(user, user_keys), (workout, workout_keys)]);
        self
    }

    /// Has the events of one more topic count that these keys have signed.
    pub fn trust(&mut self, topic: &str, keys: EventPublicKeys) {
        let trusted = self.broker.keys().1;
        *trusted = std::mem::take(trusted).and(topic, keys);
    }

    /// Reads the key by which a service signs its events.
    #[must_use]
    pub fn signing(mut self, service: SigningService, settings: &mut Settings) -> Self {
        let (name, about) = service.private_key();
        *self.broker.keys().0 = settings.parsed_secret(name, about, |pem| parse(pem).map_err(text));
        self
    }
}

fn parse(pem: &SecretString) -> Result<EventSigner, eventbus::EventKeyError> {
    EventSigner::from_pem(pem.expose_secret())
}

fn text(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8410, section 10.3, and its public half.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

    fn read(pairs: &[(&str, &str)]) -> Result<BusSettings, String> {
        let mut settings = Settings::from_pairs(pairs.iter().copied());
        let bus = BusSettings::from_settings(&mut settings, "test")
            .signing(SigningService::UserSvc, &mut settings)
            .checking(&mut settings);
        settings.finish().map(|_| bus).map_err(|problems| problems.0.join("\n"))
    }

    #[test]
    fn a_service_without_keys_does_not_start() {
        let problems = read(&[]).unwrap_err();
        for name in ["USER_SVC_EVENT_KEY", "USER_SVC_EVENT_PUBLIC_KEY", "WORKOUT_SVC_EVENT_PUBLIC_KEY"] {
            assert!(problems.contains(name), "{name} is missing in {problems}");
        }
    }

    #[test]
    fn keys_are_read_as_openssl_writes_them() {
        let mut bus = read(&[
            ("USER_SVC_EVENT_KEY", PRIVATE),
            ("USER_SVC_EVENT_PUBLIC_KEY", PUBLIC),
            ("WORKOUT_SVC_EVENT_PUBLIC_KEY", PUBLIC),
        ])
        .unwrap();
        assert!(bus.broker.keys().0.is_some());
    }

    #[test]
    fn what_is_no_key_is_a_problem_that_does_not_repeat_the_secret() {
        let problems = read(&[
            ("USER_SVC_EVENT_KEY", "hunter2"),
            ("USER_SVC_EVENT_PUBLIC_KEY", "short"),
            ("WORKOUT_SVC_EVENT_PUBLIC_KEY", PUBLIC),
        ])
        .unwrap_err();
        assert!(problems.contains("USER_SVC_EVENT_KEY") && problems.contains("USER_SVC_EVENT_PUBLIC_KEY"));
        assert!(!problems.contains("hunter2"));
    }
}
