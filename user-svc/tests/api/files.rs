//! Pictures: what is taken, who gets it back, and that nothing stays behind.

use fitness_proto::fitness::user::v1 as proto;
use futures::StreamExt as _;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{Rgb, RgbImage};
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

/// A PNG of about that many bytes: noise, which nothing makes smaller.
fn png(length: usize) -> Vec<u8> {
    let side = (length as f64 / 3.0).sqrt().ceil() as u32;
    let mut state = 1_u32;
    let noise = RgbImage::from_fn(side, side, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
    });
    let mut bytes = Vec::new();
    let fast = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::NoFilter);
    noise.write_with_encoder(fast).unwrap();
    bytes
}

fn pixels(bytes: &[u8]) -> RgbImage {
    image::load_from_memory(bytes).unwrap().into_rgb8()
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
async fn a_picture_comes_back_pixel_by_pixel_and_is_gone_after_it_was_deleted() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let bytes = png(6_000_000);
    let file = service.upload(&token, &bytes).await.unwrap();
    assert_eq!(file.content_type, "image/png");
    assert_eq!((file.purpose(), file.file_name.as_str()), (FilePurpose::ProgressPhoto, "me.png"));
    assert_eq!(service.list(&token, 0, "").await.unwrap().files, std::slice::from_ref(&file));

    let (described, downloaded) = service.download(&token, &file.file_id).await.unwrap();
    assert_eq!(described, file);
    assert_eq!(downloaded.len(), usize::try_from(file.size_bytes).unwrap());
    assert!(pixels(&downloaded) == pixels(&bytes), "the pixels differ");
    assert_eq!(service.objects(), 1, "what was sent is gone");

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
    // A caller that is gone needs nobody to wait for the sweeper.
    within("the list to be cleared", async {
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
async fn objects_that_cannot_be_removed_keep_no_other() {
    let service = Service::start().await;
    // More than are looked at together, and before the one that can be removed. A folder is no file.
    for _ in 0..120 {
        let stuck = uuid::Uuid::now_v7();
        std::fs::create_dir(service.files_dir.path().join(stuck.to_string())).unwrap();
        sqlx::query("INSERT INTO doomed_objects (file_id, due_time) VALUES ($1, '-infinity')")
            .bind(stuck)
            .execute(&service.pool)
            .await
            .unwrap();
    }
    let file_id = uuid::Uuid::now_v7();
    std::fs::write(service.files_dir.path().join(file_id.to_string()), b"whole").unwrap();
    sqlx::query("INSERT INTO doomed_objects (file_id, due_time) VALUES ($1, '2026-01-01Z')")
        .bind(file_id)
        .execute(&service.pool)
        .await
        .unwrap();
    service.objects_become(120).await;
    // The list follows.
    within("what is removed to leave the list", async {
        while service.count("SELECT count(*) FROM doomed_objects").await > 120 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
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
    let too_much = service.upload(&token, &png(9 * 1024 * 1024)).await.unwrap_err();
    assert_eq!((too_much.code(), reason(&too_much).as_str()), (Code::ResourceExhausted, "LIMIT_REACHED"));
    assert!(too_much.message().contains("at most 12582912 bytes of pictures"), "{}", too_much.message());
    let two = png(2_000);
    // Uploads that race do not get past the limit together.
    let uploads = futures::future::join_all((0..50).map(|_| service.upload(&token, &two))).await;
    assert_eq!(uploads.iter().filter(|upload| upload.is_ok()).count(), 2);
    for refused in uploads.into_iter().chain([service.upload(&token, &two).await]).filter_map(Result::err) {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "LIMIT_REACHED"));
        assert!(refused.message().contains("at most 3 pictures"), "{}", refused.message());
    }
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
    assert_eq!(violation(&service.list(&token, -1, "").await.unwrap_err()).0, "page_size");
    assert_eq!(service.list(&token, i32::MAX, "").await.unwrap().files, uploaded);
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

/// A JPEG as a telephone writes it: lying on its side, with where it was taken, and with an archive behind its end.
fn telephone_picture() -> Vec<u8> {
    let upright = RgbImage::from_fn(40, 20, |x, _| if x < 20 { Rgb([250, 0, 0]) } else { Rgb([0, 0, 250]) });
    let mut plain = std::io::Cursor::new(Vec::new());
    upright.write_to(&mut plain, image::ImageFormat::Jpeg).unwrap();
    let plain = plain.into_inner();
    // One entry: the orientation, "turn by 90 degrees clockwise to see it upright".
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend(b"GPS 52.5200 13.4050");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..], b"PK\x03\x04 an archive"].concat()
}

#[tokio::test]
async fn what_is_kept_of_a_picture_is_what_is_seen() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let sent = telephone_picture();
    let file = service.upload(&token, &sent).await.unwrap();
    let (_, kept) = service.download(&token, &file.file_id).await.unwrap();
    let has = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    for word in [&b"Exif"[..], b"GPS", b"52.5200", b"PK\x03\x04"] {
        assert!(has(&sent, word) && !has(&kept, word), "{}", String::from_utf8_lossy(word));
    }
    let picture = pixels(&kept);
    assert_eq!(picture.dimensions(), (20, 40), "it stands upright");
    let is_red = |pixel: &Rgb<u8>| pixel[0] > 200 && pixel[2] < 60;
    assert!(is_red(picture.get_pixel(10, 5)) && !is_red(picture.get_pixel(10, 35)));
    service.stop().await;
}

#[tokio::test]
async fn an_upload_whose_account_ends_meanwhile_leaves_nothing() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let parts = parts(FilePurpose::Avatar, &png(8_000_000));
    let (sender, receiver) = mpsc::channel(200);
    for part in &parts[..70] {
        sender.send(part.clone()).await.unwrap();
    }
    let mut files = service.files.clone();
    let request = with_token(ReceiverStream::new(receiver), &token);
    let uploading = tokio::spawn(async move { files.upload_file(request).await });
    within("the object to be begun", async {
        while service.objects() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    sqlx::query("DELETE FROM users").execute(&service.pool).await.unwrap();
    for part in &parts[70..] {
        sender.send(part.clone()).await.unwrap();
    }
    drop(sender);
    assert_eq!(reason(&uploading.await.unwrap().unwrap_err()), "TOKEN_INVALID");
    // Without a turn of the clock.
    service.objects_become(0).await;
    service.stop().await;
}

/// The use cases beside the service, on its database and store.
fn use_cases(service: &Service) -> user_svc::files::Files {
    let folder = user_svc::files::FileStore::Folder(service.files_dir.path().into());
    user_svc::files::Files {
        pool: service.pool.clone(),
        clock: std::sync::Arc::new(service.clock.clone()),
        objects: user_svc::files::Objects::open(&folder).unwrap(),
        limits: user_svc::files::FileLimits { max_files: 3, max_bytes: 1 },
        decoding: std::sync::Arc::new(tokio::sync::Semaphore::new(1)),
    }
}

#[tokio::test]
async fn a_file_whose_object_is_gone_or_cut_short_is_found_and_its_owner_told() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(service.upload(&token, &png(2_000)).await.unwrap().file_id);
    }
    let files = use_cases(&service);
    assert_eq!(files.find_lost().await.unwrap(), Vec::<uuid::Uuid>::new());

    let [whole, gone, short] = &ids[..] else { panic!("three files") };
    let object = |id: &String| service.files_dir.path().join(id);
    std::fs::remove_file(object(gone)).unwrap();
    std::fs::write(object(short), b"cut").unwrap();
    let lost: Vec<_> = files.find_lost().await.unwrap().iter().map(uuid::Uuid::to_string).collect();
    assert_eq!(lost, [gone.clone(), short.clone()]);

    let status = service.download(&token, gone).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "NOT_FOUND"));
    assert!(status.message().contains("is lost; delete it and upload the picture again"), "{status:?}");
    service.download(&token, whole).await.unwrap();
    // Its owner can clear it away.
    for id in [gone, short] {
        let request = with_token(DeleteFileRequest { file_id: id.clone() }, &token);
        service.files.clone().delete_file(request).await.unwrap();
    }
    assert_eq!(files.find_lost().await.unwrap(), Vec::<uuid::Uuid>::new());
    service.stop().await;
}

#[tokio::test]
async fn an_object_that_no_table_knows_is_found_and_goes_a_day_later() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let file = service.upload(&token, &png(2_000)).await.unwrap();
    let stray = uuid::Uuid::now_v7();
    std::fs::write(service.files_dir.path().join(stray.to_string()), b"of somebody erased").unwrap();
    std::fs::write(service.files_dir.path().join("README"), b"not ours").unwrap();
    let files = use_cases(&service);
    assert_eq!(files.doom_strays().await.unwrap(), 0, "its upload may still end");
    service.clock.advance(chrono::TimeDelta::hours(2));
    assert_eq!(files.doom_strays().await.unwrap(), 1);
    assert_eq!(files.doom_strays().await.unwrap(), 0);
    assert_eq!(service.objects(), 3);
    service.clock.advance(chrono::TimeDelta::hours(25));
    service.objects_become(2).await;
    assert!(service.files_dir.path().join(&file.file_id).exists());
    service.stop().await;
}
