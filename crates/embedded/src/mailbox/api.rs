//! The page and the REST API.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::json::{Detail, List, attached, headers};
use super::message::Message;
use super::search;
use super::store::Store;

/// The page loads nothing from elsewhere and frames only the HTML of a message.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                           frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A message runs no script, loads nothing and knows no origin; its links open in a tab of their own.
const MESSAGE_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
                              img-src data:; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'";

type AppState = State<Arc<Store>>;

#[derive(Debug)]
enum ApiError {
    NotFound,
    BadRequest(String),
    NoRoute,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "message not found".to_owned()),
            Self::NoRoute => (StatusCode::NOT_FOUND, "not found".to_owned()),
            Self::BadRequest(text) => (StatusCode::BAD_REQUEST, text),
        };
        (status, Json(json!({ "Error": text }))).into_response()
    }
}

pub(super) fn router(store: Arc<Store>) -> Router {
    Router::new()
        .route("/", get(async || page("text/html; charset=utf-8", include_str!("page/index.html"))))
        .route(
            "/mailbox.css",
            get(async || page("text/css; charset=utf-8", include_str!("page/mailbox.css"))),
        )
        .route(
            "/mailbox.js",
            get(async || page("text/javascript; charset=utf-8", include_str!("page/mailbox.js"))),
        )
        .route("/view/{file}", get(view))
        .route("/livez", get(async || "ok"))
        .route("/readyz", get(async || "ok"))
        .route("/api/v1/info", get(info))
        .route("/api/v1/tags", get(async || Json(json!([]))))
        .route("/api/v1/messages", get(list).put(mark).delete(delete))
        .route("/api/v1/search", get(search).delete(delete_found))
        .route("/api/v1/message/{id}", get(detail))
        .route("/api/v1/message/{id}/headers", get(message_headers))
        .route("/api/v1/message/{id}/raw", get(raw))
        .route("/api/v1/message/{id}/part/{part_id}", get(part))
        .fallback(|| async { ApiError::NoRoute })
        .method_not_allowed_fallback(|| async {
            (StatusCode::METHOD_NOT_ALLOWED, Json(json!({ "Error": "method not allowed" })))
        })
        .with_state(store)
}

fn page(content_type: &'static str, content: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, content)
}

#[derive(Debug, Deserialize)]
struct Paging {
    #[serde(default)]
    start: usize,
    #[serde(default = "default_limit")]
    limit: usize,
    #[serde(default)]
    query: String,
}

fn default_limit() -> usize {
    50
}

type PagingQuery = Result<Query<Paging>, QueryRejection>;

async fn list(State(store): AppState, paging: PagingQuery) -> Result<Json<List>, ApiError> {
    let Query(paging) = paging.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let all = store.newest_first();
    Ok(Json(List::page(&all, &all, paging.start, paging.limit)))
}

async fn search(State(store): AppState, paging: PagingQuery) -> Result<Json<List>, ApiError> {
    let Query(paging) = paging.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    if paging.query.trim().is_empty() {
        return Err(ApiError::BadRequest("no search query".to_owned()));
    }
    let query = search::Query::parse(&paging.query);
    let all = store.newest_first();
    let found: Vec<_> = all.iter().filter(|message| query.matches(message)).cloned().collect();
    Ok(Json(List::page(&all, &found, paging.start, paging.limit)))
}

async fn detail(State(store): AppState, Path(id): Path<String>) -> Result<Json<Detail>, ApiError> {
    let message = find(&store, &id)?;
    message.mark(true);
    Ok(Json(Detail::of(&message)))
}

async fn message_headers(State(store): AppState, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(Json(headers(&*find(&store, &id)?)).into_response())
}

async fn raw(State(store): AppState, Path(id): Path<String>) -> Result<Response, ApiError> {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, find(&store, &id)?.raw().clone()).into_response())
}

/// The HTML of a message as a document of its own, at Mailpit's `/view/{id}.html`.
async fn view(State(store): AppState, Path(file): Path<String>) -> Result<Response, ApiError> {
    if let Some(id) = file.strip_suffix(".txt") {
        return Ok(plain(&*find(&store, id)?));
    }
    let id = file.strip_suffix(".html").ok_or(ApiError::NoRoute)?;
    let html = find(&store, id)?.html();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, MESSAGE_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, with_base(&html)).into_response())
}

