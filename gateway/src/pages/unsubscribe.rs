//! Leaving a kind of mail: by the button of a mail program (RFC 8058) or by the link, which asks first.
//!
//! Mail scanners open every link they see, so opening one changes nothing. A POST does, and needs nothing but the
//! token: no session, no cookie, no redirect.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde_json::json;
use tower::ServiceExt as _;
use transcoder::Transcoder;

use super::{Language, Page, escaped};

/// The call behind all of it.
const RPC_PATH: &str = "/v1/unsubscribe";
/// The bodies in question have a few dozen bytes.
const MAX_BODY_BYTES: usize = 8 * 1024;

/// `POST /v1/unsubscribe`. Mail programs have the token in the address, which is enough whatever they send (RFC 8058
/// says a form, not all of them do); whoever has no token there and sends JSON is a client of the API like any other.
pub(crate) async fn one_click(State(transcoder): State<Transcoder>, request: Request) -> Response {
    if let Some(token) = parameter(request.uri().query().unwrap_or_default().as_bytes(), "token") {
        call(transcoder, request.into_parts().0.headers, &token).await
    } else {
        let Ok(response) = transcoder.oneshot(request).await;
        response.into_response()
    }
}

/// `GET /unsubscribe`, and the same under the address for mail programs, which some show to people: asks.
pub(crate) async fn show_unsubscribe(headers: HeaderMap, uri: Uri) -> Response {
    let language = Language::wanted(&headers);
    let token = parameter(uri.query().unwrap_or_default().as_bytes(), "token").unwrap_or_default();
    let content = language.choose(
        include_str!("../../pages/en/unsubscribe.html"),
        include_str!("../../pages/ru/unsubscribe.html"),
    );
    let content = content.replace("{{token}}", &escaped(&token));
    Page::new(language, language.choose("Unsubscribe", "Отписка"), content).answer(StatusCode::OK)
}

/// `POST /unsubscribe`: the answer to the button of that page.
pub(crate) async fn unsubscribe(State(transcoder): State<Transcoder>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let language = Language::wanted(&head.headers);
    let body = axum::body::to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
    let token = parameter(&body, "token").unwrap_or_default();
    let answer = call(transcoder, head.headers, &token).await;
    let (title, content) = match answer.status() {
        status if status.is_success() => (
            language.choose("Unsubscribed", "Вы отписаны"),
            language.choose(
                include_str!("../../pages/en/unsubscribed.html"),
                include_str!("../../pages/ru/unsubscribed.html"),
            ),
        ),
        status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => (
            language.choose("That did not work", "Не получилось"),
            language.choose(
                include_str!("../../pages/en/unsubscribe_refused.html"),
                include_str!("../../pages/ru/unsubscribe_refused.html"),
            ),
        ),
        _ => (
            language.choose("Not right now", "Чуть позже"),
            language
                .choose(include_str!("../../pages/en/later.html"), include_str!("../../pages/ru/later.html")),
        ),
    };
    Page::new(language, title, content).answer(answer.status())
}

/// Makes the call of the API out of the token.
async fn call(transcoder: Transcoder, mut headers: HeaderMap, token: &str) -> Response {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // What describes the body that came does not describe this one.
    for name in [CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    let mut request = Request::new(Body::from(json!({ "token": token }).to_string()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_static(RPC_PATH);
    *request.headers_mut() = headers;
    let Ok(response) = transcoder.oneshot(request).await;
    response.into_response()
}

fn parameter(encoded: &[u8], name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(encoded);
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
