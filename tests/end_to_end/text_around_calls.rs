//! What `text_everywhere` does for the fields of calls, for what comes around them: headers over HTTP, metadata over
//! gRPC, and the texts of the calls on files, which are streams. Nothing of it is a defect of ours, and nothing reaches
//! a database as it came.

use std::time::Duration;

use fitness_proto::fitness::user::v1 as proto;
use proto::file_service_client::FileServiceClient;
use proto::upload_file_request::Part;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};
use tonic::{Code, Request};

use crate::harness::{Person, System, png, shared};

/// Every header that something here reads, passes on or might.
const HEADERS: [&str; 26] = [
    "traceparent",
    "tracestate",
    "baggage",
    "x-request-id",
    "user-agent",
    "accept",
    "accept-language",
    "accept-encoding",
    "content-type",
    "content-encoding",
    "if-none-match",
    "if-match",
    "range",
    "last-event-id",
    "idempotency-key",
    "grpc-timeout",
    "grpc-metadata-note",
    "grpc-metadata-note-bin",
    "x-client-user-agent",
    "x-client-address",
    "x-forwarded-for",
    "x-forwarded-host",
    "origin",
    "referer",
    "cookie",
    "expect",
];

/// What a stranger may write there: bytes, as HTTP/1.1 carries them.
fn values() -> Vec<Vec<u8>> {
    vec![
        b"a\0b".to_vec(),
        b"\0".to_vec(),
        b"%00".to_vec(),
        b"\x01\x1b[31m\x7f".to_vec(),
        b"\xff\xfe\xc0\xaf".to_vec(),
        "\u{202e}\u{feff}é".as_bytes().to_vec(),
        b"".to_vec(),
        b"\t".to_vec(),
        b"';DROP TABLE users;--".to_vec(),
        b"99999999999999999999999999999999999999".to_vec(),
        b"-1".to_vec(),
        b"00-00000000000000000000000000000000-0000000000000000-00".to_vec(),
        b"x".repeat(4_000),
    ]
}