/// Lets links open in a tab of their own. The element stands in the head: in front of the doctype it would put the
/// browser into quirks mode, and the mail would look as it does nowhere else.
fn with_base(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    let lower = html.to_ascii_lowercase();
    let behind = |tag: &str| {
        let start = lower.find(tag)?;
        let is_this =
            lower[start + tag.len()..].starts_with(|next: char| next == '>' || next.is_whitespace());
        let end = lower[start..].find('>').filter(|_| is_this)?;
        Some(start + end + 1)
    };
    let place = behind("<head").or_else(|| behind("<html")).or_else(|| behind("<!doctype")).unwrap_or(0);
    format!("{}{BASE}{}", &html[..place], &html[place..])
}

/// The plain text of a message, at Mailpit's `/view/{id}.txt`.
fn plain(message: &Message) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, message.text()).into_response()
}

#[derive(Debug, Default, Deserialize)]
struct Deletion {
    #[serde(rename = "IDs", alias = "ids", default)]
    ids: Vec<String>,
}

/// What this is and how much is in it.
async fn info(State(store): AppState) -> Json<serde_json::Value> {
    let all = store.newest_first();
    let unread = all.iter().filter(|message| !message.is_read()).count();
    Json(json!({
        "Version": concat!("fitness-trainer ", env!("CARGO_PKG_VERSION")),
        "Messages": all.len(),
        "Unread": unread,
    }))
}

/// The bytes of an attachment, by its `PartID`.
async fn part(
    State(store): AppState,
    Path((id, part_id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let message = find(&store, &id)?;
    let (content_type, bytes) = attached(&message, &part_id).ok_or(ApiError::NotFound)?;
    // Never shown as a page of this origin, whatever it says it is.
    let headers = [
        (header::CONTENT_TYPE, content_type.as_str()),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, bytes).into_response())
}

#[derive(Debug, Deserialize)]
struct Marking {
    #[serde(rename = "IDs", alias = "ids", default)]
    ids: Vec<String>,
    #[serde(rename = "Read", alias = "read")]
    read: bool,
}

/// Marks the messages named in the body as read or unread, or all if none is named.
async fn mark(State(store): AppState, body: Bytes) -> Result<&'static str, ApiError> {
    let marking: Marking =
        serde_json::from_slice(&body).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    for message in store.newest_first() {
        if marking.ids.is_empty() || marking.ids.iter().any(|id| id == message.id()) {
            message.mark(marking.read);
        }
    }
    Ok("ok")
}

/// Deletes what a search finds.
async fn delete_found(State(store): AppState, paging: PagingQuery) -> Result<&'static str, ApiError> {
    let Query(paging) = paging.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    if paging.query.trim().is_empty() {
        return Err(ApiError::BadRequest("no search query".to_owned()));
    }
    let query = search::Query::parse(&paging.query);
    let all = store.newest_first();
    let found: Vec<_> =
        all.iter().filter(|message| query.matches(message)).map(|message| message.id().to_owned()).collect();
    store.remove(&found);
    Ok("ok")
}

/// Deletes the messages named in the body, or all without a body.
async fn delete(State(store): AppState, body: Bytes) -> Result<&'static str, ApiError> {
    let deletion: Deletion = if body.is_empty() {
        Deletion::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| ApiError::BadRequest(error.to_string()))?
    };
    if deletion.ids.is_empty() {
        store.remove_all();
    } else {
        store.remove(&deletion.ids);
    }
    Ok("ok")
}

fn find(store: &Store, id: &str) -> Result<Arc<Message>, ApiError> {
    store.get(id).ok_or(ApiError::NotFound)
}

#[cfg(test)]
mod tests {
    use super::with_base;

    #[test]
    fn the_base_stands_in_the_head_and_never_in_front_of_the_doctype() {
        for (html, expected) in [
            ("<!doctype html><html><head><meta>", "<!doctype html><html><head>|<meta>"),
            ("<!DOCTYPE html>\n<HTML lang=en><Head id=a>x", "<!DOCTYPE html>\n<HTML lang=en><Head id=a>|x"),
            (
                "<!doctype html><html lang=\"ru\"><body><header>",
                "<!doctype html><html lang=\"ru\">|<body><header>",
            ),
            ("<!doctype html><p>x", "<!doctype html>|<p>x"),
            ("<p>x", "|<p>x"),
            ("", "|"),
        ] {
            assert_eq!(with_base(html), expected.replace('|', "<base target=\"_blank\">"), "{html}");
        }
    }
}
