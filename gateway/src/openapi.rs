//! The OpenAPI document: what the transcoder says of its routes, and what it cannot know of the gateway's own.

mod coding;
pub(crate) mod document;

use serde_json::{Value, json};
use transcoder::{ApiInfo, Transcoder};

/// What to add to the transcoder's document, and what it cannot know of raw answers: a JSON merge patch (RFC 7396).
const OWN: &str = include_str!("openapi/own.json");

/// What the API is, and the rules that no schema has room for.
const DESCRIPTION: &str = "\
Training log with e-mails that arrive once, on time, and can be explained.

Texts hold no U+0000, those of one line no control characters at all, and names something that can be seen. Times are of \
the years 1970 to 9999. In the body of a PATCH what is absent stays as it is, and null clears what can be cleared; \
elsewhere null is the same as absent.";

/// The whole document.
pub(crate) fn document(transcoder: &Transcoder) -> Value {
    let mut document = transcoder.openapi(&ApiInfo {
        title: "Fitness Trainer".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: DESCRIPTION.to_owned(),
        license: Some(env!("CARGO_PKG_LICENSE")),
        // Where the document is, there is the API, under whatever name it was asked for.
        servers: vec!["/".to_owned()],
    });
    merge(&mut document, &serde_json::from_str(OWN).expect("a test reads it"));
    if let Some(tags) = document["tags"].as_array_mut() {
        tags.push(json!({ "name": "Feed", "description": "The live feed of what happens to an account." }));
    }
    document
}

/// Applies a merge patch: objects member by member, null removes, everything else replaces.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, member) in members {
        match member {
            Value::Null => {
                target.as_object_mut().expect("it is one by now").remove(name);
            }
            member => merge(&mut target[name], member),
        }
    }
}
