//! The answers that tell what went wrong.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::problem::CONTENT_TYPE_PROBLEM;
use crate::route::{BodyRule, Route};

/// Name of the schema among the components.
pub(super) const SCHEMA: &str = "Problem";

/// The answers that clients act upon, by status, name and description; every other one is the default.
const RESPONSES: [(StatusCode, &str, &str); 9] = [
    (StatusCode::BAD_REQUEST, "BadRequest", "The request breaks a rule; `violations` names the fields."),
    (
        StatusCode::UNAUTHORIZED,
        "Unauthorized",
        "The access token, or what is to sign in, is missing or not valid.",
    ),
    (StatusCode::FORBIDDEN, "Forbidden", "The signed-in account may not do that."),
    (StatusCode::NOT_FOUND, "NotFound", "There is no such thing for the signed-in account."),
    (StatusCode::CONFLICT, "Conflict", "The state of things does not allow it; `code` says why."),
    (StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", "The body is larger than is taken."),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", "The body is of a type that is not taken."),
    (
        StatusCode::TOO_MANY_REQUESTS,
        "TooManyRequests",
        "Too many requests: come back after `Retry-After`. Without it, there are as many as there may be: `violations` says of what.",
    ),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "ServiceUnavailable",
        "Not available right now; come back after `Retry-After`.",
    ),
];
const DEFAULT: (&str, &str) = ("Problem", "What went wrong, as a problem document (RFC 9457).");

/// All of them, for the components of the document.
pub(super) fn components() -> Value {
    let mut components = Map::new();
    components.insert(DEFAULT.0.to_owned(), response(DEFAULT.1, None));
    for (status, name, description) in RESPONSES {
        components.insert(name.to_owned(), response(description, header(status)));
    }
    Value::Object(components)
}

/// Those that a route can give, by status, the default last.
pub(super) fn of(route: &Route, has_tokens: bool) -> Map<String, Value> {
    let reads = route.method == Some(Method::GET);
    let takes_body = route.body != BodyRule::Ignored;
    let mut responses = Map::new();
    for (status, name, _) in RESPONSES {
        let possible = match status {
            // Signing in needs no token and can fail all the same.
            StatusCode::UNAUTHORIZED => has_tokens && !(route.operation.public && reads),
            StatusCode::FORBIDDEN => has_tokens && !route.operation.public,
            StatusCode::NOT_FOUND => !route.variables.is_empty(),
            StatusCode::CONFLICT => !reads,
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNSUPPORTED_MEDIA_TYPE => takes_body,
            _ => true,
        };
        if possible {
            responses.insert(status.as_str().to_owned(), reference(name));
        }
    }
    responses.insert("default".to_owned(), default());
    responses
}

/// The answer of every status that is not named.
pub(super) fn default() -> Value {
    reference(DEFAULT.0)
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn response(description: &str, header: Option<Value>) -> Value {
    let mut response = json!({ "description": description });
    if let Some(header) = header {
        response["headers"] = header;
    }
    response["content"] =
        json!({ CONTENT_TYPE_PROBLEM: { "schema": { "$ref": format!("#/components/schemas/{SCHEMA}") } } });
    response
}

fn header(status: StatusCode) -> Option<Value> {
    match status {
        StatusCode::UNAUTHORIZED => Some(json!({
            "WWW-Authenticate": { "description": "The scheme to sign in by.", "schema": { "type": "string" } },
        })),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Some(json!({
            "Retry-After": {
                "description": "Seconds to wait before the next try.",
                "schema": { "type": "integer", "minimum": 0 },
            },
        })),
        _ => None,
    }
}

/// The schema of the document itself.
pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "Kind of problem; `about:blank` leaves it to the status." },
            "title": { "type": "string", "description": "Short text for the status." },
            "status": { "type": "integer", "description": "The HTTP status." },
            "detail": { "type": "string", "description": "What happened, for people." },
            "code": { "type": "string", "description": "Stable word for the kind of error, for programs." },
            "request_id": { "type": "string", "description": "Id under which the request is found in logs." },
            "violations": {
                "type": "array",
                "description": "The fields at fault.",
                "items": {
                    "type": "object",
                    "properties": {
                        "field": { "type": "string", "description": "Path of the field." },
                        "description": { "type": "string", "description": "What is wrong with it." },
                    },
                    "required": ["field", "description"],
                },
            },
        },
        "required": ["type", "title", "status", "detail", "code"],
    })
}
