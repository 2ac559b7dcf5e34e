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

use super::json::{Detail, List, headers};
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
        .route("/api/v1/messages", get(list).delete(delete))
        .route("/api/v1/search", get(search))
        .route("/api/v1/message/{id}", get(detail))
        .route("/api/v1/message/{id}/headers", get(message_headers))
        .route("/api/v1/message/{id}/raw", get(raw))
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
    message.mark_read();
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
    let id = file.strip_suffix(".html").ok_or(ApiError::NoRoute)?;
    let html = find(&store, id)?.html();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, MESSAGE_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, format!("<base target=\"_blank\">{html}")).into_response())
}

#[derive(Debug, Default, Deserialize)]
struct Deletion {
    #[serde(rename = "IDs", alias = "ids", default)]
    ids: Vec<String>,
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
