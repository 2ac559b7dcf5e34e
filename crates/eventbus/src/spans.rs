//! The spans of the bus (<https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/>).

use tracing::field::Empty;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{Envelope, Position, Terms};

/// The `send` span of a record, child of the place where the event happened.
pub fn send(envelope: &Envelope, terms: &Terms) -> Span {
    let span = info_span!(
        parent: None,
        "send",
        otel.name = format!("send {}", envelope.topic),
        otel.kind = "producer",
        otel.status_code = Empty,
        messaging.system = terms.system,
        messaging.operation.name = "send",
        messaging.operation.type = "send",
        messaging.destination.name = envelope.topic,
        messaging.destination.partition.id = Empty,
        messaging.message.id = %envelope.id,
        error.type = Empty,
    );
    continue_trace(&span, envelope);
    span
}

/// The `process` span of a delivery, child of the `send` span whose context the record carries.
pub(crate) fn process(
    envelope: &Envelope,
    terms: &Terms,
    group: &str,
    position: Position,
    attempt: u32,
) -> Span {
    let span = info_span!(
        parent: None,
        "process",
        otel.name = format!("process {}", envelope.topic),
        otel.kind = "consumer",
        otel.status_code = Empty,
        messaging.system = terms.system,
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = envelope.topic,
        messaging.destination.partition.id = Empty,
        messaging.consumer.group.name = group,
        messaging.message.id = %envelope.id,
        attempt,
        error.type = Empty,
    );
    continue_trace(&span, envelope);
    located(&span, terms, position);
    span
}

/// Says where a record lies, in the terms of its broker.
pub fn located(span: &Span, terms: &Terms, position: Position) {
    if !span.is_disabled() {
        span.record("messaging.destination.partition.id", position.partition().to_string());
        span.set_attribute(terms.offset, position.offset());
    }
}

/// Marks a span as failed; `error` is one of few fixed words.
pub fn fail(span: &Span, error: &'static str) {
    span.record("error.type", error);
    span.record("otel.status_code", "ERROR");
}

fn continue_trace(span: &Span, envelope: &Envelope) {
    // Without an OpenTelemetry layer there is no trace to continue, and a new span has not started yet.
    if !span.is_disabled() {
        let _ = span.set_parent(envelope.trace.context());
    }
}
