//! Pictures: what is taken, who gets it back, and that nothing stays behind.

use fitness_proto::fitness::user::v1 as proto;
use futures::StreamExt as _;
use proto::upload_file_request::Part;
use proto::{
    DeleteFileRequest, DownloadFileRequest, File, FileInfo, FilePurpose, ListFilesRequest, ListFilesResponse,
    UploadEnd, UploadFileRequest, download_file_response,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::fixture::{Service, reason, within};

/// A PNG of that many bytes.
fn png(length: usize) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], kind, content, &[0; 4]].concat()
    };
    let header = chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
    let end = chunk(b"IEND", &[]);
    let data = length - 8 - header.len() - end.len() - 12;
    [b"\x89PNG\r\n\x1a\n", &header[..], &chunk(b"IDAT", &vec![7; data]), &end].concat()
}

fn parts(purpose: FilePurpose, bytes: &[u8]) -> Vec<UploadFileRequest> {
    let info = FileInfo { purpose: purpose.into(), file_name: "me.png".to_owned() };
    let chunks = bytes.chunks(100_000).map(|chunk| Part::Chunk(chunk.to_vec()));
    let parts = std::iter::once(Part::Info(info)).chain(chunks).chain([Part::End(UploadEnd {})]);
    parts.map(|part| UploadFileRequest { part: Some(part) }).collect()
}

fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

impl Service {
    async fn upload_parts(&self, token: &str, parts: Vec<UploadFileRequest>) -> Result<File, Status> {
        let request = with_token(futures::stream::iter(parts), token);
        Ok(self.files.clone().upload_file(request).await?.into_inner().file.unwrap())
    }

    async fn upload(&self, token: &str, bytes: &[u8]) -> Result<File, Status> {
        self.upload_parts(token, parts(FilePurpose::ProgressPhoto, bytes)).await
    }

    async fn download(&self, token: &str, file_id: &str) -> Result<(File, Vec<u8>), Status> {
        let request = with_token(DownloadFileRequest { file_id: file_id.to_owned() }, token);
        let mut parts = self.files.clone().download_file(request).await?.into_inner();
        let Some(download_file_response::Part::File(file)) = parts.message().await?.unwrap().part else {
            panic!("the first part describes the file");
        };
        let mut bytes = Vec::new();
        while let Some(part) = parts.next().await.transpose()? {
            let Some(download_file_response::Part::Chunk(chunk)) = part.part else {
                panic!("only chunks follow")
            };
            bytes.extend(chunk);
        }
        Ok((file, bytes))
    }

    async fn list(&self, token: &str, page_size: i32, page_token: &str) -> Result<ListFilesResponse, Status> {
        let request = ListFilesRequest { page_size, page_token: page_token.to_owned() };
        Ok(self.files.clone().list_files(with_token(request, token)).await?.into_inner())
    }

    async fn delete(&self, token: &str, file_id: &str) -> Result<(), Status> {
        let request = with_token(DeleteFileRequest { file_id: file_id.to_owned() }, token);
        self.files.clone().delete_file(request).await.map(|_| ())
    }

    /// How many files are in the folder, unfinished ones included.
    fn objects(&self) -> usize {
        std::fs::read_dir(self.files_dir.path()).unwrap().count()
    }

