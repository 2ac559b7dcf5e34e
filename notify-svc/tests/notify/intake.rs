//! Events that make no mail.

use std::sync::Arc;
use std::time::Duration;

use eventbus::Outcome;
use fitness_proto::fitness::user::v1::{CodePurpose, OneTimeCodeIssued};
use notify_svc::events::Arrival;
use notify_svc::ledger::waiting::settle;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::people_events::deleted;
use crate::stage::{LIMIT, Person, Stage, envelope, registered, verified};

fn stranger() -> Person {
    Person { user_id: Uuid::now_v7(), email: "stranger@example.org".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_an_unknown_type_is_done() {
    let stage = Stage::new().await;
    let mut event = verified(&stranger());
    event.event_type = "fitness.user.v1.SomethingNew".to_owned();
    assert_eq!(stage.take(&[event]).await, [Outcome::Done]);
    assert_eq!(stage.count("TRUE").await, 0);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_event_are_rejected_and_do_not_hold_up_their_batch() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    let mut broken = verified(&person);
    broken.payload = vec![0xff, 0xff].into();
    let mut nobody = stranger();
    nobody.email.clear();
    let outcomes = stage.take(&[broken, registered(&nobody, "en"), verified(&person)]).await;
    assert!(matches!(&outcomes[0], Outcome::Reject(_)), "{:?}", outcomes[0]);
    assert!(matches!(&outcomes[1], Outcome::Reject(reason) if reason.contains("email")), "{:?}", outcomes[1]);
    assert_eq!(outcomes[2], Outcome::Done);
    assert_eq!(stage.count("TRUE").await, 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_about_somebody_unknown_waits_for_the_registration_and_holds_nobody() {
    let stage = Stage::new().await;
    let (known, unknown) = (stage.person("en").await, stranger());
    let early = verified(&unknown);
    stage.take_all(&[early.clone(), verified(&known)]).await;
    assert_eq!(stage.count("TRUE").await, 1);
    stage.take_all(&[early.clone(), registered(&unknown, "en")]).await;
    assert_eq!(stage.count("TRUE").await, 2);
    // A repetition of either changes nothing.
    stage.take_all(&[early, registered(&unknown, "en")]).await;
    assert_eq!(stage.count("TRUE").await, 2);
    assert_eq!(waiting(&stage).await, 0);
    stage.finish().await;
}

async fn waiting(stage: &Stage) -> i64 {
    let query = "SELECT count(*) FROM waiting_notifications";
    sqlx::query_scalar(query).fetch_one(&stage.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_never_comes_is_waited_for_a_day() {
    let stage = Stage::new().await;
    let (lately, yesterday) = (stranger(), stranger());
    stage.take_all(&[verified(&lately), verified(&yesterday)]).await;
    let age = "UPDATE waiting_notifications
               SET arrive_time = now() - CASE WHEN user_id = $1 THEN INTERVAL '25 hours' ELSE INTERVAL '23 hours' END";
    sqlx::query(age).bind(yesterday.user_id).execute(&stage.pool).await.unwrap();
    let mut connection = stage.pool.acquire().await.unwrap();
    assert_eq!(settle(&mut connection).await.unwrap(), 1);
    drop(connection);
    stage.take_all(&[registered(&lately, "en"), registered(&yesterday, "en")]).await;
    assert_eq!((stage.count("TRUE").await, waiting(&stage).await), (1, 0));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_bounded_for_each_account_and_goes_with_it() {
    const FOR_ONE: i64 = 32;
    let stage = Stage::new().await;
    let (crowded, other) = (stranger(), stranger());
    let mut events: Vec<_> = (0..FOR_ONE + 8).map(|_| verified(&crowded)).collect();
    events.push(verified(&other));
    let outcomes = stage.take(&events).await;
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Reject(_))).count();
    assert_eq!((refused, waiting(&stage).await), (8, FOR_ONE + 1));
    assert_eq!(outcomes.last(), Some(&Outcome::Done));
    stage.take_all(&[deleted(&crowded)]).await;
    assert_eq!(waiting(&stage).await, 1);
    stage.take_all(&[verified(&crowded)]).await;
    assert_eq!(waiting(&stage).await, 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_that_the_tables_refuse_is_found_among_many_and_is_the_only_one_refused() {
    let stage = Stage::new().await;
    // What the rules of this service do not foresee.
    sqlx::query("ALTER TABLE recipients ADD CHECK (locale <> 'xx')").execute(&stage.pool).await.unwrap();
    let people: Vec<_> = (0..500).map(|_| stranger()).collect();
    let locale = |number: usize| if [0, 123, 124, 499].contains(&number) { "xx" } else { "en" };
    let events: Vec<_> =
        (0..).zip(&people).map(|(number, person)| registered(person, locale(number))).collect();
    for (number, outcome) in stage.take(&events).await.iter().enumerate() {
        match outcome {
            Outcome::Done => assert_eq!(locale(number), "en"),
            Outcome::Reject(reason) => {
                assert_eq!(locale(number), "xx");
                assert!(reason.contains("23514") && !reason.contains("example.org"), "{reason}");
            }
            Outcome::Retry(reason) => panic!("{number}: {reason}"),
        }
    }
    let stored: i64 =
        sqlx::query_scalar("SELECT count(*) FROM recipients").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(stored, 496);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_registration_never_overwrites_a_newer_one() {
    let stage = Stage::new().await;
    let mut person = stranger();
    let older = registered(&person, "en");
    person.email = "new@example.org".to_owned();
    let newer = registered(&person, "en");
    stage.take_all(&[newer]).await;
    stage.take_all(&[older]).await;
    let email: String =
        sqlx::query_scalar("SELECT email FROM recipients").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(email, "new@example.org");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_without_seal_or_expiry_is_rejected() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    let event = OneTimeCodeIssued {
        user_id: person.user_id.to_string(),
        purpose: CodePurpose::Verify.into(),
        ..OneTimeCodeIssued::default()
    };
    let outcomes = stage.take(&[envelope(&event)]).await;
    assert!(matches!(&outcomes[0], Outcome::Reject(reason) if reason.contains("expire_time")));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_intake_asks_for_the_events_again() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    stage.pool.close().await;
    let outcomes = stage.take(&[verified(&person)]).await;
    assert!(matches!(&outcomes[0], Outcome::Retry(_)));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_many_partitions_leave_connections_to_the_mails() {
    const CONNECTIONS: u32 = 6;
    let stage = Stage::new().await;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(&stage.database_url).await.unwrap();
    let intake = Arc::new(stage.intake(pool.clone()));
    let mut lock = stage.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE recipients IN EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
    let mut batches = JoinSet::new();
    for _ in 0..2 * CONNECTIONS {
        let (intake, event) = (Arc::clone(&intake), registered(&stranger(), "en"));
        batches.spawn(async move {
            let arrival = Arrival { envelope: &event, position: None, trace: event.trace.clone() };
            intake.take(&[arrival]).await
        });
    }
    let waiting = "SELECT count(*) FROM pg_locks
                   WHERE NOT granted AND relation = 'recipients'::regclass";
    let waits = || async { sqlx::query_scalar::<_, i64>(waiting).fetch_one(&stage.pool).await.unwrap() };
    timeout(LIMIT, async {
        while waits().await == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();

    // What claims, sends and records mails finds most of the connections free.
    let mut free = Vec::new();
    for _ in 0..CONNECTIONS * 2 / 3 {
        free.push(pool.acquire().await.unwrap());
    }
    assert!(waits().await <= i64::from(CONNECTIONS / 3));
    lock.commit().await.unwrap();
    drop(free);
    for outcomes in batches.join_all().await {
        assert_eq!(outcomes, [Outcome::Done]);
    }
    pool.close().await;
    stage.finish().await;
}
