//! The places of the application that mails link to, as long as it is not there.

use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::{Language, Page};

/// Where links in mails lead that only the application can answer in full.
pub(crate) const PLACES: [&str; 6] = ["/", "/achievements", "/login", "/routines", "/stats", "/workouts"];

/// Says what is here and what is not yet.
pub(crate) async fn place(headers: HeaderMap) -> Response {
    let language = Language::wanted(&headers);
    let content =
        language.choose(include_str!("../../pages/en/place.html"), include_str!("../../pages/ru/place.html"));
    Page::new(language, "Fitness Trainer", content).answer(StatusCode::OK)
}
