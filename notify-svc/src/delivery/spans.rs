//! The spans of an attempt.
//!
//! The first attempt continues the trace of the event. A retry may come hours later, so it starts a trace of its own
//! that links to the event's. Spans name template and server, never the recipient.

use eventbus::TraceContext;
use opentelemetry::trace::TraceContextExt as _;
use tracing::field::Empty;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::settlement::label;
use crate::ledger::claims::Claim;
use crate::smtp::{Outcome, SmtpConfig};

/// The whole attempt.
pub(super) fn deliver(claim: &Claim) -> Span {
    let span = info_span!(
        parent: None,
        "deliver email",
        notification.id = %claim.notification_id,
        notification.template = claim.template,
        notification.attempt = claim.attempts + 1,
    );
    if span.is_disabled() {
        return span;
    }
    let trace = TraceContext { traceparent: claim.traceparent.clone(), tracestate: claim.tracestate.clone() };
    let event = trace.context();
    if claim.attempts == 0 {
        // Fails only for spans that have started already.
        let _ = span.set_parent(event);
    } else {
        span.add_link(event.span().span_context().clone());
    }
    span
}

/// Writing the mail.
pub(super) fn render(attempt: &Span) -> Span {
    info_span!(parent: attempt, "render email")
}

/// The SMTP transaction.
pub(super) fn send(attempt: &Span, config: &SmtpConfig) -> Span {
    info_span!(
        parent: attempt,
        "smtp send",
        otel.kind = "client",
        otel.status_code = Empty,
        server.address = config.host,
        server.port = i64::from(config.port),
        network.protocol.name = "smtp",
        smtp.reply_code = Empty,
        error.type = Empty,
    )
}

/// Writes into a span how the transaction ended.
pub(super) fn record(span: &Span, outcome: &Outcome) {
    let (label, code) = label(outcome);
    if let Some(code) = code {
        span.record("smtp.reply_code", code);
    }
    if !matches!(outcome, Outcome::Accepted(_)) {
        span.record("error.type", label);
        span.record("otel.status_code", "ERROR");
    }
}
