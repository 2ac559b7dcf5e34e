//! Who may say what on a topic: a service signs its events, listeners check them, and the broker is believed in nothing.
//!
//! Whoever can write to a topic could otherwise make an admin, redirect mail or erase a person. The signature (Ed25519,
//! RFC 8032) is detached and travels as a header. It covers everything that a handler goes by: id, type, source, subject,
//! time, topic, key and message. The trace context is left out, because the relay renews it; nothing is decided by it.
//!
//! An event is signed as it is published. So the pending rows of an outbox need no signature, whatever release wrote them,
//! and publishing an outbox again signs anew, by the key of that day. A dead letter keeps the signature it came with.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::Envelope;

/// Sets these signatures apart from all else that a key may sign.
const DOMAIN: &[u8] = b"fitness-trainer event 1";

/// How far the clock of a publisher may be ahead.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// Signs the events of a service.
#[derive(Clone)]
pub struct EventSigner(SigningKey);

/// Whose events count on which topic. A topic that is not in it takes events without a signature.
#[derive(Clone, Debug, Default)]
pub struct TrustedSigners(Arc<BTreeMap<String, Vec<VerifyingKey>>>);

/// Public keys of a service: its present one, and while keys are rotated the next or the last.
#[derive(Clone, Debug)]
pub struct EventPublicKeys(Vec<VerifyingKey>);

/// Why a text is no key. It never repeats any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventKeyError {
    /// It is no private key.
    #[error("it is not an Ed25519 private key in PKCS #8 PEM (openssl genpkey -algorithm ed25519)")]
    Private,
    /// It is no list of public keys.
    #[error(
        "it is not the base64 of an Ed25519 public key (openssl pkey -pubout, without the first and the last line), \
         several separated by commas"
    )]
    Public,
}

/// Why an event does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgedEvent {
    /// It says that it happens later than now.
    #[error("the event is from the future")]
    Future,
    /// It has no signature.
    #[error("the event is not signed by the service that owns its topic")]
    Unsigned,
    /// Its signature is another's, or made for other contents.
    #[error("the signature of the event is not that of the service that owns its topic")]
    Signature,
}

impl fmt::Debug for EventSigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("EventSigner").finish_non_exhaustive()
    }
}

impl EventSigner {
    /// Takes an Ed25519 private key in PKCS #8 PEM.
    pub fn from_pem(pem: &str) -> Result<Self, EventKeyError> {
        SigningKey::from_pkcs8_pem(pem.trim()).map(Self).map_err(|_| EventKeyError::Private)
    }

    /// What others verify its events by.
    pub fn public_keys(&self) -> EventPublicKeys {
        EventPublicKeys(vec![self.0.verifying_key()])
    }

    /// The value of the header.
    pub fn sign(&self, envelope: &Envelope) -> String {
        STANDARD.encode(self.0.sign(&signed_text(envelope)).to_bytes())
    }
}

impl std::str::FromStr for EventPublicKeys {
    type Err = EventKeyError;

    /// Reads the base64 of `SubjectPublicKeyInfo` (RFC 8410), several separated by commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let key = |text: &str| {
            let der = STANDARD.decode(text.trim()).map_err(|_| EventKeyError::Public)?;
            VerifyingKey::from_public_key_der(&der).map_err(|_| EventKeyError::Public)
        };
        text.split(',').map(key).collect::<Result<_, _>>().map(Self)
    }
}

impl TrustedSigners {
    /// On each topic, the events count that its keys have signed.
    pub fn new<'a>(topics: impl IntoIterator<Item = (&'a str, EventPublicKeys)>) -> Self {
        let topics = topics.into_iter().map(|(topic, EventPublicKeys(keys))| (topic.to_owned(), keys));
        Self(Arc::new(topics.collect()))
    }

    /// The same, and on one more topic the events that these keys have signed.
    #[must_use]
    pub fn and(self, topic: &str, EventPublicKeys(keys): EventPublicKeys) -> Self {
        let mut topics = Arc::unwrap_or_clone(self.0);
        topics.insert(topic.to_owned(), keys);
        Self(Arc::new(topics))
    }

    /// Whether an event counts at `now` that came with this signature.
    pub fn check(
        &self,
        envelope: &Envelope,
        signature: Option<&[u8]>,
        now: DateTime<Utc>,
    ) -> Result<(), ForgedEvent> {
        if envelope.time > now + CLOCK_SKEW {
            return Err(ForgedEvent::Future);
        }
        let Some(keys) = self.0.get(&envelope.topic) else { return Ok(()) };
        let encoded = signature.ok_or(ForgedEvent::Unsigned)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| ForgedEvent::Signature)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| ForgedEvent::Signature)?;
        let text = signed_text(envelope);
        let signed = keys.iter().any(|key| key.verify_strict(&text, &signature).is_ok());
        if signed { Ok(()) } else { Err(ForgedEvent::Signature) }
    }
}

