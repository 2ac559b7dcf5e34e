//! The relay goes away and comes back.

use chassis::health::State;
use chrono::TimeDelta;
use embedded::mailbox::{Command, Fault};

use crate::stage::{LIMIT, Running, Stage, eventually, verified};

fn relay_is_down(workers: &Running) -> bool {
    matches!(workers.health.report().dependencies["smtp"].state, State::Down { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_waits_for_a_relay_that_is_away_and_burns_no_attempt() {
    let stage = Stage::new().await;
    stage.mailbox.close_smtp().await;
    let workers = stage.start(stage.config(3));
    let people = stage.people(10, "en").await;
    stage.take_all(&people.iter().map(verified).collect::<Vec<_>>()).await;

    assert!(eventually(async || relay_is_down(&workers)).await);
    assert!(
        eventually(
            async || stage.count("state = 'pending' AND attempts = 0 AND lease_owner IS NULL").await == 10
        )
        .await
    );
    stage.mailbox.open_smtp().await.unwrap();
    assert!(eventually(async || stage.count("state = 'sent'").await == 10).await);
    assert_eq!(stage.count("attempts = 1").await, 10);
    for person in &people {
        assert_eq!(stage.timeline(person).await, ["pending", "sending", "sent"]);
    }
    assert!(!relay_is_down(&workers));
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 10);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_died_meanwhile_is_replaced_without_anybody_noticing() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(1));
    let (first, second) = (stage.person("en").await, stage.person("en").await);
    stage.take_all(&[verified(&first)]).await;
    stage.wait_for_state(&first, "sent").await;
    stage.mailbox.close_smtp().await;
    stage.mailbox.open_smtp().await.unwrap();
    stage.take_all(&[verified(&second)]).await;
    stage.wait_for_state(&second, "sent").await;
    assert_eq!(stage.timeline(&second).await, ["pending", "sending", "sent"]);
    assert_eq!(stage.standing(&second).await, ("sent".to_owned(), 1));
    workers.stop().await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_goes_away_between_two_mails_burns_no_attempt() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(1));
    let (first, second) = (stage.person("en").await, stage.person("en").await);
    stage.take_all(&[verified(&first)]).await;
    stage.wait_for_state(&first, "sent").await;
    stage.mailbox.close_smtp().await;
    stage.take_all(&[verified(&second)]).await;
    assert!(
        eventually(async || stage.standing(&second).await == ("pending".to_owned(), 0)
            && stage.timeline(&second).await.len() > 1)
        .await
    );
    stage.mailbox.open_smtp().await.unwrap();
    stage.wait_for_state(&second, "sent").await;
    assert_eq!(stage.standing(&second).await.1, 1);
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 2);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn service_not_available_is_about_the_relay_wherever_it_is_said() {
    let stage = Stage::new().await;
    for at in [Command::Connect, Command::MailFrom, Command::RcptTo, Command::FinalDot] {
        stage.mailbox.inject(Fault::Reply { at, code: 421, text: "going down".to_owned() }, 1);
    }
    let workers = stage.start(stage.config(1));
    let person = stage.person("en").await;
    stage.take_all(&[verified(&person)]).await;
    stage.wait_for_state(&person, "sent").await;
    assert_eq!(stage.standing(&person).await.1, 1);
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_whose_time_is_over_expires_and_is_never_sent() {
    let stage = Stage::new().await;
    stage.mailbox.close_smtp().await;
    let workers = stage.start(stage.config(2));
    let (late, other) = (stage.person("en").await, stage.person("en").await);
    stage.take_all(&[stage.code(&late, "111111", TimeDelta::minutes(15)), verified(&other)]).await;
    assert!(eventually(async || relay_is_down(&workers)).await);
    sqlx::query("UPDATE notifications SET deliver_before = now() WHERE user_id = $1")
        .bind(late.user_id)
        .execute(&stage.pool)
        .await
        .unwrap();
    stage.wait_for_state(&late, "expired").await;
    stage.mailbox.open_smtp().await.unwrap();
    assert_eq!(stage.mailbox.wait_for(&other.email, 1, LIMIT).await.len(), 1);
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 1);
    assert_eq!(stage.count("state = 'expired' AND secrets IS NULL").await, 1);
    stage.finish().await;
}
