//! `CloudEvents` in the binary mode of its Kafka binding
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md>): attributes are
//! headers named `ce_…`, the value is the event itself, `content-type` says how it is encoded.

use std::borrow::Cow;
use std::str::{Utf8Error, from_utf8};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::{Envelope, EventSigner, ForgedEvent, Record, TraceContext, TrustedSigners};

const SPECVERSION: &str = "1.0";
const PROTOBUF: &str = "application/protobuf";
/// The longest attribute or key of an event.
const MAX_TEXT: usize = 1024;
/// The last second of 9998 in Unix time: a deadline some days later can still be written down and told.
const LAST_SECOND: i64 = 253_370_764_799;
/// An extension of ours: the signature of who published the event.
const SIGNATURE: &str = "ce_signature";

/// Why a record is not an event of ours.
#[derive(Debug, thiserror::Error)]
pub enum MalformedRecord {
    /// An attribute is missing.
    #[error("the record has no {0}")]
    Missing(&'static str),
    /// An attribute is no text.
    #[error("{name} is not UTF-8")]
    Text {
        /// Its name.
        name: &'static str,
        /// Where it is none.
        source: Utf8Error,
    },
    /// A header has a name that cannot be told.
    #[error("a header name is not UTF-8")]
    HeaderName,
    /// It follows another version of the specification.
    #[error("ce_specversion is not 1.0")]
    Version,
    /// Its value is something else.
    #[error("content-type is not application/protobuf")]
    ContentType,
    /// Its id is none of ours.
    #[error("ce_id is not a UUID")]
    Id(#[source] uuid::Error),
    /// Its time cannot be read.
    #[error("ce_time is not a time by RFC 3339")]
    Time(#[source] chrono::ParseError),
    /// Its time cannot be stored or counted on from.
    #[error("ce_time is before 1970 or after 9998")]
    Era,
    /// An attribute is longer than any of ours.
    #[error("{0} is longer than {MAX_TEXT} bytes")]
    Long(&'static str),
    /// An attribute holds what breaks lines and labels.
    #[error("{0} holds control characters")]
    Control(&'static str),
    /// Its service did not publish it.
    #[error(transparent)]
    Forged(#[from] ForgedEvent),
}

impl MalformedRecord {
    /// What metrics and dead letters call it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Forged(_) => "forged",
            _ => "undecodable",
        }
    }
}

/// The headers of a record; `trace` is the context that travels with it.
pub fn write<'a>(
    envelope: &'a Envelope,
    trace: &'a TraceContext,
    signer: Option<&EventSigner>,
) -> Vec<(&'static str, Cow<'a, str>)> {
    let signature = signer.map(|signer| signer.sign(envelope));
    let id = envelope.id.to_string();
    let time = envelope.time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let attributes: [(&'static str, Option<Cow<'a, str>>); 10] = [
        ("ce_specversion", Some(SPECVERSION.into())),
        ("ce_id", Some(id.into())),
        ("ce_type", Some(envelope.event_type.as_str().into())),
        ("ce_source", Some(envelope.source.as_str().into())),
        ("ce_subject", Some(envelope.subject.as_str().into())),
        ("ce_time", Some(time.into())),
        ("content-type", Some(PROTOBUF.into())),
        (SIGNATURE, signature.map(Cow::from)),
        ("traceparent", trace.traceparent.as_deref().map(Cow::from)),
        ("tracestate", trace.tracestate.as_deref().map(Cow::from)),
    ];
    attributes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Reads the event that a record holds, if its service is `trusted` for it.
pub(crate) fn read_trusted(
    record: &impl Record,
    trusted: &TrustedSigners,
    now: DateTime<Utc>,
) -> Result<Envelope, MalformedRecord> {
    let envelope = read(record)?;
    let headers = record.headers()?;
    let signature = headers.iter().find(|(name, _)| *name == SIGNATURE).and_then(|(_, value)| *value);
    trusted.check(&envelope, signature, now)?;
    Ok(envelope)
}

/// Reads the event that a record holds. Of the attributes, time and subject may be absent.
fn read(record: &impl Record) -> Result<Envelope, MalformedRecord> {
    let headers = record.headers()?;
    let text = |name: &'static str| {
        let value = headers.iter().find(|(header, _)| *header == name).and_then(|(_, value)| *value);
        value.map(from_utf8).transpose().map_err(|source| MalformedRecord::Text { name, source })
    };
    let required = |name: &'static str| plain(name, text(name)?.ok_or(MalformedRecord::Missing(name))?);

    if required("ce_specversion")? != SPECVERSION {
        return Err(MalformedRecord::Version);
    }
    let media_type = text("content-type")?.map(|value| value.split(';').next().unwrap_or(value).trim());
    if media_type.is_some_and(|media_type| !media_type.eq_ignore_ascii_case(PROTOBUF)) {
        return Err(MalformedRecord::ContentType);
    }
    let key = record.key().ok_or(MalformedRecord::Missing("key"))?;
    let key = from_utf8(key).map_err(|source| MalformedRecord::Text { name: "key", source })?;
    plain("key", key)?;
    Ok(Envelope {
        id: required("ce_id")?.parse().map_err(MalformedRecord::Id)?,
        event_type: required("ce_type")?.to_owned(),
        source: required("ce_source")?.to_owned(),
        subject: plain("ce_subject", text("ce_subject")?.unwrap_or(key))?.to_owned(),
        time: match text("ce_time")? {
            Some(time) => moment(time)?,
            None => record.time().unwrap_or_default(),
        },
        topic: record.topic().to_owned(),
        key: key.to_owned(),
        payload: record.payload().cloned().ok_or(MalformedRecord::Missing("value"))?,
        trace: TraceContext::received(text("traceparent").ok().flatten(), text("tracestate").ok().flatten()),
    })
}

/// Texts of events become rows, labels and lines of logs, so what cannot is refused here.
fn plain<'a>(name: &'static str, text: &'a str) -> Result<&'a str, MalformedRecord> {
    if text.len() > MAX_TEXT {
        return Err(MalformedRecord::Long(name));
    }
    if text.chars().any(char::is_control) {
        return Err(MalformedRecord::Control(name));
    }
    Ok(text)
}

fn moment(text: &str) -> Result<DateTime<Utc>, MalformedRecord> {
    let time = DateTime::parse_from_rfc3339(text).map_err(MalformedRecord::Time)?.to_utc();
    if is_of_this_era(time) { Ok(time) } else { Err(MalformedRecord::Era) }
}

/// Whether a time can be stored, counted on from, and told in every format.
pub(crate) fn is_of_this_era(time: DateTime<Utc>) -> bool {
    (0..=LAST_SECOND).contains(&time.timestamp())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::record::raw::RawRecord;

    fn record(headers: &[(&str, &str)]) -> RawRecord {
        RawRecord {
            timestamp_ms: Some(1_500_000_000_000),
            key: Some(Bytes::from_static(b"mykey")),
            payload: Some(Bytes::from_static(b"value")),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..RawRecord::default()
        }
    }

    // The record of the binding's section 3.2.5, with an id and a media type of ours.
    const EXAMPLE: [(&str, &str); 6] = [
        ("ce_specversion", "1.0"),
        ("ce_type", "com.example.someevent"),
        ("ce_source", "/mycontext/subcontext"),
        ("ce_id", "0191d9a8-7b54-7c9e-8f00-000000000001"),
        ("ce_time", "2018-04-05T03:56:24Z"),
        ("content-type", "application/protobuf"),
    ];

    fn with(name: &str, value: &str) -> RawRecord {
        let changed: Vec<_> =
            EXAMPLE.iter().filter(|(key, _)| *key != name).copied().chain([(name, value)]).collect();
        record(&changed)
    }

    fn without(name: &str) -> RawRecord {
        let rest: Vec<_> = EXAMPLE.iter().filter(|(key, _)| *key != name).copied().collect();
        record(&rest)
    }

    #[test]
    fn the_example_of_the_specification_is_read() {
        let envelope = read(&record(&EXAMPLE)).unwrap();
        assert_eq!(envelope.event_type, "com.example.someevent");
        assert_eq!(envelope.source, "/mycontext/subcontext");
        assert_eq!(envelope.time.to_rfc3339(), "2018-04-05T03:56:24+00:00");
        assert_eq!((envelope.key.as_str(), envelope.subject.as_str()), ("mykey", "mykey"));
        assert_eq!(&envelope.payload[..], b"value");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let trace = TraceContext {
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            tracestate: Some("congo=t61rcWkgMzE".to_owned()),
        };
        let envelope = Envelope { subject: "someone".to_owned(), trace, ..read(&record(&EXAMPLE)).unwrap() };
        let written = RawRecord {
            headers: write(&envelope, &envelope.trace, None)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into_owned()))
                .collect(),
            ..record(&[])
        };
        assert_eq!(read(&written).unwrap(), envelope);
    }

    #[test]
    fn the_headers_have_the_names_of_the_binding() {
        let (envelope, trace) = (read(&record(&EXAMPLE)).unwrap(), TraceContext::default());
        let names: Vec<_> = write(&envelope, &trace, None).into_iter().map(|(name, _)| name).collect();
        let expected =
            ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "content-type"];
        assert_eq!(names, expected);
    }

