//! From the answer of an rpc to an HTTP response.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use prost_reflect::{DynamicMessage, Value};

use crate::body::{self, Body};
use crate::json::encode;
use crate::route::Route;

/// Most answers are smaller, and growing once or twice costs the others little.
const INITIAL_CAPACITY: usize = 512;

/// Makes the response: JSON, the raw bytes of an `HttpBody`, or nothing for 204 and 205.
pub(crate) fn response(route: &Route, message: &DynamicMessage) -> Response<Body> {
    let success = route.operation.success;
    let mut response = if matches!(success, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT) {
        Response::new(body::empty())
    } else if route.is_raw_response {
        raw(route, message)
    } else {
        json(route, message)
    };
    *response.status_mut() = success;
    response
}

fn json(route: &Route, message: &DynamicMessage) -> Response<Body> {
    let mut out = Vec::with_capacity(INITIAL_CAPACITY);
    match &route.response_body {
        None => encode::message(&mut out, message),
        Some(field) if field.supports_presence() && !message.has_field(field) => {
            out.extend_from_slice(b"null");
        }
        Some(field) => encode::field(&mut out, field, &message.get_field(field)),
    }
    with_content_type(out.into(), HeaderValue::from_static("application/json"))
}

fn raw(route: &Route, message: &DynamicMessage) -> Response<Body> {
    let http_body = match &route.response_body {
        None => Cow::Borrowed(message),
        Some(field) => match message.get_field(field).into_owned() {
            Value::Message(inner) => Cow::Owned(inner),
            _ => unreachable!("a route with a raw answer names an HttpBody"),
        },
    };
    let content_type = http_body.get_field_by_number(1);
    let content_type = content_type.as_deref().and_then(Value::as_str).unwrap_or_default();
    let content_type = HeaderValue::from_str(content_type).ok().filter(|value| !value.is_empty());
    let data = http_body.get_field_by_number(2);
    let data = data.as_deref().and_then(Value::as_bytes).cloned().unwrap_or_default();
    let unknown = HeaderValue::from_static("application/octet-stream");
    with_content_type(data, content_type.unwrap_or(unknown))
}

fn with_content_type(bytes: Bytes, content_type: HeaderValue) -> Response<Body> {
    let mut response = Response::new(body::full(bytes));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
