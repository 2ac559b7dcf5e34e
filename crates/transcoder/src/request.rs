//! From an HTTP request to the message of an rpc.

mod field_mask;
mod media_type;
mod query;
pub(crate) mod sent;

pub use self::query::query_pair;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use prost_reflect::{DynamicMessage, MessageDescriptor, Value};

use self::media_type::is_json;
use crate::json::decode;
use crate::json::scalar::{self, Scalar};
use crate::percent;
use crate::problem::Violation;
use crate::route::{BodyRule, Route};
use crate::router::PathSegments;

/// Why a request cannot be turned into a message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the request is not valid")]
    Invalid(Vec<Violation>),
    #[error("the content type is not JSON")]
    MediaType,
}

/// The parts of a request that make up the message.
pub(crate) struct Incoming<'a> {
    pub(crate) path: &'a str,
    pub(crate) segments: &'a PathSegments,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
}

/// Puts the message together: the body first, then the path, which wins, then the query for the rest.
pub(crate) fn message(route: &Route, incoming: &Incoming<'_>) -> Result<DynamicMessage, RequestError> {
    let mut violations = Vec::new();
    let message = read_body(route, incoming).and_then(|mut message| {
        apply_path(route, incoming, &mut message, &mut violations);
        apply_mask(route, incoming, &mut message)?;
        Ok(message)
    });
    let mut message = match message {
        Ok(message) => message,
        Err(RequestError::MediaType) => return Err(RequestError::MediaType),
        Err(RequestError::Invalid(more)) => {
            violations.extend(more);
            return Err(RequestError::Invalid(sent::names(route, incoming, violations)));
        }
    };
    violations = sent::names(route, incoming, violations);
    if let Some(query) = incoming.query {
        query::apply(route, query, &mut message, &mut violations);
    }
    if violations.is_empty() { Ok(message) } else { Err(RequestError::Invalid(violations)) }
}

/// Fills the field mask of a PATCH.
fn apply_mask(
    route: &Route,
    incoming: &Incoming<'_>,
    message: &mut DynamicMessage,
) -> Result<(), RequestError> {
    if let Some(mask) = &route.mask {
        let paths = field_mask::from_body(route, &incoming.body).map_err(RequestError::Invalid)?;
        let mut value = DynamicMessage::new(mask.kind().as_message().expect("a mask is a message").clone());
        value.set_field_by_number(1, Value::List(paths.into_iter().map(Value::String).collect()));
        message.set_field(mask, Value::Message(value));
    }
    Ok(())
}

fn read_body(route: &Route, incoming: &Incoming<'_>) -> Result<DynamicMessage, RequestError> {
    let input = &route.operation.input;
    let mut message = DynamicMessage::new(input.clone());
    if route.body == BodyRule::Ignored {
        return Ok(message);
    }
    if incoming.body.is_empty() {
        if route.requires_body() {
            return Err(Violation::new("body", "is required").into());
        }
        return Ok(message);
    }
    let content_type = incoming.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let raw = route.raw_request.as_ref().map(|descriptor| raw_body(descriptor, content_type, &incoming.body));
    if raw.is_none() && !content_type.is_some_and(is_json) {
        return Err(RequestError::MediaType);
    }
    match (&route.body, raw) {
        (BodyRule::Ignored, _) => {}
        (BodyRule::Message, Some(raw)) => message = raw,
        (BodyRule::Field(field), Some(raw)) => message.set_field(field, Value::Message(raw)),
        (BodyRule::Message, None) => message = decode::message(input, &incoming.body, "")?,
        (BodyRule::Field(field), None) => {
            let value = decode::field(field, &incoming.body)?;
            message.set_field(field, value.ok_or_else(|| Violation::new(field.name(), "must not be null"))?);
        }
    }
    Ok(message)
}

fn raw_body(descriptor: &MessageDescriptor, content_type: Option<&str>, body: &Bytes) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    message.set_field_by_number(1, Value::String(content_type.unwrap_or_default().to_owned()));
    message.set_field_by_number(2, Value::Bytes(body.clone()));
    message
}

fn apply_path(
    route: &Route,
    incoming: &Incoming<'_>,
    message: &mut DynamicMessage,
    violations: &mut Vec<Violation>,
) {
    let template = &route.template;
    for (variable, field_path) in template.variables.iter().zip(&route.variables) {
        let (length, multi) = (template.segments.len(), template.multi());
        let text = incoming.segments.slice(incoming.path, &variable.segments, length, multi);
        let Some(text) = percent::decode(text, template.spans(variable)) else {
            violations.push(Violation::new(field_path.name(), "is not UTF-8 in percent-encoding"));
            continue;
        };
        let value = match scalar::value(&field_path.field().kind(), Scalar::Bare(&text)) {
            Ok(value) => value,
            Err(reason) => {
                violations.push(Violation::new(field_path.name(), reason));
                continue;
            }
        };
        if field_path.get(message).is_some_and(|given| given != value) {
            violations.push(Violation::new(field_path.name(), "differs from the value in the path"));
        } else if let Some(rival) = field_path.rival(message) {
            let reason = format!("must not be given together with {rival}");
            violations.push(Violation::new(field_path.name(), reason));
        } else {
            field_path.parent_mut(message).set_field(field_path.field(), value);
        }
    }
}

impl From<Violation> for RequestError {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}