    async fn objects_become(&self, count: usize) {
        let swept = async {
            while self.objects() != count {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        within("objects to be removed", swept).await;
    }
}

fn violation(status: &Status) -> (String, String) {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let violations = status.get_error_details().bad_request().unwrap().field_violations.clone();
    (violations[0].field.clone(), violations[0].description.clone())
}

#[tokio::test]
async fn a_picture_comes_back_as_it_was_and_is_gone_after_it_was_deleted() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let bytes = png(6_000_000);
    let file = service.upload(&token, &bytes).await.unwrap();
    assert_eq!((file.content_type.as_str(), file.size_bytes), ("image/png", 6_000_000));
    assert_eq!((file.purpose(), file.file_name.as_str()), (FilePurpose::ProgressPhoto, "me.png"));
    assert_eq!(service.list(&token, 0, "").await.unwrap().files, std::slice::from_ref(&file));

    let (described, downloaded) = service.download(&token, &file.file_id).await.unwrap();
    assert_eq!(described, file);
    assert!(downloaded == bytes, "the bytes differ");

    service.delete(&token, &file.file_id).await.unwrap();
    assert_eq!(service.objects(), 0);
    assert_eq!(service.count("SELECT count(*) FROM doomed_objects").await, 0);
    for status in [
        service.download(&token, &file.file_id).await.map(|_| ()).unwrap_err(),
        service.delete(&token, &file.file_id).await.unwrap_err(),
    ] {
        assert_eq!(status.code(), Code::NotFound);
    }
    service.stop().await;
}

#[tokio::test]
async fn a_file_of_somebody_else_does_not_exist() {
    let service = Service::start().await;
    let anna = service.open_account("anna@example.org").await.access_token;
    let boris = service.open_account("boris@example.org").await.access_token;
    let file = service.upload(&anna, &png(2_000)).await.unwrap();
    let download = service.download(&boris, &file.file_id).await.map(|_| ()).unwrap_err();
    let delete = service.delete(&boris, &file.file_id).await.unwrap_err();
    assert_eq!((download.code(), delete.code()), (Code::NotFound, Code::NotFound));
    assert!(service.list(&boris, 0, "").await.unwrap().files.is_empty());
    assert!(service.download(&anna, &file.file_id).await.is_ok());
    service.stop().await;
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_leaves_nothing() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let html = b"<!DOCTYPE html><script>alert(1)</script>";
    assert_eq!(violation(&service.upload(&token, html).await.unwrap_err()).0, "file");
    assert_eq!(violation(&service.upload(&token, b"").await.unwrap_err()).0, "file");
    let whole = png(300_000);
    let (field, reason) = violation(&service.upload(&token, &whole[..250_000]).await.unwrap_err());
    assert_eq!((field.as_str(), reason.as_str()), ("file", "is a picture without its end"));
    let (_, reason) = violation(&service.upload(&token, &png(10 * 1024 * 1024 + 1)).await.unwrap_err());
    assert!(reason.contains("10485760"), "{reason}");
    service.objects_become(0).await;
    assert!(service.list(&token, 0, "").await.unwrap().files.is_empty());
    service.stop().await;
}

#[tokio::test]
async fn an_upload_out_of_order_is_refused() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let good = parts(FilePurpose::Avatar, &png(2_000));
    let refused = async |parts: Vec<UploadFileRequest>| {
        violation(&service.upload_parts(&token, parts).await.unwrap_err()).0
    };
    assert_eq!(refused(Vec::new()).await, "info");
    assert_eq!(refused(good[1..].to_vec()).await, "info");
    assert_eq!(refused([&good[..1], &good[..]].concat()).await, "info");
    assert_eq!(refused(parts(FilePurpose::Unspecified, &png(2_000))).await, "purpose");
    let slash = FileInfo { purpose: FilePurpose::Avatar.into(), file_name: "../me.png".to_owned() };
    let slash = UploadFileRequest { part: Some(Part::Info(slash)) };
    assert_eq!(refused([&[slash], &good[1..]].concat()).await, "file_name");
    let long = UploadFileRequest { part: Some(Part::Chunk(vec![0; 256 * 1024 + 1])) };
    assert_eq!(refused([&good[..1], &[long]].concat()).await, "chunk");
    // All of the picture is there, but nobody says so.
    assert_eq!(refused(good[..good.len() - 1].to_vec()).await, "file");
    assert_eq!(refused([&good[..1], &[UploadFileRequest { part: None }]].concat()).await, "file");
    service.objects_become(0).await;
    service.stop().await;
}

