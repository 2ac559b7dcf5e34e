//! The layers around every RPC of a server, each a plain function from request to response.

mod limit;

use std::panic::AssertUnwindSafe;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt as _;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use tonic::{Code, Status};
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

pub(super) use self::limit::{CallPlaces, limit};
use super::deadline::parse_timeout;
use super::methods;
use super::status_name::status_name;
use crate::auth::{Principal, Verifier};
use crate::errors::{ErrorCode, Failure};
use crate::telemetry;

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    opentelemetry::global::meter("chassis")
        .f64_histogram("rpc.server.call.duration")
        .with_unit("s")
        .with_description("Time from the request to the head of the response.")
        .with_boundaries(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
        .build()
});

/// Opens the server span of the call and records its outcome and duration.
///
/// Semantic conventions: <https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/> and, for the metric,
/// <https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/>.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    if methods::is_upkeep(request.uri().path()) {
        return next.run(request).await;
    }
    // Names come from the contracts, never from the wire: an invented path must not invent a metric.
    let known = methods::find(request.uri().path());
    let name = known.map_or("other", |method| method.name.as_str());
    let span = tracing::info_span!(
        "rpc.server",
        otel.name = name,
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        rpc.system.name = "grpc",
        rpc.method = name,
        rpc.response.status_code = tracing::field::Empty,
        error.type = tracing::field::Empty,
        request_id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()),
        trace_id = tracing::field::Empty,
    );
    // Fails only where telemetry is off, and then there is no parent to set.
    let _ = span.set_parent(telemetry::extract(request.headers()));
    if let Some(id) = telemetry::trace_id(&span.context()) {
        span.record("trace_id", id);
    }
    let start = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
    record(&span, code);
    DURATION.record(
        start.elapsed().as_secs_f64(),
        &[
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", name),
            KeyValue::new("rpc.response.status_code", status_name(code)),
        ],
    );
    response
}

fn record(span: &Span, code: Code) {
    span.record("rpc.response.status_code", status_name(code));
    let at_fault = matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    );
    if at_fault {
        span.record("error.type", status_name(code));
        span.record("otel.status_code", "ERROR");
    }
}

/// Answers INTERNAL for a handler that panics; the connection and the process live on.
pub(super) async fn catch_panic(request: Request, next: Next) -> Response {
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    outcome.unwrap_or_else(|_panic| {
        // The panic hook has printed message and place; neither belongs to the client.
        tracing::error!("a handler panicked");
        answer(ErrorCode::Internal.into())
    })
}

/// How much longer than other calls one may take whose caller sends a stream: that takes as long as the line is slow.
pub(super) const STREAM_FACTOR: u32 = 20;

/// Ends a call at the caller's deadline, or at the server's where the caller leaves more time or names none.
pub(super) async fn deadline(State(longest): State<Duration>, request: Request, next: Next) -> Response {
    let takes_stream = methods::find(request.uri().path()).is_some_and(|method| method.takes_stream);
    let longest = if takes_stream { longest * STREAM_FACTOR } else { longest };
    let limit = parse_timeout(request.headers()).map_or(longest, |timeout| timeout.min(longest));
    let outcome = tokio::time::timeout(limit, next.run(request)).await;
    outcome.unwrap_or_else(|_elapsed| answer(ErrorCode::DeadlineExceeded.into()))
}

/// Verifies the access token of every RPC that the contracts do not call public.
///
/// The `Principal` goes into the request's extensions. Health and reflection are no RPCs of ours and stay open.
pub(super) async fn authenticate(
    State(verifier): State<Verifier>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(method) = methods::find(request.uri().path())
        && !method.public
    {
        let header = request.headers().get(http::header::AUTHORIZATION);
        match verifier.verify_header(header).await {
            Ok(claims) => {
                request.extensions_mut().insert(Principal::from(claims));
            }
            Err(ErrorCode::DependencyUnavailable) => {
                let failure = Failure::new(ErrorCode::DependencyUnavailable);
                return answer(failure.retry_after(Duration::from_secs(1)));
            }
            Err(code) => return answer(code.into()),
        }
    }
    next.run(request).await
}

fn answer(failure: Failure) -> Response {
    Status::from(failure).into_http()
}
