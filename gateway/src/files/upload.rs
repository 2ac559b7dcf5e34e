//! `POST /v1/files`: a picture as the body of a request.

use std::collections::HashSet;
use std::time::Duration;

use axum::body::BodyDataStream;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use fitness_proto::fitness::user::v1::{FileInfo, FilePurpose, UploadFileResponse};
use futures::StreamExt as _;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::request::Parts as Head;
use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, timeout, timeout_at};
use transcoder::problem::{Problem, Violation};

use super::parts::{self, Answered, PartSender};
use super::{Files, MAX_FILE_BYTES, RATE, STALL_LIMIT};
use crate::{messages, problems};

/// Types that a picture may be announced as. What it is, its bytes decide.
/// `image/jpg` is no registered name, and many programs say it.
const MEDIA_TYPES: [&str; 5] =
    ["image/jpeg", "image/jpg", "image/png", "image/webp", "application/octet-stream"];

/// What telephones take and few programs show.
const HEIC: [&str; 5] =
    ["image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence", "image/avif"];

/// A client that is refused while it sends learns why only if somebody goes on reading for a moment: most do not look
/// at the answer before their last byte is out, and a connection that is closed under them takes the answer with it.
const LINGER_LIMIT: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 32 * 1024 * 1024;

/// Stores the body as a file of the signed-in user.
pub(crate) async fn upload(State(files): State<Files>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut body = body.into_data_stream();
    match store(files, &head, &mut body).await {
        Ok(response) => response,
        Err(problem) => {
            linger(body).await;
            problems::answer(*problem, &head.headers)
        }
    }
}

async fn store(mut files: Files, head: &Head, body: &mut BodyDataStream) -> Result<Response, Box<Problem>> {
    let info = info(head)?;
    let (sender, parts) = parts::channel(info);
    let request = super::request(parts, &head.headers);
    let call = files.client.upload_file(request);
    let pump = pump(body, sender);
    tokio::pin!(call, pump);
    let mut pumped = false;
    let answer = loop {
        tokio::select! {
            answer = &mut call => break answer,
            outcome = &mut pump, if !pumped => {
                outcome?;
                pumped = true;
            }
        }
    };
    let answer = answer.map_err(|status| Problem::from(&status))?.into_inner();
    Ok(created(&answer))
}

/// Hands the body on until its end, or until it is answered.
async fn pump(body: &mut BodyDataStream, sender: PartSender) -> Result<(), Box<Problem>> {
    let (start, mut length) = (Instant::now(), 0);
    loop {
        let slowest = start + RATE.time_for(usize::try_from(length).unwrap_or(usize::MAX));
        let limit = slowest.min(Instant::now() + STALL_LIMIT);
        let bytes = match timeout_at(limit, body.next()).await {
            Ok(Some(Ok(bytes))) => bytes,
            Ok(None) => break,
            Ok(Some(Err(_))) => {
                let detail = "The body broke off before its end.";
                return Err(Problem::new(StatusCode::BAD_REQUEST, "BODY_INCOMPLETE", detail).into());
            }
            Err(_) => {
                let detail = "The body did not arrive in time.";
                return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", detail).into());
            }
        };
        length += bytes.len() as u64;
        if length > MAX_FILE_BYTES {
            return Err(too_large());
        }
        if sender.send(bytes).await == Err(Answered) {
            return Ok(());
        }
    }
    // Who has answered already needs no end.
    let _ = sender.end().await;
    Ok(())
}

/// What is said of the picture: its purpose and name in the query, its type and length in the head.
fn info(head: &Head) -> Result<FileInfo, Box<Problem>> {
    let announced =
        head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_FILE_BYTES) {
        return Err(too_large());
    }
    if let Some(problem) = Problem::unsupported_encoding(&head.headers) {
        return Err(problem.into());
    }
    let media_type = media_type(&head.headers);
    if !MEDIA_TYPES.contains(&&*media_type) {
        let detail = if HEIC.contains(&&*media_type) {
            "HEIC and AVIF pictures are not taken. Send it as JPEG, PNG or WebP; a telephone can share or export it so."
        } else {
            "The body must be a picture, with the content type image/jpeg, image/png or image/webp."
        };
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", detail).into());
    }
    let mut info = FileInfo::default();
    let mut violations = Vec::new();
    let mut seen = HashSet::new();
    let query = head.uri.query().unwrap_or_default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = transcoder::query_pair(pair) else {
            violations.push(Violation::new("query", "is not UTF-8 in percent-encoding"));
            continue;
        };
        match &*name {
            "purpose" | "file_name" if !seen.insert(name.clone()) => {
                violations.push(Violation::new(name, "is given twice"));
            }
            "purpose" => match purpose(&value) {
                Some(purpose) => info.set_purpose(purpose),
                None => violations.push(Violation::new("purpose", "must be avatar or progress_photo")),
            },
            "file_name" => info.file_name = value,
            _ => violations.push(Violation::new(quoted(&name), "is not known here")),
        }
    }
    if violations.is_empty() && info.purpose() == FilePurpose::Unspecified {
        violations.push(Violation::new("purpose", "must be avatar or progress_photo"));
    }
    if violations.is_empty() { Ok(info) } else { Err(Problem::invalid(violations).into()) }
}

/// The name of the contract, or the end of it in lower case.
fn purpose(text: &str) -> Option<FilePurpose> {
    match text {
        "avatar" => Some(FilePurpose::Avatar),
        "progress_photo" => Some(FilePurpose::ProgressPhoto),
        name => FilePurpose::from_str_name(name).filter(|purpose| *purpose != FilePurpose::Unspecified),
    }
}

/// No more of a stranger's word than an answer can bear.
fn quoted(name: &str) -> String {
    name.chars().take(64).collect()
}

/// The content type without its parameters.
fn media_type(headers: &HeaderMap) -> String {
    let content_type = headers.get(CONTENT_TYPE).and_then(|name| name.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn created(answer: &UploadFileResponse) -> Response {
    let file = answer.file.clone().unwrap_or_default();
    let location = format!("/v1/files/{}", file.file_id);
    (StatusCode::CREATED, [(LOCATION, location)], axum::Json(messages::json_of(&file))).into_response()
}

fn too_large() -> Box<Problem> {
    let detail = format!("A file may have at most {MAX_FILE_BYTES} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", detail).into()
}

async fn linger(mut body: BodyDataStream) {
    let reading = async {
        let mut read = 0;
        while let Some(Ok(bytes)) = body.next().await
            && read < LINGER_BYTES
        {
            read += bytes.len();
        }
    };
    let _ = timeout(LINGER_LIMIT, reading).await;
}