#[tokio::test]
async fn an_upload_that_is_dropped_half_way_leaves_nothing() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let (sender, receiver) = mpsc::channel(100);
    for part in &parts(FilePurpose::Avatar, &png(8_000_000))[..70] {
        sender.send(part.clone()).await.unwrap();
    }
    let mut files = service.files.clone();
    let request = with_token(ReceiverStream::new(receiver), &token);
    let uploading = tokio::spawn(async move { files.upload_file(request).await });
    // Five megabytes have arrived when the first part of the object is written.
    within("the object to be begun", async {
        while service.objects() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    uploading.abort();
    service.objects_become(0).await;
    assert!(service.list(&token, 0, "").await.unwrap().files.is_empty());
    // Its place on the list is swept when it is surely lost.
    assert_eq!(service.count("SELECT count(*) FROM doomed_objects").await, 1);
    service.clock.advance(chrono::TimeDelta::hours(2));
    within("the list to be swept", async {
        while service.count("SELECT count(*) FROM doomed_objects").await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    drop(sender);
    service.stop().await;
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept() {
    let service = Service::start().await;
    let file_id = uuid::Uuid::now_v7();
    std::fs::write(service.files_dir.path().join(file_id.to_string()), b"whole").unwrap();
    std::fs::write(service.files_dir.path().join(format!("{file_id}#1")), b"half").unwrap();
    sqlx::query("INSERT INTO doomed_objects (file_id, due_time) VALUES ($1, '-infinity')")
        .bind(file_id)
        .execute(&service.pool)
        .await
        .unwrap();
    service.objects_become(0).await;
    service.stop().await;
}

#[tokio::test]
async fn the_objects_of_an_account_go_with_it() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    for length in [2_000, 3_000] {
        service.upload(&token, &png(length)).await.unwrap();
    }
    assert_eq!(service.objects(), 2);
    sqlx::query("DELETE FROM users").execute(&service.pool).await.unwrap();
    service.objects_become(0).await;
    let status = service.upload(&token, &png(2_000)).await.unwrap_err();
    assert_eq!(reason(&status), "TOKEN_INVALID");
    assert_eq!(service.objects(), 0);
    service.stop().await;
}

#[tokio::test]
async fn an_account_keeps_no_more_than_its_share() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    // Three files and 12 MiB, as the fixture says.
    service.upload(&token, &png(9 * 1024 * 1024)).await.unwrap();
    let (_, reason) = violation(&service.upload(&token, &png(9 * 1024 * 1024)).await.unwrap_err());
    assert!(reason.contains("bytes"), "{reason}");
    let two = png(2_000);
    // Uploads that race do not get past the limit together.
    let uploads = futures::future::join_all((0..5).map(|_| service.upload(&token, &two))).await;
    assert_eq!(uploads.iter().filter(|upload| upload.is_ok()).count(), 2);
    let (_, reason) = violation(&service.upload(&token, &two).await.unwrap_err());
    assert!(reason.contains("at most 3 files"), "{reason}");
    service.stop().await;
}

#[tokio::test]
async fn files_are_listed_newest_first_page_by_page() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let mut uploaded = Vec::new();
    for length in [2_000, 2_001, 2_002] {
        uploaded.push(service.upload(&token, &png(length)).await.unwrap());
    }
    uploaded.reverse();
    let first = service.list(&token, 2, "").await.unwrap();
    assert_eq!(first.files, uploaded[..2]);
    let second = service.list(&token, 2, &first.next_page_token).await.unwrap();
    assert_eq!((&second.files[..], second.next_page_token.as_str()), (&uploaded[2..], ""));
    assert_eq!(violation(&service.list(&token, 2, "nonsense").await.unwrap_err()).0, "page_token");
    assert_eq!(violation(&service.list(&token, 101, "").await.unwrap_err()).0, "page_size");
    let status = service.download(&token, "no-uuid").await.map(|_| ()).unwrap_err();
    assert_eq!(violation(&status).0, "file_id");
    service.stop().await;
}

#[tokio::test]
async fn uploads_that_wait_for_their_bytes_hold_up_nobody() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    // Each has said what it brings and brings nothing; they are more than the pool has connections.
    let mut idle = Vec::new();
    for _ in 0..12 {
        let (sender, receiver) = mpsc::channel(1);
        sender.send(parts(FilePurpose::Avatar, b"x").remove(0)).await.unwrap();
        let (mut files, request) = (service.files.clone(), with_token(ReceiverStream::new(receiver), &token));
        idle.push((sender, tokio::spawn(async move { files.upload_file(request).await })));
    }
    // By the last of these every upload has come to its wait.
    for _ in 0..200 {
        within("the list of files", service.list(&token, 10, "")).await.unwrap();
    }
    for (sender, upload) in idle {
        drop(sender);
        let status = within("the end of an upload", upload).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    }
    service.stop().await;
}
