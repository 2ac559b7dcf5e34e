//! Every route of the gateway on one page.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chassis::health::Health;
use chassis::ops;
use http::header;
use transcoder::{ApiInfo, Transcoder};

/// The routes: the pages that the gateway answers itself, and for all the rest the transcoder.
pub(crate) fn routes(transcoder: Transcoder, health: Health) -> Router {
    let document = transcoder.openapi(&ApiInfo {
        title: "Fitness Trainer".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "Training log with e-mails that arrive once, on time, and can be explained.".to_owned(),
    });
    let document = axum::body::Bytes::from(document.to_string());
    Router::new()
        .route("/openapi.json", get(openapi).with_state(document))
        .merge(ops::health_routes(health))
        .fallback_service(transcoder)
}

async fn openapi(State(document): State<axum::body::Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}
