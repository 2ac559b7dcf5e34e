//! The relay says no.

use chrono::TimeDelta;
use embedded::mailbox::{Command, Fault};

use crate::stage::{Stage, eventually, verified};

#[tokio::test(flavor = "multi_thread")]
async fn refused_for_now_is_sent_later() {
    for at in [Command::MailFrom, Command::RcptTo, Command::Data, Command::FinalDot] {
        let stage = Stage::new().await;
        stage.mailbox.inject(Fault::Reply { at, code: 451, text: "try later".to_owned() }, 1);
        let workers = stage.start(stage.config(1));
        let person = stage.person("en").await;
        stage.take_all(&[verified(&person)]).await;
        stage.wait_for_state(&person, "deferred").await;
        let seconds: f64 = sqlx::query_scalar(
            "SELECT EXTRACT(EPOCH FROM next_attempt_at - update_time)::FLOAT8 FROM notifications",
        )
        .fetch_one(&stage.pool)
        .await
        .unwrap();
        assert!((4.0..=6.0).contains(&seconds), "due again after {seconds} s");
        stage.make_due().await;
        stage.wait_for_state(&person, "sent").await;
        assert_eq!(stage.timeline(&person).await, ["pending", "sending", "deferred", "sending", "sent"]);
        workers.stop().await;
        assert_eq!(stage.mailbox.messages().len(), 1);
        stage.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_for_good_fails_and_holds_nobody_else_up() {
    let stage = Stage::new().await;
    let people = stage.people(10, "en").await;
    let bad = &people[4];
    let text = format!("5.1.1 <{}>: no such mailbox", bad.email);
    stage.mailbox.inject(Fault::RefuseRecipient { address: bad.email.clone(), code: 550, text }, 1);
    let workers = stage.start(stage.config(1));
    stage.take_all(&people.iter().map(verified).collect::<Vec<_>>()).await;
    stage.wait_for_state(bad, "failed").await;
    assert!(eventually(async || stage.count("state = 'sent'").await == 9).await);
    assert_eq!(stage.published("NotificationFailed").await, 1);
    let (code, text): (i32, String) =
        sqlx::query_as("SELECT reply_code, reply_text FROM notification_timeline WHERE state = 'failed'")
            .fetch_one(&stage.pool)
            .await
            .unwrap();
    assert_eq!((code, text.as_str()), (550, "5.1.1 <address> no such mailbox"));
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 9);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_kept_while_the_mail_is_open_and_erased_when_it_fails() {
    let stage = Stage::new().await;
    stage.mailbox.inject(Fault::Reply { at: Command::RcptTo, code: 450, text: "later".to_owned() }, 1);
    stage.mailbox.inject(Fault::Reply { at: Command::RcptTo, code: 550, text: "never".to_owned() }, 1);
    let workers = stage.start(stage.config(1));
    let person = stage.person("en").await;
    stage.take_all(&[stage.code(&person, "111111", TimeDelta::minutes(15))]).await;
    stage.wait_for_state(&person, "deferred").await;
    assert_eq!(stage.count("secrets IS NOT NULL").await, 1);
    stage.make_due().await;
    stage.wait_for_state(&person, "failed").await;
    assert_eq!(stage.count("secrets IS NOT NULL").await, 0);
    workers.stop().await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_deferred_gives_way_to_a_newer_one() {
    let stage = Stage::new().await;
    stage.mailbox.inject(Fault::Reply { at: Command::RcptTo, code: 450, text: "later".to_owned() }, 1);
    let workers = stage.start(stage.config(1));
    let person = stage.person("en").await;
    stage.take_all(&[stage.code(&person, "111111", TimeDelta::minutes(15))]).await;
    stage.wait_for_state(&person, "deferred").await;
    stage.take_all(&[stage.code(&person, "222222", TimeDelta::minutes(15))]).await;
    assert!(eventually(async || stage.count("state = 'sent'").await == 1).await);
    assert_eq!(stage.count("state = 'cancelled' AND secrets IS NULL").await, 1);
    workers.stop().await;
    let mails = stage.mailbox.messages();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text().contains("222222"));
    stage.finish().await;
}
