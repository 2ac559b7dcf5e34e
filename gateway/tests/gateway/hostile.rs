//! Clients that are slow, silent or hostile, and that nobody else notices them.

use std::time::Duration;

use axum::body::Bytes;
use h2::client::SendRequest;
use http::{Method, Request, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::stage::{Stage, eventually, problem, within};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

impl Stage {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.http).await.unwrap()
    }

    /// A connection of HTTP/2 with windows of that many bytes for its answers.
    async fn connect_http2(&self, window: u32) -> SendRequest<Bytes> {
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window);
        let (sender, connection) = builder.handshake(self.connect().await).await.unwrap();
        tokio::spawn(connection);
        sender.ready().await.unwrap()
    }

    async fn serves(&self) {
        for path in ["/v1/users/me", "/livez", "/readyz"] {
            let response = within("an answer", self.get(path).send()).await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
        }
    }
}

/// Reads until the server closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // An end by reset is an end as well.
    let _ = within("the end of the connection", stream.read_to_end(&mut bytes)).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&[a, b, c, kind, flags], &stream.to_be_bytes()[..], payload].concat()
}

#[tokio::test]
async fn bodies_that_do_not_come_take_no_places_and_are_given_up() {
    let stage = Stage::start_with(|config| config.max_concurrent_requests = 2).await;
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut stream = stage.connect().await;
        let head = "POST /v1/auth/login HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n\
                    grpc-timeout: 30S\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let mut connections = Vec::new();
    for _ in 0..3 {
        let mut sender = stage.connect_http2(65_535).await;
        for _ in 0..90 {
            let request = Request::post("http://test/v1/auth/login").body(()).unwrap();
            connections.push(sender.send_request(request, false).unwrap());
            sender = within("a stream", sender.ready()).await.unwrap();
        }
    }
    for _ in 0..20 {
        stage.serves().await;
    }
    for stream in slow {
        let answer = rest(stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("REQUEST_TIMEOUT"), "{answer}");
    }
    for (answer, _unfinished) in connections {
        assert_eq!(within("an answer", answer).await.unwrap().status(), StatusCode::REQUEST_TIMEOUT);
    }
    stage.stop().await;
}

