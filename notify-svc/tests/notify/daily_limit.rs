//! How many mails somebody else may cause in a day.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use eventbus::Envelope;
use fitness_proto::fitness::workout::v1::{RoutineAction, RoutineChanged};
use uuid::Uuid;

use crate::stage::{Person, Stage, envelope_at, eventually, registered};

fn assigned(person: &Person, at: DateTime<Utc>) -> Envelope {
    let event = RoutineChanged {
        user_id: person.user_id.to_string(),
        routine_id: Uuid::now_v7().to_string(),
        name: "Strength".to_owned(),
        action: RoutineAction::Assigned.into(),
        actor_name: "Tom".to_owned(),
        ..RoutineChanged::default()
    };
    envelope_at(&event, at)
}

async fn skipped_for_their_number(stage: &Stage) -> i64 {
    let query = "SELECT count(*) FROM notification_timeline
                 WHERE state = 'skipped'
                   AND detail = '3 mails of this kind a day are enough for one recipient; this is one more'";
    sqlx::query_scalar(query).fetch_one(&stage.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_assigned_routines_three_a_day_are_mailed_and_the_timeline_of_the_others_says_why_they_are_not()
 {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(2));
    let (flooded, other) = (stage.person("en").await, stage.person("en").await);
    let today = Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc();
    let events: Vec<_> =
        (0..60).map(|number| assigned(&flooded, today + TimeDelta::milliseconds(number))).collect();
    for batch in events.chunks(7) {
        stage.take_all(batch).await;
    }
    // A repetition changes nothing, and another day and another person have their own three.
    stage.take_all(&events).await;
    let yesterday = today - TimeDelta::hours(1);
    stage.take_all(&[yesterday; 4].map(|at| assigned(&flooded, at))).await;
    stage.take_all(&[assigned(&other, today)]).await;

    assert!(eventually(async || stage.count("state = 'sent'").await == 7).await);
    assert_eq!(stage.count("state = 'skipped'").await, 58);
    assert_eq!(stage.count("state NOT IN ('sent', 'skipped')").await, 0);
    assert_eq!(skipped_for_their_number(&stage).await, 58);
    workers.stop().await;
    assert_eq!(stage.mailbox.messages_to(&flooded.email).len(), 6);
    assert_eq!(stage.mailbox.messages_to(&other.email).len(), 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_its_account_counts_as_well() {
    let stage = Stage::new().await;
    let user_id = Uuid::now_v7();
    let person = Person { user_id, email: format!("{}@example.org", user_id.simple()) };
    let today = Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc();
    stage.take_all(&[today; 10].map(|at| assigned(&person, at))).await;
    stage.take_all(&[registered(&person, "en")]).await;
    assert_eq!((stage.count("state = 'pending'").await, stage.count("state = 'skipped'").await), (3, 7));
    assert_eq!(skipped_for_their_number(&stage).await, 7);
    stage.finish().await;
}
