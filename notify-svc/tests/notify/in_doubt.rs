//! The connection dies between the final dot and the reply.

use chrono::TimeDelta;
use embedded::mailbox::{Command, Fault};
use notify_svc::notification::Category;

use crate::stage::{Stage, verified};

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_in_doubt_is_sent_again_byte_by_byte_the_same() {
    let stage = Stage::new().await;
    stage.mailbox.inject(Fault::CloseAfterFinalDot { keep: true }, 1);
    let workers = stage.start(stage.config(1));
    let person = stage.person("ru").await;
    stage.take_all(&[stage.code(&person, "042137", TimeDelta::minutes(15))]).await;
    stage.wait_for_state(&person, "in_doubt").await;
    assert_eq!(stage.published("NotificationInDoubt").await, 1);
    stage.make_due().await;
    stage.wait_for_state(&person, "sent").await;
    assert_eq!(stage.timeline(&person).await, ["pending", "sending", "in_doubt", "sending", "sent"]);
    workers.stop().await;

    let mails = stage.mailbox.messages();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
    // The server puts its own lines in front; from our first header on the two are the same.
    let own = |mail: &embedded::mailbox::Message| {
        let raw = String::from_utf8(mail.raw().to_vec()).unwrap();
        raw[raw.find("From: ").unwrap()..].to_owned()
    };
    assert_eq!(own(&mails[0]), own(&mails[1]));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_that_gives_up_leaves_the_mail_in_doubt() {
    let mut stage = Stage::new().await;
    stage.give_up_in_doubt = vec![Category::OneTimeCode];
    stage.mailbox.inject(Fault::CloseAfterFinalDot { keep: false }, 1);
    let workers = stage.start(stage.config(1));
    let (person, other) = (stage.person("en").await, stage.person("en").await);
    stage.take_all(&[stage.code(&person, "042137", TimeDelta::minutes(15))]).await;
    stage.wait_for_state(&person, "in_doubt").await;
    stage.take_all(&[verified(&other)]).await;
    stage.wait_for_state(&other, "sent").await;
    assert_eq!(stage.standing(&person).await, ("in_doubt".to_owned(), 1));
    assert_eq!(stage.count("state = 'in_doubt' AND next_attempt_at IS NULL AND secrets IS NULL").await, 1);
    workers.stop().await;
    assert!(stage.mailbox.messages_to(&person.email).is_empty());
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_dies_before_the_final_dot_leaves_no_doubt() {
    for at in [Command::MailFrom, Command::RcptTo, Command::Data] {
        let stage = Stage::new().await;
        // Twice: the first loss is made good over a new connection within the same attempt.
        stage.mailbox.inject(Fault::CloseAt(at), 2);
        let workers = stage.start(stage.config(1));
        let person = stage.person("en").await;
        stage.take_all(&[verified(&person)]).await;
        stage.wait_for_state(&person, "deferred").await;
        stage.make_due().await;
        stage.wait_for_state(&person, "sent").await;
        assert_eq!(stage.timeline(&person).await, ["pending", "sending", "deferred", "sending", "sent"]);
        workers.stop().await;
        assert_eq!(stage.mailbox.messages().len(), 1);
        stage.finish().await;
    }
}