/// Each part with its length in front, so that none can reach into the next. The time as the header has it.
fn signed_text(envelope: &Envelope) -> Vec<u8> {
    let time = envelope.time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let parts: [&[u8]; 9] = [
        DOMAIN,
        envelope.id.as_bytes(),
        envelope.event_type.as_bytes(),
        envelope.source.as_bytes(),
        envelope.subject.as_bytes(),
        time.as_bytes(),
        envelope.topic.as_bytes(),
        envelope.key.as_bytes(),
        &envelope.payload,
    ];
    let mut text = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        text.extend((part.len() as u64).to_be_bytes());
        text.extend(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ed25519_dalek::pkcs8::EncodePrivateKey as _;
    use ed25519_dalek::pkcs8::EncodePublicKey as _;
    use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
    use uuid::Uuid;

    use super::*;
    use crate::TraceContext;

    const TOPIC: &str = "fitness.user.events";

    fn signer(seed: u8) -> EventSigner {
        let pem = SigningKey::from_bytes(&[seed; 32]).to_pkcs8_pem(LineEnding::LF).unwrap();
        EventSigner::from_pem(&pem).unwrap()
    }

    fn event() -> Envelope {
        Envelope {
            id: Uuid::from_u128(7),
            event_type: "fitness.user.v1.UserRolesChanged".to_owned(),
            source: "user-svc".to_owned(),
            subject: "u-1".to_owned(),
            time: Utc::now(),
            topic: TOPIC.to_owned(),
            key: "u-1".to_owned(),
            payload: Bytes::from_static(b"admin"),
            trace: TraceContext::default(),
        }
    }

    fn check(event: &Envelope, signature: Option<&str>) -> Result<(), ForgedEvent> {
        let trusted = TrustedSigners::new([(TOPIC, signer(1).public_keys())]);
        trusted.check(event, signature.map(str::as_bytes), Utc::now())
    }

    #[test]
    fn an_event_counts_as_its_service_signed_it_whatever_its_trace() {
        let signature = signer(1).sign(&event());
        let event = event();
        let signature_of_this = signer(1).sign(&event);
        assert_eq!(check(&event, Some(&signature_of_this)), Ok(()));
        let trace = TraceContext { traceparent: Some("00-1".to_owned()), tracestate: None };
        assert_eq!(check(&Envelope { trace, ..event.clone() }, Some(&signature_of_this)), Ok(()));
        // The time differs.
        assert_eq!(check(&event, Some(&signature)), Err(ForgedEvent::Signature));
    }

    #[test]
    fn a_change_of_any_part_breaks_the_signature() {
        let good = event();
        let signature = signer(1).sign(&good);
        let changed = [
            Envelope { id: Uuid::from_u128(8), ..good.clone() },
            Envelope { event_type: "fitness.user.v1.UserDeleted".to_owned(), ..good.clone() },
            Envelope { source: "workout-svc".to_owned(), ..good.clone() },
            Envelope { subject: "u-2".to_owned(), ..good.clone() },
            Envelope { time: good.time - TimeDelta::seconds(1), ..good.clone() },
            Envelope { key: "u-2".to_owned(), ..good.clone() },
            Envelope { payload: Bytes::from_static(b"admin2"), ..good.clone() },
            // The parts read one after the other are the same text.
            Envelope { subject: "u-1u".to_owned(), key: "-1".to_owned(), ..good.clone() },
        ];
        for event in changed {
            assert_eq!(check(&event, Some(&signature)), Err(ForgedEvent::Signature), "{event:?}");
        }
    }

    #[test]
    fn nobody_else_signs_for_a_topic() {
        let event = event();
        assert_eq!(check(&event, None), Err(ForgedEvent::Unsigned));
        for signature in [signer(2).sign(&event), String::new(), "?".to_owned(), STANDARD.encode([0; 64])] {
            assert_eq!(check(&event, Some(&signature)), Err(ForgedEvent::Signature));
        }
        let elsewhere = Envelope { topic: "fitness.workout.events".to_owned(), ..event };
        let both = [(TOPIC, signer(1).public_keys()), ("fitness.workout.events", signer(2).public_keys())];
        let signature = signer(1).sign(&elsewhere);
        let checked = TrustedSigners::new(both).check(&elsewhere, Some(signature.as_bytes()), Utc::now());
        assert_eq!(checked, Err(ForgedEvent::Signature));
    }

    #[test]
    fn an_event_from_the_future_does_not_count_and_one_from_a_clock_ahead_does() {
        let ahead = |minutes| Envelope { time: Utc::now() + TimeDelta::minutes(minutes), ..event() };
        let checked = |event: Envelope| check(&event, Some(&signer(1).sign(&event)));
        assert_eq!(checked(ahead(4)), Ok(()));
        assert_eq!(checked(ahead(6)), Err(ForgedEvent::Future));
        let unsigned = TrustedSigners::default().check(&ahead(6), None, Utc::now());
        assert_eq!(unsigned, Err(ForgedEvent::Future));
    }

    #[test]
    fn while_keys_are_rotated_both_count() {
        let public = |seed| {
            STANDARD.encode(SigningKey::from_bytes(&[seed; 32]).verifying_key().to_public_key_der().unwrap())
        };
        let both: EventPublicKeys = format!("{}, {}", public(1), public(2)).parse().unwrap();
        let trusted = TrustedSigners::new([(TOPIC, both)]);
        let event = event();
        for (seed, counts) in [(1, true), (2, true), (3, false)] {
            let signature = signer(seed).sign(&event);
            assert_eq!(trusted.check(&event, Some(signature.as_bytes()), Utc::now()).is_ok(), counts);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        for text in ["", "hunter2", "aHVudGVyMg=="] {
            assert_eq!(text.parse::<EventPublicKeys>().unwrap_err(), EventKeyError::Public);
            assert_eq!(EventSigner::from_pem(text).unwrap_err(), EventKeyError::Private);
        }
        assert!(!format!("{} {}", EventKeyError::Public, EventKeyError::Private).contains("hunter2"));
        assert_eq!(format!("{:?}", signer(1)), "EventSigner(..)");
    }
}
