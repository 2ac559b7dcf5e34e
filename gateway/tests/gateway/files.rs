//! Files through the gateway: bytes in, bytes out, and what is refused on the way.

use std::sync::{Arc, Mutex};

use fitness_proto::fitness::user::v1 as proto;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use proto::file_service_server::FileService;
use proto::upload_file_request::Part;
use proto::{
    DeleteFileRequest, DeleteFileResponse, DownloadFileRequest, DownloadFileResponse, File, FileInfo,
    FilePurpose, ListFilesRequest, ListFilesResponse, UploadFileRequest, UploadFileResponse,
    download_file_response,
};
use reqwest::Method;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::stage::{Stage, eventually, problem, token};

const TEN_MIB: usize = 10 * 1024 * 1024;

/// An upload as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    metadata: MetadataMap,
    info: FileInfo,
    bytes: Vec<u8>,
    largest_chunk: usize,
    whole: bool,
}

/// A file service that keeps one file and remembers uploads.
#[derive(Clone, Default)]
pub(crate) struct Album(Arc<Mutex<Vec<Upload>>>);

impl Album {
    fn last(&self) -> Option<Upload> {
        self.0.lock().unwrap().last().cloned()
    }
}

fn file(bytes: usize) -> File {
    File {
        file_id: Uuid::from_u128(1).to_string(),
        purpose: FilePurpose::Avatar.into(),
        file_name: "я.png".to_owned(),
        content_type: "image/png".to_owned(),
        size_bytes: i32::try_from(bytes).unwrap(),
        sha256: "ab".repeat(32),
        create_time: None,
    }
}

#[tonic::async_trait]
impl FileService for Album {
    async fn upload_file(
        &self,
        request: Request<Streaming<UploadFileRequest>>,
    ) -> Result<Response<UploadFileResponse>, Status> {
        let (metadata, _, mut parts) = request.into_parts();
        let Some(Part::Info(info)) = parts.message().await?.and_then(|first| first.part) else {
            return Err(Status::invalid_argument("info must come first"));
        };
        let mut upload = Upload { metadata, info, bytes: Vec::new(), largest_chunk: 0, whole: false };
        while let Some(part) = parts.next().await {
            match part.map(|part| part.part) {
                Ok(Some(Part::Chunk(chunk))) => {
                    upload.largest_chunk = upload.largest_chunk.max(chunk.len());
                    upload.bytes.extend(chunk);
                }
                Ok(Some(Part::End(_))) => upload.whole = true,
                _ => break,
            }
        }
        self.0.lock().unwrap().push(upload.clone());
        if upload.bytes.starts_with(b"bad") {
            return Err(Status::invalid_argument("no picture"));
        }
        Ok(Response::new(UploadFileResponse { file: Some(file(upload.bytes.len())) }))
    }

    type DownloadFileStream = BoxStream<'static, Result<DownloadFileResponse, Status>>;

    async fn download_file(
        &self,
        request: Request<DownloadFileRequest>,
    ) -> Result<Response<Self::DownloadFileStream>, Status> {
        if request.get_ref().file_id != Uuid::from_u128(1).to_string() {
            return Err(Status::not_found("there is no such resource"));
        }
        let parts = [
            download_file_response::Part::File(file(150_000)),
            download_file_response::Part::Chunk(vec![1; 100_000]),
            download_file_response::Part::Chunk(vec![2; 50_000]),
        ];
        let parts = parts.map(|part| Ok(DownloadFileResponse { part: Some(part) }));
        Ok(Response::new(futures::stream::iter(parts).boxed()))
    }

    async fn list_files(&self, _: Request<ListFilesRequest>) -> Result<Response<ListFilesResponse>, Status> {
        Ok(Response::new(ListFilesResponse { files: vec![file(3)], next_page_token: String::new() }))
    }

    async fn delete_file(
        &self,
        _: Request<DeleteFileRequest>,
    ) -> Result<Response<DeleteFileResponse>, Status> {
        Ok(Response::new(DeleteFileResponse {}))
    }
}

#[tokio::test]
async fn a_picture_is_handed_on_piece_by_piece_and_created() {
    let stage = Stage::start().await;
    let token = token(Uuid::now_v7());
    let bytes: Vec<u8> = (0..TEN_MIB).map(|index| index as u8).collect();
    let request = stage.post("/v1/files?purpose=progress_photo&file_name=me%20now.png").bearer_auth(&token);
    let response = request.header("content-type", "image/png").body(bytes.clone()).send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["location"], format!("/v1/files/{}", Uuid::from_u128(1)));
    let document: serde_json::Value = response.json().await.unwrap();
    assert_eq!(document["size_bytes"], TEN_MIB);
    assert_eq!(document["purpose"], "FILE_PURPOSE_AVATAR");

    let upload = stage.user_svc.script.album.last().unwrap();
    assert!(upload.whole && upload.bytes == bytes, "the bytes differ");
    assert!(upload.largest_chunk <= 256 * 1024);
    assert_eq!((upload.info.purpose(), &*upload.info.file_name), (FilePurpose::ProgressPhoto, "me now.png"));
    let metadata = |name| upload.metadata.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(metadata("authorization"), Some(&*format!("Bearer {token}")));
    assert_eq!(metadata("x-client-address"), Some("127.0.0.1"));
    assert!(metadata("x-request-id").is_some());
    stage.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_whether_or_not_it_says_so() {
    let stage = Stage::start().await;
    let long = vec![0; TEN_MIB + 1];
    let upload =
        || stage.post("/v1/files?purpose=avatar").bearer_auth("x").header("content-type", "image/png");
    problem(upload().body(long.clone()).send().await.unwrap(), 413, "BODY_TOO_LARGE").await;
    assert!(stage.user_svc.script.album.last().is_none());
    let chunks = long.chunks(65_536).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>();
    let unannounced = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    problem(upload().body(unannounced).send().await.unwrap(), 413, "BODY_TOO_LARGE").await;
    let album = &stage.user_svc.script.album;
    eventually("user-svc to learn of it", || async { album.last().is_some_and(|upload| !upload.whole) })
        .await;
    stage.stop().await;
}

