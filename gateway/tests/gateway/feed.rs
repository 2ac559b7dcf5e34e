//! Who sees what in the live feed.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use eventbus::{Envelope, TraceContext};
use fitness_proto::fitness::notify::v1::NotificationSent;
use fitness_proto::fitness::user::v1::{OneTimeCodeIssued, SealedSecret, UserSignedIn};
use fitness_proto::fitness::workout::v1::{WorkoutFinished, WorkoutStarted};
use uuid::Uuid;

use crate::sse::{Block, Feed, started};
use crate::stage::{Stage, problem, token, token_for, within};

#[tokio::test]
async fn a_sign_in_and_a_finished_workout_and_a_sent_mail_are_shown() {
    let (stage, anna) = (Stage::start().await, Uuid::now_v7());
    let mut feed = Feed::live(&stage, anna).await;
    let session_id = Uuid::now_v7().to_string();
    let signed_in = UserSignedIn {
        user_id: anna.to_string(),
        session_id: session_id.clone(),
        device: "Firefox on Linux".to_owned(),
        ..UserSignedIn::default()
    };
    let event_id = stage.publish(&signed_in).await;
    let (id, kind, data) = feed.event().await;
    assert_eq!((id, kind.as_str()), (Some(event_id), "UserSignedIn"));
    assert_eq!(data["event_id"], event_id.to_string());
    assert_eq!(data["user_id"], anna.to_string());
    assert_eq!(data["data"]["session_id"], session_id);
    assert_eq!(data["data"]["device"], "Firefox on Linux");

    let finished = WorkoutFinished {
        user_id: anna.to_string(),
        name: "Legs".to_owned(),
        set_count: 12,
        volume_kg: 2400.0,
        ..WorkoutFinished::default()
    };
    stage.publish(&finished).await;
    let (_, kind, data) = feed.event().await;
    assert_eq!((kind.as_str(), &data["data"]["set_count"]), ("WorkoutFinished", &12.into()));
    stage.publish(&NotificationSent { user_id: anna.to_string(), ..NotificationSent::default() }).await;
    assert_eq!(feed.event().await.1, "NotificationSent");
    stage.stop().await;
}

#[tokio::test]
async fn a_code_is_shown_without_its_secret() {
    let (stage, anna) = (Stage::start().await, Uuid::now_v7());
    let mut feed = Feed::live(&stage, anna).await;
    let sealed = SealedSecret { key_id: "seal".to_owned(), nonce: vec![1; 24], ciphertext: vec![2; 22] };
    let issued = OneTimeCodeIssued {
        user_id: anna.to_string(),
        sealed_code: Some(sealed),
        code_id: "the-code".to_owned(),
        ..OneTimeCodeIssued::default()
    };
    stage.publish(&issued).await;
    let (_, kind, data) = feed.event().await;
    let text = data.to_string();
    assert_eq!(kind, "OneTimeCodeIssued");
    assert!(!text.contains("seal") && !text.contains("the-code"), "{text}");
    stage.stop().await;
}

