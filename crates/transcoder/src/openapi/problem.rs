//! The schema of error answers.

use serde_json::{Value, json};

use crate::problem::CONTENT_TYPE_PROBLEM;

/// Name of the schema among the components.
pub(super) const SCHEMA: &str = "Problem";

/// The response that every operation has by default.
pub(super) fn response() -> Value {
    json!({
        "description": "What went wrong, as a problem document (RFC 9457).",
        "content": { CONTENT_TYPE_PROBLEM: { "schema": { "$ref": format!("#/components/schemas/{SCHEMA}") } } },
    })
}

/// The document itself.
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
