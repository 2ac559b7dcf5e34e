//! `GET /forgot-password`: asks for the mail with the link to a new password.

use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::{Language, Page};

/// A form for the address. Its script calls the API.
pub(crate) async fn forgot_password(headers: HeaderMap) -> Response {
    let language = Language::wanted(&headers);
    let title = language.choose("Forgotten password", "Забытый пароль");
    let content = language.choose(
        include_str!("../../pages/en/forgot_password.html"),
        include_str!("../../pages/ru/forgot_password.html"),
    );
    Page::new(language, title, content)
        .with_script(include_str!("../../pages/forgot_password.js"))
        .answer(StatusCode::OK)
}
