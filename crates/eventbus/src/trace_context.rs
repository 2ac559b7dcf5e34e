//! W3C trace context (<https://www.w3.org/TR/trace-context/>) as it is stored in tables and travels in headers.

use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState};
use opentelemetry::{Context, SpanId, TraceFlags, TraceId};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The `traceparent` and `tracestate` of the place where something happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceContext {
    /// Version, trace id, span id and flags in hexadecimal; absent outside a trace.
    pub traceparent: Option<String>,
    /// What tracing vendors add to it.
    pub tracestate: Option<String>,
}

impl TraceContext {
    /// The context in what somebody else wrote: empty unless it is one, and without a tracestate that is longer than
    /// the specification asks anybody to pass on.
    pub fn received(traceparent: Option<&str>, tracestate: Option<&str>) -> Self {
        // Longer ones belong to versions to come, whose first four parts are all that is known of them.
        let Some(traceparent) = traceparent.filter(|value| value.len() <= 512 && is_header_text(value))
        else {
            return Self::default();
        };
        if parse_traceparent(traceparent).is_none() {
            return Self::default();
        }
        let tracestate = tracestate.filter(|value| value.len() <= 512 && is_header_text(value));
        Self { traceparent: Some(traceparent.to_owned()), tracestate: tracestate.map(str::to_owned) }
    }

    /// The context of the current span, empty outside a trace.
    pub fn current() -> Self {
        Self::of(&Span::current())
    }

    /// The context of `span`, empty if no trace is recorded.
    pub fn of(span: &Span) -> Self {
        if span.is_disabled() {
            return Self::default();
        }
        let context = span.context();
        let span = context.span();
        let span = span.span_context();
        if !span.is_valid() {
            return Self::default();
        }
        let (trace_id, span_id, flags) = (span.trace_id(), span.span_id(), span.trace_flags().to_u8());
        let tracestate = span.trace_state().header();
        Self {
            traceparent: Some(format!("00-{trace_id}-{span_id}-{flags:02x}")),
            tracestate: Some(tracestate).filter(|state| !state.is_empty()),
        }
    }

    /// The context as a remote parent for new spans; a context without a span if the headers are absent or invalid.
    pub fn context(&self) -> Context {
        let Some((trace_id, span_id, flags)) = self.traceparent.as_deref().and_then(parse_traceparent) else {
            return Context::new();
        };
        // The specification asks to drop an invalid tracestate and keep the trace.
        let state = self.tracestate.as_deref().and_then(|state| state.parse::<TraceState>().ok());
        let span = SpanContext::new(trace_id, span_id, flags, true, state.unwrap_or_default());
        Context::new().with_remote_span_context(span)
    }
}

/// Printable ASCII, which is all that the specification allows.
fn is_header_text(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn parse_traceparent(value: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let mut parts = value.split('-');
    let mut hex = |length: usize| {
        let part = parts.next()?;
        let valid =
            part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        valid.then_some(part)
    };
    let (version, trace_id, span_id, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
    // Version ff is forbidden; only versions after 00 may have more parts.
    if version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let trace_id = TraceId::from_hex(trace_id).ok().filter(|id| *id != TraceId::INVALID)?;
    let span_id = SpanId::from_hex(span_id).ok().filter(|id| *id != SpanId::INVALID)?;
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    Some((trace_id, span_id, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of the specification, section 3.2.2 and 3.3.
    const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const TRACESTATE: &str = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";

    fn context(traceparent: &str) -> Context {
        TraceContext { traceparent: Some(traceparent.to_owned()), tracestate: Some(TRACESTATE.to_owned()) }
            .context()
    }

    #[test]
    fn the_example_of_the_specification_is_read() {
        let context = context(TRACEPARENT);
        let span = context.span();
        let span = span.span_context();
        assert_eq!(span.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span.span_id().to_string(), "00f067aa0ba902b7");
        assert!(span.is_sampled() && span.is_remote());
        assert_eq!(span.trace_state().header(), TRACESTATE);
    }

    #[test]
    fn a_later_version_with_more_parts_is_read() {
        assert!(
            context(&format!("cc-{}-what-the-future-will-be-like", &TRACEPARENT[3..]))
                .span()
                .span_context()
                .is_valid()
        );
    }

    #[test]
    fn an_unsampled_parent_stays_unsampled() {
        assert!(
            !context("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
                .span()
                .span_context()
                .is_sampled()
        );
    }

    #[test]
    fn what_the_specification_forbids_is_no_parent() {
        for invalid in [
            "",
            "garbage",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b77-01",
        ] {
            assert!(!context(invalid).span().span_context().is_valid(), "{invalid}");
        }
    }

    #[test]
    fn what_somebody_wrote_is_kept_only_where_it_is_a_context() {
        let kept = TraceContext::received(Some(TRACEPARENT), Some(TRACESTATE));
        assert_eq!(
            (kept.traceparent.as_deref(), kept.tracestate.as_deref()),
            (Some(TRACEPARENT), Some(TRACESTATE))
        );
        let long = "a".repeat(1_000_000);
        for state in ["a\0b", "ключ", long.as_str()] {
            assert_eq!(TraceContext::received(Some(TRACEPARENT), Some(state)).tracestate, None, "{state:.9}");
        }
        let padded = format!("cc{}-{long}", &TRACEPARENT[2..]);
        for parent in ["", "00-\0", padded.as_str()] {
            assert_eq!(TraceContext::received(Some(parent), Some(TRACESTATE)), TraceContext::default());
        }
    }

    #[test]
    fn outside_a_trace_the_context_is_empty() {
        assert_eq!(TraceContext::current(), TraceContext::default());
    }
}
