//! Which mail an event becomes, seen in the mailbox.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use embedded::mailbox::Message;
use eventbus::Envelope;
use fitness_proto::fitness::user::v1::CodePurpose;

use crate::people_events::{
    achievement, password_changed, profile_updated, reminder, reset_requested, routine_assigned, signed_in,
    week_over,
};
use crate::stage::{LIMIT, Person, Stage, eventually};

/// Sends the mail of one event to somebody who reads English.
async fn mail(stage: &Stage, event: impl FnOnce(&Person) -> Envelope) -> Arc<Message> {
    let person = stage.person("en").await;
    stage.take_all(&[event(&person)]).await;
    let mut mails = stage.mailbox.wait_for(&person.email, 1, LIMIT).await;
    assert_eq!(mails.len(), 1);
    mails.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_and_links_reach_the_mailbox_and_cannot_be_switched_off() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(2));
    let code = mail(&stage, |person| {
        stage.code_for(CodePurpose::Login, person, "042137", Utc::now(), TimeDelta::minutes(10))
    });
    let code = code.await;
    assert_eq!(code.subject(), "Your code to sign in");
    assert!(code.text().contains("042137") && code.html().contains("042137"));
    let reset = mail(&stage, |person| reset_requested(&stage, person, "tok-EN_42")).await;
    assert_eq!(reset.subject(), "Choose a new password");
    for body in [reset.text(), reset.html()] {
        assert!(body.contains("https://fitness.example/reset-password?token=tok-EN_42"), "{body}");
    }
    let changed = mail(&stage, password_changed).await;
    assert_eq!(changed.subject(), "Your password was changed");
    let sign_in = mail(&stage, |person| signed_in(person, "Firefox on Linux", true)).await;
    assert_eq!(sign_in.subject(), "New sign-in to your account");
    assert!(sign_in.text().contains("Firefox on Linux"));
    for mail in [code, reset, changed, sign_in] {
        assert_eq!(mail.header("List-Unsubscribe"), Vec::<String>::new());
        assert_eq!(mail.header("List-Unsubscribe-Post"), Vec::<String>::new());
    }
    workers.stop().await;
    assert_eq!(stage.count("secrets IS NOT NULL").await, 0);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_about_training_can_be_switched_off_in_the_mail() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(2));
    let reminder = mail(&stage, |person| reminder(person, TimeDelta::hours(1))).await;
    assert_eq!(reminder.subject(), "Time to train: Upper body");
    assert!(reminder.text().contains("Shoes are in the bag."));
    let achievement = mail(&stage, |person| achievement(person, "Ten workouts")).await;
    assert_eq!(achievement.subject(), "You did it: Ten workouts");
    let routine = mail(&stage, routine_assigned).await;
    assert_eq!(routine.subject(), "A new routine for you: Strong back");
    assert!(routine.text().contains("Tom has put together a routine"));
    let week = mail(&stage, week_over).await;
    assert_eq!(week.subject(), "Your week: 16–22 November 2026");
    assert!(week.text().contains("Volume: 12,346 kg") && week.text().contains("Bob"));
    for mail in [reminder, achievement, routine, week] {
        let link = mail.header("List-Unsubscribe").remove(0);
        let token = link
            .strip_prefix("<https://fitness.example/v1/unsubscribe?token=")
            .and_then(|rest| rest.strip_suffix('>'))
            .unwrap_or_else(|| panic!("{link}"));
        assert_eq!(mail.header("List-Unsubscribe-Post"), ["List-Unsubscribe=One-Click"]);
        let page = format!("https://fitness.example/unsubscribe?token={token}");
        assert!(mail.text().contains(&page) && mail.html().contains(&page));
    }
    workers.stop().await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_from_a_known_device_is_not_mailed() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    stage.take_all(&[signed_in(&person, "Firefox on Linux", false)]).await;
    assert_eq!(stage.count("TRUE").await, 0);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_link_makes_the_older_mail_pointless() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    stage.take_all(&[reset_requested(&stage, &person, "first")]).await;
    stage.take_all(&[reset_requested(&stage, &person, "second")]).await;
    assert_eq!(stage.count("state = 'cancelled' AND secrets IS NULL").await, 1);
    let workers = stage.start(stage.config(1));
    let mails = stage.mailbox.wait_for(&person.email, 1, LIMIT).await;
    assert!(mails[0].text().contains("token=second"));
    workers.stop().await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_or_a_link_goes_to_the_address_it_was_made_for_and_to_no_other() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    let redirected = Person { email: format!("thief-{}", person.email), user_id: person.user_id };
    stage.take_all(&[profile_updated(&redirected, "en", Utc::now())]).await;
    let code = stage.code_for(CodePurpose::Login, &person, "042137", Utc::now(), TimeDelta::minutes(10));
    stage.take_all(&[reset_requested(&stage, &person, "token"), code]).await;
    let workers = stage.start(stage.config(1));
    let both_failed = async || stage.count("state = 'failed' AND secrets IS NULL").await == 2;
    assert!(eventually(both_failed).await);
    // What is no secret follows the profile.
    stage.take_all(&[password_changed(&person)]).await;
    let mails = stage.mailbox.wait_for(&redirected.email, 1, LIMIT).await;
    assert_eq!(mails.len(), 1);
    assert!(!mails[0].text().contains("042137") && !mails[0].text().contains("token="));
    workers.stop().await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_mail_follows_a_changed_profile() {
    let stage = Stage::new().await;
    let mut person = stage.person("en").await;
    person.email = format!("new-{}", person.email);
    stage.take_all(&[profile_updated(&person, "ru", Utc::now())]).await;
    stage.take_all(&[profile_updated(&person, "en", Utc::now() - TimeDelta::hours(1))]).await;
    let workers = stage.start(stage.config(1));
    stage.take_all(&[achievement(&person, "Десять тренировок")]).await;
    let mails = stage.mailbox.wait_for(&person.email, 1, LIMIT).await;
    assert_eq!(mails[0].subject(), "Получилось: Десять тренировок");
    assert!(mails[0].text().contains("Здравствуйте, Anna!"));
    workers.stop().await;
    stage.finish().await;
}
