//! An event together with what describes it, independent of the broker.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Event, TraceContext};

/// An encoded event with its `CloudEvents` attributes, its key and the trace it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Identifies the event: consumers that see an id twice see a repetition (`ce_id`).
    pub id: Uuid,
    /// The full protobuf name of the message (`ce_type`).
    pub event_type: String,
    /// The service that published it (`ce_source`).
    pub source: String,
    /// What the event is about: the user id (`ce_subject`).
    pub subject: String,
    /// When it happened (`ce_time`).
    pub time: DateTime<Utc>,
    /// The topic that carries it.
    pub topic: String,
    /// Events of one key keep their order.
    pub key: String,
    /// The encoded protobuf message.
    pub payload: Bytes,
    /// The trace in which it happened.
    pub trace: TraceContext,
}

impl Envelope {
    /// Encodes `event` and describes it.
    pub fn new<E: Event>(
        event: &E,
        id: Uuid,
        source: &str,
        time: DateTime<Utc>,
        trace: TraceContext,
    ) -> Self {
        Self {
            id,
            event_type: E::full_name(),
            source: source.to_owned(),
            subject: event.key().to_owned(),
            time,
            topic: E::TOPIC.to_owned(),
            key: event.key().to_owned(),
            payload: event.encode_to_vec().into(),
            trace,
        }
    }

    /// Decodes the event, which must be of type `E`, on the topic of that type and under its own key: an event counts
    /// nowhere else, whoever put it there.
    pub fn decode<E: Event>(&self) -> Result<E, DecodeError> {
        if self.event_type != E::full_name() {
            return Err(DecodeError::Type { expected: E::full_name(), found: self.event_type.clone() });
        }
        if self.topic != E::TOPIC {
            return Err(DecodeError::Topic { expected: E::TOPIC });
        }
        let event = E::decode(self.payload.clone()).map_err(DecodeError::Payload)?;
        if self.key == event.key() { Ok(event) } else { Err(DecodeError::Key) }
    }
}

/// Why an envelope does not hold the expected event.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It holds an event of another type.
    #[error("expected an event of type {expected}, found {found}")]
    Type {
        /// The type asked for.
        expected: String,
        /// The type in the envelope.
        found: String,
    },
    /// It is on a topic that does not carry this type.
    #[error("an event of this type counts on the topic {expected} only")]
    Topic {
        /// The topic of its type.
        expected: &'static str,
    },
    /// Its key names another account than the event.
    #[error("the key of the record is not that of the event")]
    Key,
    /// The payload is not an encoded message of this type.
    #[error("the payload is not a valid message of its type")]
    Payload(#[source] prost::DecodeError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, PartialEq, prost::Message)]
    struct Renamed {
        #[prost(string, tag = "1")]
        user_id: String,
    }

    impl prost::Name for Renamed {
        const NAME: &'static str = "Renamed";
        const PACKAGE: &'static str = "test.v1";
    }

    impl Event for Renamed {
        const TOPIC: &'static str = "test.events";

        fn key(&self) -> &str {
            &self.user_id
        }
    }

    fn sealed() -> Envelope {
        let event = Renamed { user_id: "u-1".to_owned() };
        Envelope::new(&event, Uuid::nil(), "test", DateTime::UNIX_EPOCH, TraceContext::default())
    }

    #[test]
    fn an_envelope_gives_its_event_back() {
        let envelope = sealed();
        assert_eq!(envelope.event_type, "test.v1.Renamed");
        assert_eq!((envelope.topic.as_str(), envelope.key.as_str()), ("test.events", "u-1"));
        assert_eq!(envelope.decode::<Renamed>().unwrap().user_id, "u-1");
    }

    #[test]
    fn another_type_or_a_broken_payload_is_refused() {
        let other = Envelope { event_type: "test.v1.Other".to_owned(), ..sealed() };
        assert!(matches!(other.decode::<Renamed>(), Err(DecodeError::Type { .. })));
        let broken = Envelope { payload: Bytes::from_static(&[0xff]), ..sealed() };
        assert!(matches!(broken.decode::<Renamed>(), Err(DecodeError::Payload(_))));
    }

    #[test]
    fn an_event_on_another_topic_or_under_another_key_is_refused() {
        let moved = Envelope { topic: "other.events".to_owned(), ..sealed() };
        assert!(matches!(moved.decode::<Renamed>(), Err(DecodeError::Topic { expected: "test.events" })));
        let filed = Envelope { key: "u-2".to_owned(), ..sealed() };
        assert!(matches!(filed.decode::<Renamed>(), Err(DecodeError::Key)));
    }
}
