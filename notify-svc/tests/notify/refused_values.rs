//! A row that the database refuses costs itself and nobody else.

use embedded::mailbox::Fault;

use uuid::Uuid;

use crate::stage::{LIMIT, Person, Stage, eventually, registered, repeated, verified};

/// Makes the timeline refuse what `condition` describes.
async fn refuse(stage: &Stage, condition: &str) {
    for statement in [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
         AS $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '22021'; END $$"
            .to_owned(),
        format!(
            "CREATE TRIGGER refuse BEFORE INSERT ON notification_timeline
             FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse()"
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&stage.pool).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_the_ledger_refuses_are_left_out_and_the_outcome_is_kept() {
    let stage = Stage::new().await;
    refuse(&stage, "NEW.reply_text LIKE '%poison%'").await;
    let people = stage.people(20, "en").await;
    let bad = &people[7];
    let text = "5.1.1 poison".to_owned();
    stage.mailbox.inject(Fault::RefuseRecipient { address: bad.email.clone(), code: 550, text }, 1);
    let workers = stage.start(stage.config(4));
    stage.take_all(&people.iter().map(verified).collect::<Vec<_>>()).await;
    stage.wait_for_state(bad, "failed").await;
    assert!(eventually(async || stage.count("state = 'sent'").await == 19).await);
    workers.stop().await;
    let (code, text): (i32, String) =
        sqlx::query_as("SELECT reply_code, reply_text FROM notification_timeline WHERE state = 'failed'")
            .fetch_one(&stage.pool)
            .await
            .unwrap();
    assert_eq!((code, text.as_str()), (550, ""));
    assert_eq!(stage.mailbox.messages().len(), 19);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_written_at_all_is_left_to_its_lease_and_holds_nobody_up() {
    let stage = Stage::new().await;
    let people = stage.people(20, "en").await;
    stage.take_all(&people.iter().map(verified).collect::<Vec<_>>()).await;
    let bad: uuid::Uuid = sqlx::query_scalar("SELECT notification_id FROM notifications WHERE user_id = $1")
        .bind(people[7].user_id)
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    refuse(&stage, &format!("NEW.state = 'sending' AND NEW.notification_id = '{bad}'")).await;
    let workers = stage.start(stage.config(4));
    assert!(eventually(async || stage.count("state = 'sent'").await == 19).await);
    assert!(stage.mailbox.messages_to(&people[7].email).is_empty());
    // Once the database takes the row, it goes out, without a restart.
    sqlx::query("DROP TRIGGER refuse ON notification_timeline").execute(&stage.pool).await.unwrap();
    stage.wait_for_state(&people[7], "sent").await;
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 20);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_and_cannot_be_entered_costs_neither_its_account_nor_others_anything() {
    let service = crate::service::Service::start_on(Stage::new().await, None).await;
    let stage = &service.stage;
    let people: Vec<_> = (0..7)
        .map(|_| {
            let user_id = Uuid::now_v7();
            Person { user_id, email: format!("{}@example.org", user_id.simple()) }
        })
        .collect();
    let early: Vec<_> = people.iter().map(verified).collect();
    stage.take_all(&early).await;
    let poison =
        format!("ALTER TABLE notifications ADD CONSTRAINT poison CHECK (event_id <> '{}')", early[3].id);
    sqlx::query(sqlx::AssertSqlSafe(poison)).execute(&stage.pool).await.unwrap();

    let registrations: Vec<_> = people.iter().map(|person| registered(person, "en")).collect();
    stage.take_all(&registrations).await;
    let waiting = async || -> i64 {
        let query = "SELECT count(*) FROM waiting_notifications";
        sqlx::query_scalar(query).fetch_one(&stage.pool).await.unwrap()
    };
    assert!(eventually(async || waiting().await == 0).await);
    assert!(eventually(async || stage.count("state = 'sent'").await == 6).await);
    // The account is known all the same.
    stage.take_all(&[repeated(&people[3])]).await;
    assert_eq!(stage.mailbox.wait_for(&people[3].email, 1, LIMIT).await.len(), 1);
    service.stop().await;
}
