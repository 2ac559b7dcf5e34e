//! The server span and the duration metric of every request.
//!
//! Semantic conventions: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>. Of the path only what a route and
//! its ids make of it is told: people put addresses and tokens into paths.

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

/// Probes come by the clock and are neither traced nor counted: they would drown what people do.
pub(super) async fn observe(State(transcoder): State<Transcoder>, request: Request, next: Next) -> Response {
    if matches!(request.uri().path(), "/livez" | "/readyz" | "/health") {
        return next.run(request).await;
    }
    let method = known_method(request.method());
    // A route template is one of a few; what is on the wire is not. A span that has started keeps its name, so the
    // route is looked up before.
    let matched = transcoder.route(request.method(), request.uri().path());
    let own = routes::own(request.method(), request.uri().path());
    let route = own.or(matched.as_ref().map(|route| &*route.path));
    let span = tracing::info_span!(
        "http.server",
        otel.name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}")),
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
        url.path = redacted(request.uri().path(), route),
        // TLS ends before the gateway.
        url.scheme = "http",
        error.type = tracing::field::Empty,
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
        span.record("error.type", status.as_str());
        span.record("otel.status_code", "ERROR");
    }
    span.in_scope(|| {
        tracing::info!(
            status = status.as_u16(),
            duration_us = elapsed.as_micros() as u64,
            route = route.unwrap_or("none"),
            method,
            "answered"
        );
    });
    let mut labels = vec![
        KeyValue::new("http.request.method", method),
        KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
    ];
    labels.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
    DURATION.record(elapsed.as_secs_f64(), &labels);
    response
}

/// The path as far as it can be told: the route's own words and ids as they are, all else as the conventions have it.
fn redacted(path: &str, route: Option<&str>) -> String {
    const REDACTED: &str = "REDACTED";
    let Some(route) = route else { return format!("/{REDACTED}") };
    let mut segments = path.split('/');
    let told = route.split('/').map(|pattern| {
        let segment = segments.next().unwrap_or_default();
        let (id, verb) = segment.split_once(':').map_or((segment, None), |(id, verb)| (id, Some(verb)));
        match pattern.split_once('{') {
            None => pattern.to_owned(),
            Some(_) if uuid::Uuid::try_parse(id).is_ok() => match verb {
                Some(verb) if pattern.ends_with(&format!("}}:{verb}")) => segment.to_owned(),
                Some(_) => format!("{id}:{REDACTED}"),
                None => id.to_owned(),
            },
            Some((before, variable)) => {
                let after = variable.split_once('}').map_or("", |(_, after)| after);
                format!("{before}{REDACTED}{after}")
            }
        }
    });
    told.collect::<Vec<_>>().join("/")
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

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn a_path_is_told_with_its_ids_and_without_what_people_put_into_it() {
        let id = "01a1fed1-99dd-7000-8000-000000000001";
        for (path, route, told) in [
            ("/v1/workouts".to_owned(), Some("/v1/workouts"), "/v1/workouts".to_owned()),
            (format!("/v1/users/{id}"), Some("/v1/users/{user_id}"), format!("/v1/users/{id}")),
            (
                format!("/v1/workouts/{id}:finish"),
                Some("/v1/workouts/{workout_id}:finish"),
                format!("/v1/workouts/{id}:finish"),
            ),
            (
                "/v1/users/ann@example.org".to_owned(),
                Some("/v1/users/{user_id}"),
                "/v1/users/REDACTED".to_owned(),
            ),
            (
                "/v1/workouts/ann@example.org:finish".to_owned(),
                Some("/v1/workouts/{workout_id}:finish"),
                "/v1/workouts/REDACTED:finish".to_owned(),
            ),
            ("/reset/secret-token".to_owned(), None, "/REDACTED".to_owned()),
        ] {
            assert_eq!(redacted(&path, route), told, "{path}");
        }
    }
}
