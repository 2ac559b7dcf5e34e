//! `GET /v1/files/{file_id}`: a picture as the body of an answer.

use std::fmt::Write as _;
use std::io;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use chassis::http_server::AnswerLimit;
use fitness_proto::fitness::user::v1::download_file_response::Part;
use fitness_proto::fitness::user::v1::{DownloadFileRequest, DownloadFileResponse, File};
use futures::Stream;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::time::timeout;
use tonic::Streaming;
use transcoder::problem::Problem;

use super::{Files, RATE, STALL_LIMIT};
use crate::problems;

/// Answers a file of the signed-in user.
pub(crate) async fn download(
    State(files): State<Files>,
    Path(file_id): Path<String>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    // No id has a colon: what stands behind it is a custom verb, and files have none.
    if file_id.contains(':') {
        return problems::answer(Problem::not_found(), &headers);
    }
    match open(files, file_id, &headers).await {
        Ok((file, parts)) => response(&file, parts, &headers),
        Err(problem) => problems::answer(*problem, &headers),
    }
}

async fn open(
    mut files: Files,
    file_id: String,
    headers: &HeaderMap,
) -> Result<(File, Streaming<DownloadFileResponse>), Box<Problem>> {
    let request = super::request(DownloadFileRequest { file_id }, headers);
    let opening = async {
        let mut parts = files.client.download_file(request).await?.into_inner();
        Ok((parts.message().await?, parts))
    };
    let opened = timeout(files.timeout, opening).await.map_err(|_| Problem::deadline_exceeded())?;
    let (first, parts) = opened.map_err(|status: tonic::Status| Problem::from(&status))?;
    match first.and_then(|first| first.part) {
        Some(Part::File(file)) => Ok((file, parts)),
        _ => Err(Problem::internal().into()),
    }
}

fn response(file: &File, parts: Streaming<DownloadFileResponse>, request: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", file.sha256);
    let known = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let unchanged = known.flat_map(|value| value.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.trim_start_matches("W/") == etag
    });
    let mut response = Response::new(Body::empty());
    let size = usize::try_from(file.size_bytes).unwrap_or_default();
    response.extensions_mut().insert(AnswerLimit(RATE.time_for(size)));
    let headers = response.headers_mut();
    let mut set = |name, value: &str| {
        headers
            .insert(name, HeaderValue::from_str(value).expect("hexadecimal, numbers and escapes are ASCII"));
    };
    set(ETAG, &etag);
    // The owner's browser may keep it, but has to ask each time: somebody else may sit in front of it by then.
    set(CACHE_CONTROL, "private, no-cache");
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    set(CONTENT_TYPE, &file.content_type);
    set(CONTENT_LENGTH, &file.size_bytes.to_string());
    set(CONTENT_DISPOSITION, &disposition(&file.file_name));
    // The bytes are a person's own and were looked at; still no browser shall take them for anything but a picture.
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    *response.body_mut() = Body::from_stream(chunks(parts));
    response
}

/// RFC 6266, with the name in the encoding of RFC 8187.
fn disposition(file_name: &str) -> String {
    match file_name {
        "" => "inline".to_owned(),
        name => name.bytes().fold("inline; filename*=UTF-8''".to_owned(), |mut header, byte| {
            if byte.is_ascii_alphanumeric() {
                header.push(char::from(byte));
            } else {
                let _ = write!(header, "%{byte:02X}");
            }
            header
        }),
    }
}

/// An error ends the body before the announced length, which is how the client learns of it.
fn chunks(parts: Streaming<DownloadFileResponse>) -> impl Stream<Item = io::Result<Bytes>> {
    futures::stream::try_unfold(parts, |mut parts| async {
        let part = timeout(STALL_LIMIT, parts.message()).await?.map_err(io::Error::other)?;
        match part.and_then(|part| part.part) {
            Some(Part::Chunk(bytes)) => Ok(Some((Bytes::from(bytes), parts))),
            _ => Ok(None),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        assert_eq!(disposition(""), "inline");
        assert_eq!(disposition("a\"; b\r\n.png"), "inline; filename*=UTF-8''a%22%3B%20b%0D%0A%2Epng");
        assert_eq!(disposition("я.png"), "inline; filename*=UTF-8''%D1%8F%2Epng");
    }
}
