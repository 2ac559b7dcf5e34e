//! One request and its answer, step by step.

use std::error::Error;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::backend;
use crate::body::{self, Body};
use crate::problem::Problem;
use crate::request::{self, Incoming, RequestError, sent};
use crate::response;
use crate::route::{BodyRule, Route};
use crate::router::{Lookup, PathSegments};
use crate::transcoder::{MatchedRoute, Shared};

/// Where the id of a request comes from; the layer in front sets it if the client does not.
const REQUEST_ID: &str = "x-request-id";

/// Answers a request, come what may.
pub(crate) async fn answer<B>(shared: &Shared, request: Request<B>) -> Response<Body>
where
    B: HttpBody + Send,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    let mut response = match find(shared, &parts) {
        Found::Route(route, segments) => {
            let result = transcode(shared, route, &segments, &parts, body).await;
            let mut response = result.unwrap_or_else(|problem| problem_response(*problem, &parts.headers));
            response.extensions_mut().insert(MatchedRoute::new(route));
            response
        }
        Found::Options(allow) => options(allow),
        Found::Nothing(problem) => problem_response(*problem, &parts.headers),
    };
    if parts.method == Method::HEAD {
        drop_body(&mut response);
    }
    response
}

enum Found<'s> {
    Route(&'s Route, PathSegments),
    Options(HeaderValue),
    Nothing(Box<Problem>),
}

fn find<'s>(shared: &'s Shared, parts: &Parts) -> Found<'s> {
    let path = parts.uri.path();
    let mut lookup = shared.router.find(&parts.method, path);
    if parts.method == Method::HEAD && matches!(lookup, Lookup::WrongMethod(_)) {
        lookup = shared.router.find(&Method::GET, path);
    }
    match lookup {
        Lookup::Found(route, segments) => Found::Route(route, segments),
        Lookup::WrongMethod(allowed) if parts.method == Method::OPTIONS => Found::Options(allow(allowed)),
        Lookup::WrongMethod(allowed) => {
            let problem = Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                "This path does not support the method.",
            );
            Found::Nothing(Box::new(problem.with_allow(allow(allowed))))
        }
        Lookup::UnknownVerb(verbs) => Found::Nothing(Box::new(Problem::unknown_verb(&verbs))),
        Lookup::NotFound => Found::Nothing(Box::new(Problem::not_found())),
    }
}

async fn transcode<B>(
    shared: &Shared,
    route: &Route,
    segments: &PathSegments,
    parts: &Parts,
    body: B,
) -> Result<Response<Body>, Box<Problem>>
where
    B: HttpBody + Send,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if route.operation.is_server_streaming {
        let detail = "Streams are not served over REST yet; use gRPC.";
        return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "UNIMPLEMENTED", detail).into());
    }
    let timeout = shared.timeouts.of(&parts.headers);
    let timeout = timeout.map_err(|violation| Problem::invalid(vec![violation]))?;
    let deadline = Instant::now() + timeout;
    let body = match route.body {
        BodyRule::Ignored => Bytes::new(),
        BodyRule::Message | BodyRule::Field(_) => {
            read_body(body, &parts.headers, shared.max_body_bytes, deadline).await?
        }
    };
    let incoming = Incoming {
        path: parts.uri.path(),
        segments,
        query: parts.uri.query(),
        headers: &parts.headers,
        body,
    };
    let message = request::message(route, &incoming).map_err(request_problem)?;
    let metadata = shared.forwarding.request_metadata(&parts.headers);
    let answer = backend::call(&route.operation, message, metadata, deadline).await;
    let answer = answer.map_err(|status| {
        let names = |violations| sent::names(route, &incoming, violations);
        status_problem(route, &status, deadline).map_violations(names)
    })?;
    let (metadata, message, _) = answer.into_parts();
    let mut response = response::response(route, &message);
    shared.forwarding.response_headers(metadata, response.headers_mut());
    Ok(response)
}

async fn read_body<B>(
    body: B,
    headers: &HeaderMap,
    max_bytes: usize,
    deadline: Instant,
) -> Result<Bytes, Box<Problem>>
where
    B: HttpBody + Send,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if let Some(problem) = Problem::unsupported_encoding(headers) {
        return Err(problem.into());
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > max_bytes as u64) {
        return Err(too_large(max_bytes));
    }
    let collected = tokio::time::timeout_at(deadline, Limited::new(body, max_bytes).collect()).await;
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(max_bytes)),
        Ok(Err(_)) => {
            let detail = "The body broke off before its end.";
            Err(Problem::new(StatusCode::BAD_REQUEST, "BODY_INCOMPLETE", detail).into())
        }
        Err(_) => {
            let detail = "The body did not arrive in time.";
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", detail).into())
        }
    }
}

fn too_large(max_bytes: usize) -> Box<Problem> {
    let detail = format!("The body may have at most {max_bytes} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", detail).into()
}

fn request_problem(error: RequestError) -> Problem {
    match error {
        RequestError::Invalid(violations) => Problem::invalid(violations),
        RequestError::MediaType => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "The body must be JSON, with the content type application/json.",
        ),
    }
}

fn status_problem(route: &Route, status: &Status, deadline: Instant) -> Problem {
    let problem = Problem::from(status);
    // A message that came over the wire may quote anything; the service has it in its own log.
    if let Some(error) = status.source() {
        tracing::warn!(rpc = &*route.operation.name, error, "the service cannot be reached");
    } else if problem.status().is_server_error() {
        tracing::warn!(rpc = &*route.operation.name, code = ?status.code(), "the call failed");
    }
    // A server that gives up at the deadline says CANCELLED in tonic. The client is still here, so it was not that.
    if status.code() == Code::Cancelled && Instant::now() >= deadline {
        return Problem::deadline_exceeded();
    }
    problem
}

fn problem_response(problem: Problem, headers: &HeaderMap) -> Response<Body> {
    match headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()) {
        Some(id) => problem.with_request_id(id).into_response(),
        None => problem.into_response(),
    }
}

fn options(allow: HeaderValue) -> Response<Body> {
    let mut response = Response::new(body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, allow);
    response
}

fn allow(mut methods: Vec<Method>) -> HeaderValue {
    if methods.contains(&Method::GET) {
        methods.push(Method::HEAD);
    }
    methods.push(Method::OPTIONS);
    let mut names: Vec<_> = methods.iter().map(Method::as_str).collect();
    names.sort_unstable();
    names.dedup();
    HeaderValue::from_str(&names.join(", ")).expect("names of methods are tokens")
}

/// HEAD: the headers of GET, its length included, and nothing behind them.
fn drop_body(response: &mut Response<Body>) {
    let bodiless = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT);
    if let Some(length) = response.body().size_hint().exact().filter(|_| !bodiless) {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = body::empty();
}
