//! How connections of the live feed end.

use std::time::Duration;

use chassis::time::timestamp;
use chrono::{TimeDelta, Utc};
use fitness_proto::fitness::user::v1::{
    EndedSession, GetMeResponse, PasswordChanged, UserDeleted, WatchEndedSessionsResponse,
};
use fitness_proto::fitness::workout::v1::WorkoutStarted;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Status;
use uuid::Uuid;

use crate::sse::{Block, Feed, started};
use crate::stage::{Stage, problem, token, token_for, token_of, within};

/// A reader that asks for the feed and takes nothing of it.
async fn stalled(stage: &Stage, user_id: Uuid) -> TcpStream {
    let mut stream = TcpStream::connect(stage.http).await.unwrap();
    let token = token(user_id);
    let request = format!("GET /v1/feed HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    // It is open when the first bytes of the answer are there.
    within("the feed to open", stream.peek(&mut [0; 1])).await.unwrap();
    stream
}

/// Publishes until far more waits for a reader than any buffer takes, and reads it from another connection.
async fn flood(stage: &Stage, user_id: Uuid, quick: &mut Feed) {
    let large = WorkoutStarted { name: "x".repeat(32_000), ..started(user_id) };
    let batch = vec![large; 50];
    for _ in 0..16 {
        stage.publish_all(&batch).await;
        for _ in 0..50 {
            quick.event().await;
        }
    }
}

#[tokio::test]
async fn a_slow_reader_is_cut_off_and_holds_up_nobody() {
    let stage = Stage::start_with(|config| config.feed.queue_length = 60).await;
    let anna = Uuid::now_v7();
    let mut quick = Feed::live(&stage, anna).await;
    let mut slow = stalled(&stage, anna).await;
    flood(&stage, anna, &mut quick).await;

    let mut text = Vec::new();
    within("the end of the slow feed", slow.read_to_end(&mut text)).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    assert!(text.contains("event: lagged"), "the end is {:?}", &text[text.len().saturating_sub(200)..]);
    stage.publish(&started(anna)).await;
    assert_eq!(quick.event().await.2["data"]["name"], "Legs");
    stage.stop().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_open_feeds() {
    let mut stage = Stage::start_with(|config| config.feed.queue_length = 60).await;
    let anna = Uuid::now_v7();
    let mut quick = Feed::live(&stage, anna).await;
    let _stalled = stalled(&stage, anna).await;
    flood(&stage, anna, &mut quick).await;
    let idle = Feed::open(&stage, Uuid::now_v7()).await;
    let took = stage.stop_gateway().await;
    assert!(took < Duration::from_secs(6), "the stop took {took:?}");
    assert_eq!(idle.rest().await, [Block::Comment("the server is stopping".to_owned())]);
}

#[tokio::test]
async fn a_feed_ends_with_its_token() {
    let stage = Stage::start().await;
    let feed = Feed::open_with(stage.get("/v1/feed").bearer_auth(token_for(Uuid::now_v7(), 1))).await;
    assert_eq!(feed.rest().await, [Block::Comment("the access token has expired".to_owned())]);
    stage.stop().await;
}

#[tokio::test]
async fn the_feeds_of_a_deleted_account_end_and_its_tokens_open_no_other() {
    let (stage, anna) = (Stage::start().await, Uuid::now_v7());
    let feed = Feed::live(&stage, anna).await;
    stage.publish(&UserDeleted { user_id: anna.to_string(), ..UserDeleted::default() }).await;
    let blocks = feed.rest().await;
    let [.., Block::Event { kind, .. }, Block::Comment(farewell)] = &blocks[..] else { panic!("{blocks:?}") };
    assert_eq!((kind.as_str(), farewell.as_str()), ("UserDeleted", "the account is deleted"));
    let response = stage.get("/v1/feed").bearer_auth(token(anna)).send().await.unwrap();
    problem(response, 401, "TOKEN_INVALID").await;
    stage.stop().await;
}

/// From now on user-svc tells that a session is over.
fn end(stage: &Stage, session_id: Uuid) {
    let forget_time = Some(timestamp(Utc::now() + TimeDelta::minutes(16)));
    let ended = EndedSession { session_id: session_id.to_string(), forget_time };
    let answer = WatchEndedSessionsResponse { sessions: vec![ended] };
    stage.user_svc.script.answer("/fitness.user.v1.EndedSessionService/WatchEndedSessions", Ok(answer));
}

#[tokio::test]
async fn the_feeds_of_a_session_end_with_it_and_those_of_the_users_other_sessions_go_on() {
    let (stage, anna, phone) = (Stage::start().await, Uuid::now_v7(), Uuid::now_v7());
    let feed = Feed::open_with(stage.get("/v1/feed").bearer_auth(token_of(anna, phone))).await;
    let mut other = Feed::live(&stage, anna).await;
    end(&stage, phone);
    let blocks = feed.rest().await;
    assert_eq!(blocks.last(), Some(&Block::Comment("the session is over".to_owned())), "{blocks:?}");
    // Its token opens nothing here any more, whatever user-svc would say.
    let response = stage.get("/v1/feed").bearer_auth(token_of(anna, phone)).send().await.unwrap();
    problem(response, 401, "TOKEN_INVALID").await;
    // A new password ends other sessions only.
    stage.publish(&PasswordChanged { user_id: anna.to_string(), ..PasswordChanged::default() }).await;
    assert_eq!(other.event().await.1, "PasswordChanged");
    stage.publish(&started(anna)).await;
    assert_eq!(other.event().await.1, "WorkoutStarted");
    stage.stop().await;
}

#[tokio::test]
async fn a_session_that_user_svc_calls_over_opens_no_feed() {
    let (stage, anna) = (Stage::start().await, Uuid::now_v7());
    let rpc = "/fitness.user.v1.UserService/GetMe";
    stage.user_svc.script.answer::<GetMeResponse>(rpc, Err(Status::unauthenticated("the session has ended")));
    let refused = stage.get("/v1/feed").bearer_auth(token(anna)).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    stage.user_svc.script.answer(rpc, Ok(GetMeResponse::default()));
    Feed::open(&stage, anna).await;
    stage.stop().await;
}