#[tokio::test]
async fn nobody_sees_the_events_of_somebody_else_but_their_trainer_does() {
    let stage = Stage::start().await;
    let [anna, boris, trainer] = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let mut of_boris = Feed::live(&stage, boris).await;
    let mut of_trainer = Feed::live(&stage, trainer).await;
    let of_anna = WorkoutStarted { trainer_ids: vec![trainer.to_string()], ..started(anna) };
    stage.publish(&of_anna).await;
    stage.publish(&started(boris)).await;
    let (_, _, data) = of_trainer.event().await;
    assert_eq!(data["user_id"], anna.to_string());
    // The partitions of the two are read side by side; what comes first to Boris has to be his own all the same.
    let (_, _, data) = of_boris.event().await;
    assert_eq!(data["user_id"], boris.to_string());
    stage.stop().await;
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_and_nothing_twice() {
    let (stage, anna) = (Stage::start().await, Uuid::now_v7());
    let mut feed = Feed::live(&stage, anna).await;
    let named = |name: &str| WorkoutStarted { name: name.to_owned(), ..started(anna) };
    stage.publish(&named("first")).await;
    let (last, _, _) = feed.event().await;
    drop(feed);
    let mut other = Feed::open(&stage, anna).await;
    stage.publish_all(&[named("second"), named("third")]).await;
    // They have arrived when another connection has them.
    while other.event().await.2["data"]["name"] != "third" {}

    let mut feed = Feed::resume(&stage, anna, last.unwrap()).await;
    for name in ["second", "third"] {
        assert_eq!(feed.event().await.2["data"]["name"], name);
    }
    stage.publish(&named("fourth")).await;
    assert_eq!(feed.event().await.2["data"]["name"], "fourth");

    let mut feed = Feed::resume(&stage, anna, Uuid::now_v7()).await;
    assert!(matches!(feed.block().await, Some(Block::Event { id: None, kind, .. }) if kind == "lagged"));
    stage.stop().await;
}

#[tokio::test]
async fn an_event_that_is_told_again_is_shown_once_and_an_old_one_never() {
    let (stage, anna) = (Stage::start().await, Uuid::now_v7());
    let mut feed = Feed::live(&stage, anna).await;
    let envelope = |name: &str, time| {
        let event = WorkoutStarted { name: name.to_owned(), ..started(anna) };
        Envelope::new(&event, Uuid::now_v7(), "test", time, TraceContext::default())
    };
    let again = envelope("again", Utc::now());
    let old = envelope("old", Utc::now() - TimeDelta::hours(1));
    let last = envelope("last", Utc::now());
    stage.publish_envelopes(&[again.clone(), again, old, last]).await;
    for name in ["again", "last"] {
        assert_eq!(feed.event().await.2["data"]["name"], name);
    }
    stage.stop().await;
}

#[tokio::test]
async fn lines_of_json_come_where_they_are_asked_for() {
    let (stage, anna) = (Stage::start().await, Uuid::now_v7());
    let mut feed = Feed::live(&stage, anna).await;
    let request = stage.get("/v1/feed").bearer_auth(token(anna)).header("accept", "application/x-ndjson");
    let mut response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let event_id = stage.publish(&started(anna)).await;
    feed.event().await;
    let line = within("a line", async {
        loop {
            let chunk = response.chunk().await.unwrap().expect("the feed goes on");
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            if let Some(line) = text.lines().find(|line| line.contains(&event_id.to_string())) {
                return line.to_owned();
            }
        }
    });
    let line: serde_json::Value = serde_json::from_str(&line.await).unwrap();
    assert_eq!(line["type"], "WorkoutStarted");
    stage.stop().await;
}

#[tokio::test]
async fn a_feed_needs_a_good_token_and_no_parameters() {
    let stage = Stage::start().await;
    problem(stage.get("/v1/feed").send().await.unwrap(), 401, "TOKEN_MISSING").await;
    let expired = token_for(Uuid::now_v7(), -60);
    for wrong in ["nonsense", &expired] {
        let response = stage.get("/v1/feed").bearer_auth(wrong).send().await.unwrap();
        problem(response, 401, "TOKEN_INVALID").await;
    }
    let request = stage.get("/v1/feed?token=x").bearer_auth(token(Uuid::now_v7()));
    problem(request.send().await.unwrap(), 400, "INVALID_REQUEST").await;
    stage.stop().await;
}

#[tokio::test]
async fn without_a_broker_the_feed_stays_open_and_the_gateway_ready() {
    let stage = Stage::start_without_broker(|config| config.feed.heartbeat = Duration::from_millis(50)).await;
    let mut feed = Feed::open(&stage, Uuid::now_v7()).await;
    for _ in 0..3 {
        let heartbeat = within("a heartbeat", feed.block()).await;
        assert_eq!(heartbeat, Some(Block::Comment("heartbeat".to_owned())));
    }
    assert_eq!(stage.ops("/readyz").await.status(), 200);
    stage.stop().await;
}

#[tokio::test]
async fn a_user_has_so_many_feeds_and_no_more() {
    let stage = Stage::start_with(|config| config.feed.max_connections_per_user = 2).await;
    let anna = Uuid::now_v7();
    let first = Feed::open(&stage, anna).await;
    let _second = Feed::open(&stage, anna).await;
    let third = stage.get("/v1/feed").bearer_auth(token(anna)).send().await.unwrap();
    assert!(third.headers().contains_key("retry-after"));
    problem(third, 429, "TOO_MANY_REQUESTS").await;
    let _of_boris = Feed::open(&stage, Uuid::now_v7()).await;
    drop(first);
    // The gateway learns of the end of a connection at its own pace.
    crate::stage::eventually("a place to be free", || async {
        stage.get("/v1/feed").bearer_auth(token(anna)).send().await.unwrap().status() == 200
    })
    .await;
    stage.stop().await;
}

#[tokio::test]
async fn a_trainer_who_comes_back_sees_nothing_of_those_who_left_meanwhile() {
    use fitness_proto::fitness::workout::v1::{Athlete, ListAthletesResponse};
    let stage = Stage::start().await;
    let [anna, boris, trainer] = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let mut feed = Feed::live(&stage, trainer).await;
    let first = stage.publish(&started(trainer)).await;
    feed.event().await;
    for athlete in [anna, boris] {
        let event = WorkoutStarted { trainer_ids: vec![trainer.to_string()], ..started(athlete) };
        stage.publish(&event).await;
        feed.event().await;
    }
    let rpc = "/fitness.workout.v1.TrainerService/ListAthletes";
    let boris_only = Athlete { athlete_id: boris.to_string(), ..Athlete::default() };
    let answer = ListAthletesResponse { athletes: vec![boris_only], ..ListAthletesResponse::default() };
    stage.workout_svc.script.answer(rpc, Ok(answer));
    let mut resumed = Feed::resume(&stage, trainer, first).await;
    assert_eq!(resumed.event().await.2["user_id"], boris.to_string());

    // Who they are cannot be asked: nothing of others is shown, and the client is told.
    stage.workout_svc.script.answer::<ListAthletesResponse>(rpc, Err(tonic::Status::unavailable("away")));
    let mut resumed = Feed::resume(&stage, trainer, first).await;
    assert_eq!(resumed.event().await.1, "lagged");
    stage.stop().await;
}
