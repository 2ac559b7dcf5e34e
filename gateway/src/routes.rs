//! Every route of the gateway on one page.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};
use chassis::health::Health;
use chassis::ops;
use http::Method;
use transcoder::Transcoder;

use crate::config::GatewayConfig;
use crate::feed::{Feed, feed};
use crate::files::{Files, Other, download, other_method, upload};
use crate::layers::client_identity;
use crate::openapi;
use crate::openapi::document::{self, Document};
use crate::pages::{
    PLACES, forgot_password, one_click, place, reset_password, show_unsubscribe, unsubscribe,
};
use crate::services::Services;

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

/// REST as the contracts say it, for all services.
pub(crate) fn transcoder(
    services: &Services,
    config: &GatewayConfig,
) -> Result<Transcoder, transcoder::BuildError> {
    let mut transcoder = Transcoder::builder(fitness_proto::DESCRIPTOR_SET);
    for (name, client) in services.rpc_services() {
        transcoder = transcoder.service(name, client);
    }
    transcoder
        .success_status_option("fitness.options.v1.success_status")
        .public_option("fitness.options.v1.public")
        .optional_body_option("fitness.options.v1.optional_body")
        .nullable_option("fitness.options.v1.nullable")
        .forward_header(client_identity::USER_AGENT.as_str())
        .forward_header(client_identity::ADDRESS.as_str())
        .max_body_bytes(config.max_body_bytes)
        .default_timeout(config.default_timeout)
        .max_timeout(config.max_timeout)
        .build()
}

/// Puts the routes together.
pub(crate) fn routes(transcoder: &Transcoder, files: Files, live: Feed, health: Health) -> Routes {
    let document = Document::new(openapi::document(transcoder).to_string().into());
    let other = |own| {
        let other = Other { transcoder: transcoder.clone(), own };
        MethodRouter::new().fallback(other_method).with_state(other)
    };
    let places = PLACES.into_iter().fold(Router::new(), |router, path| router.route(path, get(place)));
    let calls = places
        .route("/openapi.json", get(document::serve).with_state(Arc::new(document)))
        .route("/reset-password", get(reset_password))
        .route("/forgot-password", get(forgot_password))
        .route("/unsubscribe", get(show_unsubscribe).post(unsubscribe).with_state(transcoder.clone()))
        .route(
            "/v1/unsubscribe",
            get(show_unsubscribe).post(one_click).with_state(transcoder.clone()).merge(other(Method::GET)),
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
    let pages = [
        "/openapi.json",
        "/forgot-password",
        "/reset-password",
        "/unsubscribe",
        "/livez",
        "/readyz",
        "/health",
        FEED,
    ];
    match path {
        FILES => (*method == Method::POST).then_some(FILES),
        "/v1/unsubscribe" => reads.then_some("/v1/unsubscribe"),
        _ => match path.strip_prefix("/v1/files/") {
            Some(file_id) => (reads && !file_id.contains('/')).then_some(FILE),
            None => pages.into_iter().chain(PLACES).find(|page| *page == path),
        },
    }
}
