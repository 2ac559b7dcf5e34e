//! `GET /reset-password`: where the link in the mail about a forgotten password leads.

use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::{Language, Page};

/// A form for the new password. Its script takes the token from the address and calls the API.
pub(crate) async fn reset_password(headers: HeaderMap) -> Response {
    let language = Language::wanted(&headers);
    let title = language.choose("New password", "Новый пароль");
    let content = language.choose(
        include_str!("../../pages/en/reset_password.html"),
        include_str!("../../pages/ru/reset_password.html"),
    );
    Page::new(language, title, content)
        .with_script(include_str!("../../pages/reset_password.js"))
        .answer(StatusCode::OK)
}