    #[test]
    fn time_and_content_type_may_be_absent() {
        assert_eq!(read(&without("ce_time")).unwrap().time.timestamp(), 1_500_000_000);
        assert!(read(&without("content-type")).is_ok());
        assert!(read(&with("content-type", "application/protobuf; messageType=x")).is_ok());
    }

    #[test]
    fn a_trace_that_is_none_costs_the_trace_and_not_the_event() {
        for name in ["traceparent", "tracestate"] {
            assert_eq!(read(&with(name, "\0")).unwrap().trace, TraceContext::default());
        }
        let far = RawRecord { timestamp_ms: Some(i64::MAX), ..without("ce_time") };
        assert_eq!(read(&far).unwrap().time, DateTime::UNIX_EPOCH);
    }

    #[test]
    fn foreign_records_are_malformed() {
        use MalformedRecord as M;
        assert!(matches!(read(&record(&[])), Err(M::Missing("ce_specversion"))));
        assert!(matches!(read(&without("ce_id")), Err(M::Missing("ce_id"))));
        assert!(matches!(read(&without("ce_type")), Err(M::Missing("ce_type"))));
        assert!(matches!(read(&without("ce_source")), Err(M::Missing("ce_source"))));
        assert!(matches!(read(&with("ce_specversion", "0.3")), Err(M::Version)));
        assert!(matches!(read(&with("ce_id", "1234-1234-1234")), Err(M::Id(_))));
        assert!(matches!(read(&with("ce_time", "yesterday")), Err(M::Time(_))));
        for time in ["9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z"] {
            assert!(matches!(read(&with("ce_time", time)), Err(M::Era)), "{time}");
        }
        for name in ["ce_type", "ce_source", "ce_subject"] {
            assert!(matches!(read(&with(name, "a\0b")), Err(M::Control(found)) if found == name));
            assert!(matches!(read(&with(name, &"a".repeat(1025))), Err(M::Long(found)) if found == name));
        }
        let nul = Some(Bytes::from_static(b"a\0b"));
        assert!(matches!(read(&RawRecord { key: nul, ..record(&EXAMPLE) }), Err(M::Control("key"))));
        assert!(matches!(read(&with("content-type", "application/json")), Err(M::ContentType)));
        assert!(matches!(read(&RawRecord { key: None, ..record(&EXAMPLE) }), Err(M::Missing("key"))));
        assert!(matches!(read(&RawRecord { payload: None, ..record(&EXAMPLE) }), Err(M::Missing("value"))));
        let key = Some(Bytes::from_static(&[0xff]));
        assert!(matches!(read(&RawRecord { key, ..record(&EXAMPLE) }), Err(M::Text { name: "key", .. })));
    }
}