/// Sends a request by hand, as no client would, and answers the status; none if the connection was closed without one.
async fn ask(address: &str, head: &str, header: &str, value: &[u8], body: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("{head}\r\nhost: localhost\r\nconnection: close\r\n").into_bytes();
    if !body.is_empty() {
        request.extend(format!("content-length: {}\r\n", body.len()).bytes());
        if header != "content-type" {
            request.extend(b"content-type: application/json\r\n");
        }
    }
    request.extend(format!("{header}: ").bytes());
    request.extend(value);
    request.extend(b"\r\n\r\n");
    request.extend(body.bytes());
    stream.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    let reading = async {
        let mut buffer = [0; 1024];
        // The head is enough; a feed has no end.
        while answer.len() < 12 {
            match stream.read(&mut buffer).await {
                Ok(count) if count > 0 => answer.extend(&buffer[..count]),
                _ => break,
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), reading).await.expect("an answer or an end");
    let status = std::str::from_utf8(answer.get(9..12)?).unwrap();
    Some(status.parse().unwrap())
}

fn assert_clean(system: &System) {
    let log = system.log();
    for sign in ["invalid byte sequence", "panicked", "call failed"] {
        let found: Vec<_> = log.lines().filter(|line| line.contains(sign)).take(3).collect();
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_stands_in_a_header_is_no_defect_and_reaches_no_database_as_it_came() {
    let system = shared().await;
    let person = Person::join(system, "en").await;
    let address = system.rest().trim_start_matches("http://").to_owned();
    let token = format!("authorization: Bearer {}", person.access_token);
    let routine = serde_json::json!({ "name": "Mine" }).to_string();
    // A change with an event, which carries the trace; a sign-in, which notes the device; reads; pages; the feed.
    // The guest's, as an account has a hundred sessions and these sign-ins are more.
    let mut guest = Person::join(system, "en").await;
    let login =
        serde_json::json!({ "email": guest.account.email, "password": guest.account.password }).to_string();
    let requests = [
        (format!("POST /v1/routines HTTP/1.1\r\n{token}"), routine.as_str()),
        ("POST /v1/auth/login HTTP/1.1".to_owned(), login.as_str()),
        (format!("GET /v1/users/me HTTP/1.1\r\n{token}"), ""),
        (format!("GET /v1/files/0198e2f4-1111-7000-8000-000000000001 HTTP/1.1\r\n{token}"), ""),
        (format!("GET /v1/feed HTTP/1.1\r\n{token}"), ""),
        ("GET /openapi.json HTTP/1.1".to_owned(), ""),
        ("GET /reset-password HTTP/1.1".to_owned(), ""),
        ("GET /livez HTTP/1.1".to_owned(), ""),
    ];
    let (mut answered, mut refused) = (0, 0);
    for header in HEADERS {
        for value in values() {
            for (head, body) in &requests {
                // What changes something is asked with each value once, by the headers that go with it to the database.
                let is_carried = ["trace", "user-agent", "x-", "grpc-", "baggage"]
                    .iter()
                    .any(|name| header.starts_with(name));
                if !body.is_empty() && !is_carried {
                    continue;
                }
                match ask(&address, head, header, &value, body).await {
                    // A deadline that has passed before it began.
                    Some(504) if header == "grpc-timeout" => {}
                    Some(status) => {
                        assert!(status < 500, "{status} for {header}: {value:?} at {head}");
                        answered += usize::from(status < 400);
                        refused += usize::from(status >= 400);
                    }
                    None => refused += 1,
                }
            }
        }
    }
    assert!(answered > 500 && refused > 100, "{answered} answered, {refused} refused");
    assert_clean(system);
    // Whoever signed in under all these names still has an account that can be shown.
    guest.sign_in().await;
    guest.get("/v1/users/me/export").await;
    guest.get("/v1/auth/sessions").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_of_grpc_calls_is_no_defect() {
    let system = shared().await;
    let person = Person::join(system, "en").await;
    let mut files = FileServiceClient::connect(format!("http://{}", system.user_svc())).await.unwrap();
    for name in
        HEADERS.into_iter().filter(|name| !["content-type", "content-encoding", "expect"].contains(name))
    {
        // What no metadata can hold is refused by the client's own library.
        for value in values().iter().filter_map(|value| AsciiMetadataValue::try_from(value.as_slice()).ok()) {
            if name.ends_with("-bin") {
                continue;
            }
            let mut request = Request::new(proto::ListFilesRequest::default());
            let bearer = format!("Bearer {}", person.access_token).parse().unwrap();
            request.metadata_mut().insert("authorization", bearer);
            request.metadata_mut().insert(name.parse::<AsciiMetadataKey>().unwrap(), value.clone());
            if let Err(status) = files.list_files(request).await {
                let expected = [Code::InvalidArgument, Code::DeadlineExceeded, Code::Cancelled];
                assert!(expected.contains(&status.code()), "{name}: {value:?} {status:?}");
                assert_eq!(name, "grpc-timeout", "{value:?} {status:?}");
            }
        }
    }
    assert_clean(system);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_of_the_streamed_calls_on_files_are_judged_by_the_rule_of_all_texts() {
    let system = shared().await;
    let person = Person::join(system, "en").await;
    let upload = |query: &str, content_type: &str| {
        let request = person.request("POST", &format!("/v1/files?{query}"));
        request.header("content-type", content_type).body(png()).send()
    };
    for (query, content_type, status) in [
        ("purpose=avatar&file_name=a%00b.png", "image/png", 400),
        ("purpose=avatar&file_name=a%0d%0aset-cookie:%20x", "image/png", 400),
        ("purpose=avatar&file_name=..%2f..%2fetc%2fpasswd", "image/png", 400),
        ("purpose=avatar&file_name=gpj.%e2%80%aeexe", "image/png", 400),
        ("purpose=avatar&file_name=%ff%fe", "image/png", 400),
        ("purpose=avatar&file_name=%", "image/png", 400),
        ("purpose=%00", "image/png", 400),
        ("purpose=avatar%00", "image/png", 400),
        ("purpose=avatar&%00=x", "image/png", 400),
        ("purpose=avatar", "image/png%00", 415),
        ("purpose=avatar", "image/png\u{e9}", 415),
        ("purpose=avatar", "image/png; name=\"a\tb\"", 201),
    ] {
        let answer = upload(query, content_type).await.unwrap();
        assert_eq!(answer.status(), status, "{query} {content_type} {}", answer.text().await.unwrap());
    }
    let long = format!("purpose=avatar&file_name={}", "x".repeat(256));
    assert_eq!(upload(&long, "image/png").await.unwrap().status(), 400);
    for id in ["%00", "a%00b", "%ff", "..%2f..", "0198e2f4-1111-7000-8000-00000000000%00"] {
        let status = person.request("GET", &format!("/v1/files/{id}")).send().await.unwrap().status();
        assert_eq!(status, 400, "{id}");
    }

    // The same by gRPC, and parts that no gateway would send.
    let mut files = FileServiceClient::connect(format!("http://{}", system.user_svc())).await.unwrap();
    let info = |file_name: &str, purpose: i32| {
        Part::Info(proto::FileInfo { file_name: file_name.to_owned(), purpose })
    };
    let (avatar, end) = (proto::FilePurpose::Avatar as i32, Part::End(proto::UploadEnd {}));
    let picture = Part::Chunk(png());
    for parts in [
        vec![],
        vec![None],
        vec![Some(picture.clone())],
        vec![Some(end.clone())],
        vec![Some(info("a\0b", avatar)), Some(picture.clone()), Some(end.clone())],
        vec![Some(info("a\u{202e}b", avatar)), Some(picture.clone()), Some(end.clone())],
        vec![Some(info("a\r\nb", avatar)), Some(picture.clone()), Some(end.clone())],
        vec![Some(info("a/b", avatar)), Some(picture.clone()), Some(end.clone())],
        vec![Some(info("a", 99)), Some(picture.clone()), Some(end.clone())],
        vec![Some(info("a", -1)), Some(picture.clone()), Some(end.clone())],
        vec![Some(info("a", 0)), Some(picture.clone()), Some(end.clone())],
        vec![Some(info("a", avatar)), Some(info("b", avatar)), Some(end.clone())],
        vec![Some(info("a", avatar)), Some(Part::Chunk(vec![0; 256 * 1024 + 1])), Some(end.clone())],
        vec![Some(info("a", avatar)), Some(Part::Chunk(vec![])), Some(end.clone())],
        vec![Some(info("a", avatar)), None, Some(end.clone())],
        vec![Some(info("a", avatar)), Some(picture.clone())],
        vec![Some(info("a", avatar)), Some(end.clone())],
    ] {
        let what = format!("{} parts, first {:?}", parts.len(), parts.first());
        let parts = parts.into_iter().map(|part| proto::UploadFileRequest { part });
        let mut request = Request::new(tokio_stream::iter(parts.collect::<Vec<_>>()));
        let bearer = format!("Bearer {}", person.access_token).parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        let status = files.upload_file(request).await.expect_err(&what);
        assert_eq!(status.code(), Code::InvalidArgument, "{what} {status:?}");
    }
    for file_id in ["", "\0", "a\0b", "..", "\u{202e}"] {
        let mut request = Request::new(proto::DownloadFileRequest { file_id: file_id.to_owned() });
        let bearer = format!("Bearer {}", person.access_token).parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        let status = files.download_file(request).await.map(|_| ()).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{file_id:?} {status:?}");
    }
    assert_eq!(person.get("/v1/files").await["files"].as_array().unwrap().len(), 1);
    assert_clean(system);
}