#[tokio::test]
async fn who_does_not_come_to_a_request_is_closed() {
    let stage = Stage::start_with(|config| config.http_limits.head = Duration::from_millis(300)).await;
    let begun = [PREFACE, SETTINGS].concat();
    let beginnings: [&[u8]; 6] =
        [b"", &PREFACE[..1], &PREFACE[..20], PREFACE, &begun, b"GET / HTTP/1.1\r\nhost"];
    let mut silent = Vec::new();
    for beginning in beginnings {
        let mut stream = stage.connect().await;
        stream.write_all(beginning).await.unwrap();
        silent.push(stream);
    }
    for stream in silent {
        rest(stream).await;
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_connection_that_rests_is_closed() {
    let stage = Stage::start_with(|config| config.http_limits.idle = Duration::from_millis(300)).await;
    let sender = stage.connect_http2(65_535).await;
    let request = Request::get("http://test/livez").body(()).unwrap();
    let (answer, _) = sender.clone().send_request(request, true).unwrap();
    assert_eq!(within("an answer", answer).await.unwrap().status(), 200);
    let closed = || async {
        let mut sender = sender.clone();
        std::future::poll_fn(move |context| sender.poll_ready(context)).await.is_err()
    };
    eventually("the connection to be closed", closed).await;
    stage.stop().await;
}

#[tokio::test]
async fn health_is_answered_when_no_place_is_left() {
    let stage = Stage::start_with(|config| config.max_concurrent_requests = 0).await;
    let refused = stage.get("/v1/users/me").send().await.unwrap();
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 503, "OVERLOADED").await;
    for path in ["/livez", "/readyz", "/health"] {
        assert_eq!(stage.get(path).send().await.unwrap().status(), 200, "{path}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_network_has_so_many_connections() {
    let stage = Stage::start_with(|config| config.http_limits.connections_per_network = 3).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(stage.connect().await);
    }
    assert_eq!(rest(stage.connect().await).await, "");
    open.clear();
    eventually("a place to be free", || async { stage.get("/livez").send().await.is_ok() }).await;
    stage.stop().await;
}

/// The bytes of one frame of a flood, by its number.
type Flood = Box<dyn Fn(u32) -> Vec<u8>>;

#[tokio::test]
async fn floods_of_frames_end_their_connection_and_nobody_else_waits() {
    let stage = Stage::start().await;
    // GET http://x/ without an end, so that the stream stays open.
    let open_stream = |number: u32| frame(1, 4, 2 * number + 1, &[0x82, 0x86, 0x84, 0x41, 1, b'x']);
    let floods: [(&str, Flood); 5] = [
        ("WINDOW_UPDATE", Box::new(|_| frame(8, 0, 0, &1_u32.to_be_bytes()))),
        ("PING", Box::new(|_| frame(6, 0, 0, &[0; 8]))),
        ("PRIORITY", Box::new(|number| frame(2, 0, 2 * number + 1, &[0, 0, 0, 0, 1]))),
        ("SETTINGS", Box::new(|_| SETTINGS.to_vec())),
        ("open streams", Box::new(open_stream)),
    ];
    for (name, flood) in floods {
        let (mut reading, mut writing) = stage.connect().await.into_split();
        writing.write_all(&[PREFACE, SETTINGS].concat()).await.unwrap();
        let reader = tokio::spawn(async move {
            let mut bytes = vec![0; 65_536];
            while reading.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
        });
        let cut_off = async {
            for round in 0..1_000 {
                let frames: Vec<u8> = (round * 100..round * 100 + 100).flat_map(&flood).collect();
                if writing.write_all(&frames).await.is_err() {
                    return true;
                }
            }
            false
        };
        let (cut_off, ()) = tokio::join!(within(name, cut_off), stage.serves());
        assert!(cut_off, "100,000 frames of {name} were taken");
        within(name, reader).await.unwrap();
    }
    stage.serves().await;
    stage.stop().await;
}

#[tokio::test]
async fn a_head_that_is_too_long_is_431_and_never_500() {
    let stage = Stage::start().await;
    for kib in [17, 20, 32, 48, 63, 100] {
        let long = "x".repeat(kib * 1024);
        for (name, path) in
            [("x-anything", "/v1/users/me"), ("authorization", "/v1/feed"), ("cookie", "/nowhere")]
        {
            let value = if name == "authorization" { format!("Bearer {long}") } else { long.clone() };
            let mut stream = stage.connect().await;
            let request =
                format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{name}: {value}\r\n\r\n");
            // A server that has seen enough does not take the rest.
            let _ = stream.write_all(request.as_bytes()).await;
            let answer = rest(stream).await;
            assert!(
                answer.starts_with("HTTP/1.1 431 ") || answer.is_empty() && kib > 64,
                "{kib} {name}: {answer}"
            );
        }
    }
    // Just short of it: what is passed on gets through to the service.
    for length in (14_000..16_384).step_by(250) {
        let request = stage.get("/v1/users/me").bearer_auth("x".repeat(length));
        let status = request.send().await.unwrap().status().as_u16();
        assert!([200, 401, 431].contains(&status), "{length}: {status}");
    }
    let long = stage.get(&format!("/v1/exercises?q={}", "x".repeat(9_000))).send().await.unwrap();
    problem(long, 414, "URI_TOO_LONG").await;
    stage.stop().await;
}

#[tokio::test]
async fn a_head_that_says_two_things_is_refused() {
    let stage = Stage::start().await;
    for headers in [
        "host: test\r\nhost: other",
        "host: test\r\nhost: test",
        "host: test\r\nauthorization: Bearer a\r\nauthorization: Bearer b",
    ] {
        let mut stream = stage.connect().await;
        let request = format!("GET /v1/users/me HTTP/1.1\r\nconnection: close\r\n{headers}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(stream).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("HEADER_REPEATED"), "{answer}");
    }
    let sender = stage.connect_http2(65_535).await;
    let request = Request::get("http://test/v1/users/me").header("host", "other").body(()).unwrap();
    let (answer, _) = sender.clone().send_request(request, true).unwrap();
    let refused = within("an answer", answer).await.map(|answer| answer.status());
    assert!(refused.is_err() || refused.is_ok_and(|status| status == StatusCode::BAD_REQUEST));
    stage.stop().await;
}

#[tokio::test]
async fn a_download_keeps_its_place_until_its_last_byte() {
    // One for each network.
    let stage = Stage::start_with(|config| config.max_file_transfers = 4).await;
    let path = format!("/v1/files/{}", Uuid::from_u128(1));
    let sender = stage.connect_http2(0).await;
    let request = Request::builder().method(Method::GET).uri(format!("http://test{path}")).body(()).unwrap();
    let (answer, _) = sender.clone().send_request(request, true).unwrap();
    let untaken = within("the head of the file", answer).await.unwrap();
    assert_eq!(untaken.status(), 200);
    problem(stage.get(&path).send().await.unwrap(), 503, "OVERLOADED").await;
    stage.serves().await;
    drop((untaken, sender));
    let works = || async { stage.get(&path).send().await.unwrap().status() == 200 };
    eventually("the place to be free", works).await;
    stage.stop().await;
}
