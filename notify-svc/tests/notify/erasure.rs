//! A deleted account leaves nothing behind, whatever comes late.

use std::fmt::Write as _;

use chrono::{TimeDelta, Utc};
use embedded::mailbox::{Command, Fault};
use eventbus::Outcome;
use fitness_proto::fitness::notify::v1::NotificationPreferences;
use fitness_proto::fitness::user::v1::Role;
use sqlx::{PgPool, Row as _};

use crate::people_events::{achievement, deleted, profile_updated, reminder, roles_changed};
use crate::preferences::update;
use crate::service::Service;
use crate::stage::{Person, Stage, eventually, registered, verified};

/// Every row of every table that holds one of the texts.
async fn rows_with(pool: &PgPool, texts: &[String]) -> Vec<String> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_schema, table_name
         FROM information_schema.tables
         WHERE table_schema IN ('public', 'outbox')",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(tables.len() > 8, "{tables:?}");
    let mut found = Vec::new();
    for (schema, table) in tables {
        let query = format!("SELECT row_to_json(t)::TEXT FROM \"{schema}\".\"{table}\" AS t");
        for row in sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(pool).await.unwrap() {
            let row: String = row.get(0);
            // Bytes are written in hexadecimal.
            if texts.iter().any(|text| row.contains(text) || row.contains(&hex(text))) {
                found.push(format!("{table}: {row}"));
            }
        }
    }
    found
}

fn hex(text: &str) -> String {
    let mut digits = String::new();
    for byte in text.bytes() {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

/// Puts somebody's registration with the dead letters, as the collector does.
async fn bury(pool: &PgPool, person: &Person) {
    let event = registered(person, "en");
    sqlx::query(
        "INSERT INTO dead_letters
             (dead_letter_id, consumer_group, origin_topic, identity, origin_partition, origin_offset, reason, message,
              attempts, event_id, event_type, user_id, record_key, payload, header_names, header_values)
         VALUES ($1, 'user-svc', $2, $1::TEXT, 0, 0, 'rejected', '', 1, $1, $3, $4, $5, $6, '{}', '{}')",
    )
    .bind(event.id)
    .bind(&event.topic)
    .bind(&event.event_type)
    .bind(person.user_id)
    .bind(event.key.as_bytes())
    .bind(event.payload.as_ref())
    .execute(pool)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_deletion_only_the_tombstone_names_the_account() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    let other = stage.person("en").await;
    stage.mailbox.inject(
        Fault::RefuseRecipient { address: person.email.clone(), code: 450, text: "later".to_owned() },
        1,
    );
    stage.take_all(&[verified(&person), verified(&other)]).await;
    stage.wait_for_state(&person, "deferred").await;
    stage.take_all(&[achievement(&person, "Ten workouts")]).await;
    assert!(eventually(async || stage.count("state = 'sent'").await == 2).await);
    stage
        .take_all(&[
            stage.code(&person, "042137", TimeDelta::minutes(15)),
            roles_changed(person.user_id, &[Role::Trainer], Utc::now()),
        ])
        .await;
    update(&service, &person, &["reminders"], NotificationPreferences::default()).await.unwrap();
    bury(&stage.pool, &person).await;
    let traces = [person.email.clone(), person.user_id.to_string()];
    let before = rows_with(&stage.pool, &traces).await;
    for table in ["recipients", "notifications", "preferences", "account_roles", "dead_letters", "events"] {
        assert!(
            before.iter().any(|row| row.starts_with(&format!("{table}: "))),
            "{table} is not in {before:#?}"
        );
    }

    stage.take_all(&[deleted(&person)]).await;
    let left = rows_with(&stage.pool, &traces).await;
    assert!(left.len() == 1 && left[0].starts_with("erased_accounts: "), "{left:#?}");
    let orphans: i64 = sqlx::query_scalar(
        "SELECT count(*)
         FROM notification_timeline AS t
         WHERE NOT EXISTS (
             SELECT
             FROM notifications AS n
             WHERE n.notification_id = t.notification_id
         )",
    )
    .fetch_one(&stage.pool)
    .await
    .unwrap();
    assert_eq!(orphans, 0);
    assert_eq!(stage.standing(&other).await.0, "sent");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_late_or_again_bring_nothing_back() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    stage.take_all(&[deleted(&person)]).await;
    let late = [
        registered(&person, "en"),
        verified(&person),
        profile_updated(&person, "en", Utc::now()),
        roles_changed(person.user_id, &[Role::Admin], Utc::now()),
        reminder(&person, TimeDelta::hours(1)),
        deleted(&person),
    ];
    for event in &late {
        assert_eq!(stage.take(std::slice::from_ref(event)).await, [Outcome::Done], "{}", event.event_type);
    }
    // All in one batch, the deletion among them.
    let batch = stage.take(&late).await;
    assert!(batch.iter().all(|outcome| *outcome == Outcome::Done), "{batch:?}");
    assert_eq!(rows_with(&stage.pool, std::slice::from_ref(&person.email)).await, Vec::<String>::new());
    assert_eq!(rows_with(&stage.pool, &[person.user_id.to_string()]).await.len(), 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_deleted_before_being_known_stays_unknown() {
    let stage = Stage::new().await;
    let user_id = uuid::Uuid::now_v7();
    let person = Person { user_id, email: "early@example.org".to_owned() };
    stage.take_all(&[deleted(&person)]).await;
    stage.take_all(&[registered(&person, "en"), verified(&person)]).await;
    assert_eq!(stage.count("TRUE").await, 0);
    assert_eq!(rows_with(&stage.pool, std::slice::from_ref(&person.email)).await, Vec::<String>::new());
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_while_mails_come_in_and_go_out_misses_none_of_them() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(4));
    stage.mailbox.inject(Fault::Reply { at: Command::RcptTo, code: 450, text: "later".to_owned() }, 20);
    let people = stage.people(20, "en").await;
    let coming = async {
        for _ in 0..5 {
            for person in &people {
                stage.take(&[achievement(person, "Ten workouts")]).await;
            }
        }
    };
    let going = async {
        for person in &people {
            let erased = async || stage.take(&[deleted(person)]).await == [Outcome::Done];
            assert!(eventually(erased).await);
        }
    };
    tokio::join!(coming, going);
    let emails: Vec<_> = people.iter().map(|person| person.email.clone()).collect();
    assert_eq!(rows_with(&stage.pool, &emails).await, Vec::<String>::new());
    assert_eq!(stage.count("TRUE").await, 0);
    workers.stop().await;
    stage.finish().await;
}
