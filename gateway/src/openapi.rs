//! The OpenAPI document: what the transcoder says of its routes, and what it cannot know of the gateway's own.

use serde_json::Value;
use transcoder::{ApiInfo, Transcoder};

/// The paths of files and feed, in the form of the document.
const OWN_PATHS: &str = include_str!("openapi/paths.json");

/// The whole document.
pub(crate) fn document(transcoder: &Transcoder) -> Value {
    let mut document = transcoder.openapi(&ApiInfo {
        title: "Fitness Trainer".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "Training log with e-mails that arrive once, on time, and can be explained.".to_owned(),
    });
    let own: Value = serde_json::from_str(OWN_PATHS).expect("a test reads it");
    for (path, operations) in own.as_object().into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            document["paths"][path][method] = operation.clone();
        }
    }
    document
}
