//! The server span and the duration metric of every request.
//!
//! Semantic conventions: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>. The path itself is left out:
//! people put addresses and tokens into paths.

use std::sync::LazyLock;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chassis::telemetry;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use transcoder::Transcoder;

use crate::routes;

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    opentelemetry::global::meter("gateway")
        .f64_histogram("http.server.request.duration")
        .with_unit("s")
        .with_description("Time from the request to the head of the response.")
        .with_boundaries(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
        .build()
});

pub(super) async fn observe(State(transcoder): State<Transcoder>, request: Request, next: Next) -> Response {
    let method = known_method(request.method());
    // A route template is one of a few; what is on the wire is not. A span that has started keeps its name, so the
    // route is looked up before.
    let matched = transcoder.route(request.method(), request.uri().path());
    let own = routes::own(request.method(), request.uri().path());
    let route = own.or(matched.as_ref().map(|route| &*route.path)).unwrap_or("none");
    let span = tracing::info_span!(
        "http.server",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
        request_id = super::request_id(request.headers()),
        trace_id = tracing::field::Empty,
    );
    // Fails only where telemetry is off, and then there is no parent to set.
    let _ = span.set_parent(telemetry::extract(request.headers()));
    if let Some(id) = telemetry::trace_id(&span.context()) {
        span.record("trace_id", id);
    }
    let start = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let elapsed = start.elapsed();

    let status = response.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    span.in_scope(|| {
        tracing::info!(
            status = status.as_u16(),
            duration_us = elapsed.as_micros() as u64,
            route,
            method,
            "answered"
        );
    });
    let labels = [
        KeyValue::new("http.request.method", method),
        KeyValue::new("http.route", route.to_owned()),
        KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
    ];
    DURATION.record(elapsed.as_secs_f64(), &labels);
    response
}

/// A method name that may become a label; the conventions ask for `_OTHER` where it is not a known one.
fn known_method(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}
