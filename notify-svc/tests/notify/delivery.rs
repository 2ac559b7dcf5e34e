//! Mails that arrive.

use std::time::Duration;

use chrono::TimeDelta;
use embedded::mailbox::{Command, Fault};

use crate::stage::{LIMIT, Stage, TRACEPARENT, eventually, repeated, verified};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_arrives_in_the_language_of_its_owner_and_leaves_no_secret_behind() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(2));
    let person = stage.person("ru-RU").await;
    stage.take_all(&[stage.code(&person, "042137", TimeDelta::minutes(15))]).await;

    let mails = stage.mailbox.wait_for(&person.email, 1, LIMIT).await;
    let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
    assert_eq!(mail.subject(), "Код для подтверждения адреса");
    assert!(mail.text().contains("042137") && mail.html().contains("042137"));
    assert_eq!(mail.header("Auto-Submitted"), ["auto-generated"]);
    assert_eq!(mail.header("Content-Language"), ["ru"]);
    assert_eq!(mail.header("Reply-To").len(), 1);
    assert_eq!(mail.header("X-Trace-Id"), ["4bf92f3577b34da6a3ce929d0e0e4736"]);
    assert_eq!(mail.header("Message-ID").len(), 1);

    stage.wait_for_state(&person, "sent").await;
    assert_eq!(stage.timeline(&person).await, ["pending", "sending", "sent"]);
    assert_eq!(stage.count("secrets IS NOT NULL OR lease_owner IS NOT NULL").await, 0);
    assert_eq!(stage.published("NotificationSent").await, 1);
    assert_eq!(stage.published_traces().await, [TRACEPARENT]);
    workers.stop().await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_use_case_has_its_mail() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(1));
    let person = stage.person("en").await;
    stage.take_all(&[verified(&person)]).await;
    stage.take_all(&[repeated(&person)]).await;
    let mails = stage.mailbox.wait_for(&person.email, 2, LIMIT).await;
    let mut subjects: Vec<_> = mails.iter().map(|mail| mail.subject()).collect();
    subjects.sort();
    assert_eq!(subjects, ["Welcome to Fitness Trainer", "You already have an account"]);
    workers.stop().await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_delivered_twice_makes_one_mail() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(2));
    let person = stage.person("en").await;
    let event = verified(&person);
    stage.take_all(&[event.clone(), event.clone()]).await;
    stage.wait_for_state(&person, "sent").await;
    stage.take_all(&[event]).await;
    assert_eq!(stage.count("TRUE").await, 1);
    // Whatever the senders still hold goes out before they stop.
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_the_work_and_send_each_mail_once() {
    let stage = Stage::new().await;
    let people = stage.people(300, "en").await;
    let events: Vec<_> = people.iter().map(verified).collect();
    stage.take_all(&events).await;
    let (one, other) = (stage.start(stage.config(3)), stage.start(stage.config(3)));
    assert!(eventually(async || stage.count("state = 'sent'").await == 300).await);
    one.stop().await;
    other.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 300);
    for person in &people {
        assert_eq!(stage.mailbox.messages_to(&person.email).len(), 1);
    }
    assert_eq!(stage.count("attempts <> 1").await, 0);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_pipelining_mail_arrives_all_the_same() {
    let stage = Stage::new().await;
    let mut config = stage.config(2);
    config.smtp.pipelining = false;
    let workers = stage.start(config);
    let people = stage.people(20, "en").await;
    stage.take_all(&people.iter().map(verified).collect::<Vec<_>>()).await;
    assert!(eventually(async || stage.count("state = 'sent'").await == 20).await);
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 20);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_takes_its_time_holds_up_its_own_connection_only() {
    let stage = Stage::new().await;
    let slow = Fault::Delay { at: Command::FinalDot, duration: Duration::from_secs(3) };
    stage.mailbox.inject(slow, 1);
    let workers = stage.start(stage.config(2));
    let people = stage.people(20, "en").await;
    stage.take_all(&people.iter().map(verified).collect::<Vec<_>>()).await;
    assert!(eventually(async || stage.count("state = 'sent'").await >= 19).await);
    assert_eq!(stage.count("state = 'sending'").await, 1);
    assert!(eventually(async || stage.count("state = 'sent'").await == 20).await);
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 20);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_code_supersedes_the_older_whatever_order_they_arrive_in() {
    let stage = Stage::new().await;
    let (first, second) = (stage.person("en").await, stage.person("en").await);
    let now = chrono::Utc::now();
    let lives = TimeDelta::minutes(15);
    let older = |person| stage.code_at(person, "111111", now - TimeDelta::seconds(10), lives);
    let newer = |person| stage.code_at(person, "222222", now, lives);
    for event in [older(&first), newer(&first), newer(&second), older(&second)] {
        stage.take_all(&[event]).await;
    }
    let workers = stage.start(stage.config(2));
    for person in [&first, &second] {
        let mails = stage.mailbox.wait_for(&person.email, 1, LIMIT).await;
        assert!(mails[0].text().contains("222222"));
    }
    assert!(eventually(async || stage.count("state = 'sent'").await == 2).await);
    assert_eq!(stage.count("state = 'cancelled' AND secrets IS NULL AND attempts = 0").await, 2);
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 2);
    stage.finish().await;
}
