//! The spans of the bus (<https://opentelemetry.io/docs/specs/semconv/messaging/kafka/>).

use tracing::field::Empty;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::Envelope;

/// The `send` span of a record, child of the place where the event happened.
pub(crate) fn send(envelope: &Envelope) -> Span {
    let span = info_span!(
        parent: None,
        "send",
        otel.name = format!("send {}", envelope.topic),
        otel.kind = "producer",
        otel.status_code = Empty,
        messaging.system = "kafka",
        messaging.operation.name = "send",
        messaging.operation.type = "send",
        messaging.destination.name = envelope.topic,
        messaging.destination.partition.id = Empty,
        messaging.kafka.offset = Empty,
        messaging.message.id = %envelope.id,
        error.type = Empty,
    );
    continue_trace(&span, envelope);
    span
}

/// The `process` span of a delivery, child of the `send` span whose context the record carries.
pub(crate) fn process(envelope: &Envelope, group: &str, partition: i32, offset: i64, attempt: u32) -> Span {
    let span = info_span!(
        parent: None,
        "process",
        otel.name = format!("process {}", envelope.topic),
        otel.kind = "consumer",
        otel.status_code = Empty,
        messaging.system = "kafka",
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = envelope.topic,
        messaging.destination.partition.id = partition.to_string(),
        messaging.kafka.offset = offset,
        messaging.consumer.group.name = group,
        messaging.message.id = %envelope.id,
        attempt,
        error.type = Empty,
    );
    continue_trace(&span, envelope);
    span
}

/// Marks a span as failed; `error` is one of few fixed words.
pub(crate) fn fail(span: &Span, error: &'static str) {
    span.record("error.type", error);
    span.record("otel.status_code", "ERROR");
}

fn continue_trace(span: &Span, envelope: &Envelope) {
    // Without an OpenTelemetry layer there is no trace to continue, and a new span has not started yet.
    if !span.is_disabled() {
        let _ = span.set_parent(envelope.trace.context());
    }
}
