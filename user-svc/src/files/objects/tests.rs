//! The S3 side, against a server that knows as much of S3 as is needed here; the folder is tried by the tests of files.

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::Router;
use axum::body::Bytes as BodyBytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use futures::TryStreamExt as _;
use http::{HeaderMap, Method, StatusCode, Uri};

use super::*;

/// Objects and parts by path; each has to be signed by the key that it was given.
type Bucket = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

async fn s3(
    State(bucket): State<Bucket>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: BodyBytes,
) -> Response {
    let signed = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signed.starts_with("AWS4-HMAC-SHA256 Credential=the-key/") {
        return StatusCode::FORBIDDEN.into_response();
    }
    let (path, query) = (uri.path().to_owned(), query.unwrap_or_default());
    let mut bucket = bucket.lock().unwrap();
    let part = |number: &str| format!("{path}?part={number}");
    match method {
        Method::POST if query.starts_with("uploads") => {
            let xml =
                "<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>";
            xml.into_response()
        }
        Method::POST if query == "delete" => {
            let list = String::from_utf8(body.to_vec()).unwrap();
            let keys = list.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
            // A key that is not there counts as deleted, says S3.
            let mut deleted = String::new();
            for key in keys {
                bucket.remove(&format!("/pictures/{key}"));
                deleted.extend(["<Deleted><Key>", key, "</Key></Deleted>"]);
            }
            format!("<DeleteResult>{deleted}</DeleteResult>").into_response()
        }
        Method::PUT if query.contains("partNumber=") => {
            let number = query.split('&').find_map(|pair| pair.strip_prefix("partNumber=")).unwrap();
            bucket.insert(part(number), body.to_vec());
            [("etag", "\"part\"")].into_response()
        }
        Method::POST => {
            let parts: Vec<_> = (1..).map_while(|number| bucket.remove(&part(&number.to_string()))).collect();
            bucket.insert(path, parts.concat());
            "<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>"
                .into_response()
        }
        Method::PUT => {
            bucket.insert(path, body.to_vec());
            [("etag", "\"whole\"")].into_response()
        }
        Method::DELETE => {
            bucket.retain(|name, _| !name.starts_with(&path));
            StatusCode::NO_CONTENT.into_response()
        }
        _ => match bucket.get(&path) {
            Some(bytes) => {
                let dated = [("etag", "\"whole\""), ("last-modified", "Sat, 21 Nov 2026 12:00:00 GMT")];
                (dated, bytes.clone()).into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        },
    }
}

async fn open() -> (Objects, Bucket) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bucket = Bucket::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(s3).with_state(Arc::clone(&bucket));
    let router = router.layer(axum::extract::DefaultBodyLimit::disable());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let objects = Objects::open(&FileStore::S3 {
        url: "s3://pictures/of/people".to_owned(),
        endpoint: Some(endpoint),
        region: "us-east-1".to_owned(),
        access_key_id: Some("the-key".into()),
        secret_access_key: Some("the-secret".into()),
    });
    (objects.unwrap(), bucket)
}

async fn read(objects: &Objects, file_id: Uuid) -> Vec<u8> {
    let chunks: Vec<Bytes> = objects.read(file_id).await.unwrap().unwrap().try_collect().await.unwrap();
    chunks.concat()
}

#[tokio::test]
async fn small_and_large_objects_come_back_from_a_bucket_and_go() {
    let (objects, bucket) = open().await;
    for length in [1_000, 3 * PART_BYTES / 2] {
        let file_id = Uuid::now_v7();
        let bytes: Vec<u8> = (0..length).map(|index| index as u8).collect();
        let mut writer = objects.write(file_id);
        for chunk in bytes.chunks(200_000) {
            writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
        }
        writer.finish().await.unwrap();
        let names: Vec<_> = bucket.lock().unwrap().keys().cloned().collect();
        assert_eq!(names, [format!("/pictures/of/people/{file_id}")]);
        assert!(read(&objects, file_id).await == bytes, "the bytes differ");
        objects.remove(file_id).await.unwrap();
        assert!(bucket.lock().unwrap().is_empty());
        objects.remove(file_id).await.unwrap();
    }
}

#[tokio::test]
async fn an_unfinished_object_leaves_no_parts() {
    let (objects, bucket) = open().await;
    let mut writer = objects.write(Uuid::now_v7());
    writer.write(vec![0; PART_BYTES].into()).await.unwrap();
    assert_eq!(bucket.lock().unwrap().len(), 1);
    drop(writer);
    let aborted = async {
        while !bucket.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), aborted).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_away_is_given_up_soon() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let objects = Objects::open(&FileStore::S3 {
        url: "s3://pictures".to_owned(),
        endpoint: Some("http://127.0.0.1:1".to_owned()),
        region: "us-east-1".to_owned(),
        access_key_id: Some("the-key".into()),
        secret_access_key: Some("the-secret".into()),
    });
    let objects = objects.unwrap();
    let reading = tokio::time::timeout(Duration::from_secs(15), objects.read(Uuid::now_v7()));
    assert!(reading.await.unwrap().is_err());
}
