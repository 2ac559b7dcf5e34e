//! Every route of the gateway on one page.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use chassis::health::Health;
use chassis::ops;
use http::{Method, header};
use transcoder::Transcoder;

use crate::feed::{Feed, feed};
use crate::files::{Files, Other, download, other_method, upload};
use crate::openapi;
use crate::pages::{one_click, reset_password, show_unsubscribe, unsubscribe};

/// The routes by the limits that they need.
pub(crate) struct Routes {
    /// Calls with an answer in one piece: pages, and for all the rest the transcoder.
    pub(crate) calls: Router,
    /// Files, which are streams with an end.
    pub(crate) files: Router,
    /// The live feed, a stream without one.
    pub(crate) feed: Router,
    /// What load balancers ask; it has no limits.
    pub(crate) health: Router,
}

/// The path of the feed.
const FEED: &str = "/v1/feed";
/// Listing is the transcoder's, uploading is not.
const FILES: &str = "/v1/files";
/// Deleting is the transcoder's, downloading is not.
const FILE: &str = "/v1/files/{file_id}";

/// Puts the routes together.
pub(crate) fn routes(transcoder: &Transcoder, files: Files, live: Feed, health: Health) -> Routes {
    let document = Bytes::from(openapi::document(transcoder).to_string());
    let other = |own| {
        let other = Other { transcoder: transcoder.clone(), own };
        MethodRouter::new().fallback(other_method).with_state(other)
    };
    let calls = Router::new()
        .route("/openapi.json", get(serve_document).with_state(document))
        .route("/reset-password", get(reset_password))
        .route("/unsubscribe", get(show_unsubscribe).post(unsubscribe).with_state(transcoder.clone()))
        .route(
            "/v1/unsubscribe",
            post(one_click).fallback_service(transcoder.clone()).with_state(transcoder.clone()),
        )
        .route(FILES, other(Method::POST))
        .route(FILE, other(Method::GET))
        .fallback_service(transcoder.clone());
    let files = Router::new().route(FILES, post(upload)).route(FILE, get(download)).with_state(files);
    let feed = Router::new().route(FEED, get(feed)).with_state(live);
    Routes { calls, files, feed, health: ops::health_routes(health) }
}

/// The name in spans and metrics of a request that the gateway answers itself.
pub(crate) fn own(method: &Method, path: &str) -> Option<&'static str> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let pages = ["/openapi.json", "/reset-password", "/unsubscribe", "/livez", "/readyz", FEED];
    match path {
        FILES => (*method == Method::POST).then_some(FILES),
        _ => match path.strip_prefix("/v1/files/") {
            Some(file_id) => (reads && !file_id.contains('/')).then_some(FILE),
            None => pages.into_iter().find(|page| *page == path),
        },
    }
}

async fn serve_document(State(document): State<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}