#[tokio::test]
async fn what_is_not_understood_is_refused_with_the_reason() {
    let stage = Stage::start().await;
    let upload = async |query: &str, content_type: &str, body: &'static str| {
        let request = stage.post(&format!("/v1/files{query}")).header("content-type", content_type);
        request.body(body).send().await.unwrap()
    };
    problem(upload("?purpose=avatar", "text/html", "<p>").await, 415, "UNSUPPORTED_MEDIA_TYPE").await;
    for (name, word) in [("image/heic", "JPEG"), ("image/avif", "JPEG")] {
        let refused = upload("?purpose=avatar", name, "x").await;
        assert_eq!(refused.status(), 415);
        assert!(refused.text().await.unwrap().contains(word), "{name}");
    }
    for (query, field) in [
        ("", "purpose"),
        ("?purpose=fun", "purpose"),
        ("?purpose=AvAtAr", "purpose"),
        ("?purpose=FILE_PURPOSE_UNSPECIFIED", "purpose"),
        ("?purpose=avatar&purpose=avatar", "purpose"),
        ("?purpose=avatar&file_name=a&file_name=b", "file_name"),
        ("?purpose=avatar&file_name=%ff", "query"),
        ("?purpose=avatar&file_name=%4", "query"),
        ("?purpose=avatar&size=1", "size"),
    ] {
        let document = problem(upload(query, "image/png", "x").await, 400, "INVALID_REQUEST").await;
        assert_eq!(document["violations"][0]["field"], field, "{query}");
    }
    problem(upload("?purpose=avatar", "image/png", "bad bytes").await, 400, "INVALID_ARGUMENT").await;
    stage.stop().await;
}

#[tokio::test]
async fn user_svc_learns_that_an_upload_broke_off() {
    let stage = Stage::start().await;
    let mut stream = TcpStream::connect(stage.http).await.unwrap();
    let head = "POST /v1/files?purpose=avatar HTTP/1.1\r\nhost: test\r\ncontent-type: image/png\r\n\
                content-length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![7; 500_000]).await.unwrap();
    drop(stream);
    let album = &stage.user_svc.script.album;
    eventually("user-svc to learn of it", || async { album.last().is_some() }).await;
    assert!(!album.last().unwrap().whole);
    stage.stop().await;
}

#[tokio::test]
async fn a_picture_comes_with_headers_that_keep_it_a_picture() {
    let stage = Stage::start().await;
    let path = format!("/v1/files/{}", Uuid::from_u128(1));
    let response = stage.get(&path).bearer_auth("x").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("content-length"), "150000");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cache-control"), "private, no-cache");
    assert_eq!(header("content-disposition"), "inline; filename*=UTF-8''%D1%8F%2Epng");
    let etag = header("etag");
    let bytes = response.bytes().await.unwrap();
    assert_eq!((bytes.len(), bytes[0], bytes[149_999]), (150_000, 1, 2));

    let known = stage.get(&path).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!((known.status().as_u16(), known.headers()["etag"].to_str().unwrap()), (304, &*etag));
    let head = stage.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(
        (head.status().as_u16(), head.headers()["content-length"].as_bytes()),
        (200, b"150000".as_slice())
    );
    let foreign = stage.get(&format!("/v1/files/{}", Uuid::now_v7())).send().await.unwrap();
    problem(foreign, 404, "NOT_FOUND").await;
    stage.stop().await;
}

#[tokio::test]
async fn the_gateway_and_the_services_share_paths() {
    let stage = Stage::start().await;
    let list: serde_json::Value = stage.get("/v1/files").send().await.unwrap().json().await.unwrap();
    assert_eq!(list["files"][0]["size_bytes"], 3);
    let path = format!("/v1/files/{}", Uuid::from_u128(1));
    assert_eq!(stage.request(Method::DELETE, &path).send().await.unwrap().status(), 204);
    for (path, allow) in [
        ("/v1/files", "GET, HEAD, OPTIONS, POST"),
        (&path, "DELETE, GET, HEAD, OPTIONS"),
        ("/v1/unsubscribe", "GET, HEAD, OPTIONS, POST"),
    ] {
        let response = stage.request(Method::PATCH, path).send().await.unwrap();
        assert_eq!(response.headers()["allow"], allow);
        problem(response, 405, "METHOD_NOT_ALLOWED").await;
        let options = stage.request(Method::OPTIONS, path).send().await.unwrap();
        assert_eq!(
            (options.status().as_u16(), options.headers()["allow"].as_bytes()),
            (204, allow.as_bytes())
        );
    }
    stage.stop().await;
}
