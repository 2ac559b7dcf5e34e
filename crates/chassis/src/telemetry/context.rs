//! W3C trace context in and out of header maps.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};

/// The trace context that the headers carry.
pub fn extract(headers: &HeaderMap) -> Context {
    opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&Reader(headers)))
}

/// Writes the trace context into the headers, in place of what they carry.
pub fn inject(context: &Context, headers: &mut HeaderMap) {
    opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.inject_context(context, &mut Writer(headers));
    });
}

/// Writes a trace context into the headers that says: nobody follows this. The other side opens no span that is exported.
pub fn inject_untraced(headers: &mut HeaderMap) {
    let id = uuid::Uuid::now_v7();
    // The second half is random.
    let (trace, span) = (id.into_bytes(), id.as_u64_pair().1.to_be_bytes());
    let untraced = SpanContext::new(
        TraceId::from_bytes(trace),
        SpanId::from_bytes(span),
        TraceFlags::NOT_SAMPLED,
        true,
        TraceState::NONE,
    );
    inject(&Context::new().with_remote_span_context(untraced), headers);
}

/// The trace id of a context in its 32 hexadecimal digits, if there is one.
pub fn trace_id(context: &Context) -> Option<String> {
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| span.trace_id().to_string())
}

struct Reader<'a>(&'a HeaderMap);

impl Extractor for Reader<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Writer<'a>(&'a mut HeaderMap);

impl Injector for Writer<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_untraced_call_says_so_to_the_other_side() {
        opentelemetry::global::set_text_map_propagator(
            opentelemetry_sdk::propagation::TraceContextPropagator::new(),
        );
        let mut headers = HeaderMap::new();
        inject_untraced(&mut headers);
        let parent = extract(&headers);
        assert!(parent.span().span_context().is_valid());
        assert!(!parent.span().span_context().is_sampled());
    }
}
