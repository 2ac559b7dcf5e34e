//! Register.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;
use tokio::task::JoinSet;

use user_svc::rate_limit::RateLimits;

use crate::fixture::{Options, PASSWORD, Service, other_code, reason, registration, wide_limits};

#[tokio::test]
async fn a_registration_writes_the_account_and_both_events() {
    let service = Service::start().await;
    service.register("Anna@Example.org").await.unwrap();

    assert_eq!(service.event_names().await, ["UserRegistered", "OneTimeCodeIssued"]);
    let registered: Vec<proto::UserRegistered> = service.events().await;
    let issued: Vec<proto::OneTimeCodeIssued> = service.events().await;
    assert_eq!(registered[0].email, "Anna@Example.org");
    assert_eq!(registered[0].locale, "en");
    assert_eq!(registered[0].time_zone, "Europe/Berlin");
    assert_eq!(issued[0].user_id, registered[0].user_id);
    assert_eq!(issued[0].purpose(), proto::CodePurpose::Verify);
    let lifetime = issued[0].expire_time.unwrap().seconds - registered[0].create_time.unwrap().seconds;
    assert_eq!(lifetime, 15 * 60);
    assert_eq!(service.count("SELECT count(*) FROM users WHERE email_verify_time IS NULL").await, 1);
    service.stop().await;
}

#[tokio::test]
async fn if_the_event_cannot_be_stored_there_is_no_account_either() {
    let service = Service::start().await;
    let refuse =
        "ALTER TABLE outbox.events ADD CONSTRAINT refuse CHECK (event_type NOT LIKE '%OneTimeCodeIssued')";
    sqlx::query(refuse).execute(&service.pool).await.unwrap();
    let status = service.register("anna@example.org").await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Internal);
    assert_eq!(service.count("SELECT count(*) FROM users").await, 0);
    assert_eq!(service.count("SELECT count(*) FROM outbox.events").await, 0);
    service.stop().await;
}

#[tokio::test]
async fn neither_code_nor_password_is_readable_in_any_table() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let code = service.last_code().await;
    for query in [
        "SELECT convert_to(row_to_json(users)::text, 'UTF8') FROM users",
        "SELECT convert_to(row_to_json(one_time_codes)::text, 'UTF8') FROM one_time_codes",
        "SELECT code_hash FROM one_time_codes",
        "SELECT convert_to(row_to_json(events)::text, 'UTF8') FROM outbox.events",
        "SELECT payload FROM outbox.events",
    ] {
        let stored: Vec<Vec<u8>> = sqlx::query_scalar(query).fetch_all(&service.pool).await.unwrap();
        assert!(!stored.is_empty());
        let holds = |secret: &str| {
            stored.iter().any(|bytes| bytes.windows(secret.len()).any(|window| window == secret.as_bytes()))
        };
        assert!(!holds(&code), "the code is readable by {query}");
        assert!(!holds(PASSWORD), "the password is readable by {query}");
    }
    service.stop().await;
}

#[tokio::test]
async fn a_proved_address_stays_as_it_is_and_its_owner_is_told_once_an_hour() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await.user.unwrap();
    let takeover = proto::RegisterRequest {
        password: "another password".to_owned(),
        display_name: "Mallory".to_owned(),
        ..registration("ANNA@example.org")
    };
    for _ in 0..3 {
        service.register_as(takeover.clone()).await.unwrap();
    }
    let repeated: Vec<proto::RegistrationRepeated> = service.events().await;
    assert_eq!(repeated.len(), 1);
    assert_eq!(repeated[0].user_id, opened.user_id);
    assert_eq!(service.events::<proto::OneTimeCodeIssued>().await.len(), 1);
    assert_eq!(service.login("anna@example.org", PASSWORD).await.unwrap().user.unwrap(), opened);
    assert!(service.login("anna@example.org", "another password").await.is_err());

    service.clock.advance(TimeDelta::minutes(61));
    service.register_as(takeover).await.unwrap();
    assert_eq!(service.events::<proto::RegistrationRepeated>().await.len(), 2);
    service.stop().await;
}

#[tokio::test]
async fn the_newest_registration_of_an_unproved_address_replaces_the_profile() {
    let service = Service::start().await;
    service.register_as(stranger()).await.unwrap();
    service.register("anna@example.org").await.unwrap();
    assert_eq!(
        service.event_names().await,
        ["UserRegistered", "OneTimeCodeIssued", "UserProfileUpdated", "RegistrationRepeated"]
    );
    let updated: Vec<proto::UserProfileUpdated> = service.events().await;
    assert_eq!((updated[0].display_name.as_str(), updated[0].locale.as_str()), ("Anna", "en"));
    assert_eq!(updated[0].email, "Anna@example.org", "mail goes where it went from the first");

    let user = service.verify("anna@example.org", &service.last_code().await).await.unwrap().user.unwrap();
    assert_eq!(user.display_name, "Anna");
    service.stop().await;
}

#[tokio::test]
async fn whoever_of_several_registered_last_no_password_opens_the_account_until_the_owner_sets_one() {
    for (first, last) in
        [(stranger(), registration("anna@example.org")), (registration("anna@example.org"), stranger())]
    {
        let service = Service::start().await;
        service.register_as(first).await.unwrap();
        service.register_as(last).await.unwrap();
        let opened = service.verify("anna@example.org", &service.last_code().await).await.unwrap();
        assert!(!opened.user.unwrap().password_set);
        for password in [PASSWORD, "password of a stranger"] {
            let status = service.login("anna@example.org", password).await.unwrap_err();
            assert_eq!(reason(&status), "CREDENTIALS_INVALID");
            let status =
                service.change_password(&opened.access_token, password, "chosen by me").await.unwrap_err();
            assert_eq!(reason(&status), "CREDENTIALS_INVALID");
        }
        service.forgot_password("anna@example.org").await.unwrap();
        service.reset_password(&service.last_link().await, "chosen by the owner").await.unwrap();
        let user = service.login("anna@example.org", "chosen by the owner").await.unwrap().user.unwrap();
        assert!(user.password_set);
        service.stop().await;
    }
}

/// Somebody who registers the address of another person.
fn stranger() -> proto::RegisterRequest {
    proto::RegisterRequest {
        password: "password of a stranger".to_owned(),
        display_name: "Mallory".to_owned(),
        locale: "ru".to_owned(),
        ..registration("Anna@example.org")
    }
}

#[tokio::test]
async fn an_unproved_address_gets_a_new_code_only_when_none_works_any_more() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    service.clock.advance(TimeDelta::minutes(14));
    service.register("anna@example.org").await.unwrap();
    assert_eq!(service.events::<proto::OneTimeCodeIssued>().await.len(), 1, "the first code still works");
    service.clock.advance(TimeDelta::minutes(2));
    service.register("anna@example.org").await.unwrap();
    assert_eq!(service.events::<proto::OneTimeCodeIssued>().await.len(), 2);
    assert!(service.verify("anna@example.org", &service.last_code().await).await.is_ok());
    service.stop().await;
}

#[tokio::test]
async fn registering_again_does_not_buy_more_guesses_than_the_limits_allow() {
    let limits = RateLimits { mails_per_address: 5, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    for number in 0..40 {
        assert_eq!(service.register("anna@example.org").await.is_ok(), number < 5);
        let wrong = other_code(&service.last_code().await);
        for _ in 0..5 {
            service.verify("anna@example.org", &wrong).await.unwrap_err();
        }
        service.clock.advance(TimeDelta::seconds(61));
    }
    // 40 minutes of it: all in one window.
    assert_eq!(service.events::<proto::OneTimeCodeIssued>().await.len(), 5);
    service.stop().await;
}

#[tokio::test]
async fn twenty_registrations_of_one_address_at_once_open_one_account() {
    let service = Service::start().await;
    let mut attempts = JoinSet::new();
    for _ in 0..20 {
        let mut auth = service.auth.clone();
        attempts.spawn(async move { auth.register(registration("anna@example.org")).await });
    }
    while let Some(outcome) = attempts.join_next().await {
        outcome.unwrap().unwrap();
    }
    assert_eq!(service.count("SELECT count(*) FROM users").await, 1);
    assert_eq!(service.event_names().await, ["UserRegistered", "OneTimeCodeIssued"]);
    service.stop().await;
}

#[tokio::test]
async fn the_same_registration_within_its_minute_changes_nothing_and_keeps_its_password() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    service.clock.advance(TimeDelta::seconds(59));
    service.register("anna@example.org").await.unwrap();
    assert_eq!(service.event_names().await, ["UserRegistered", "OneTimeCodeIssued"]);
    let opened = service.verify("anna@example.org", &service.last_code().await).await.unwrap();
    assert!(opened.user.unwrap().password_set);
    service.login("anna@example.org", PASSWORD).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn registrations_at_once_that_differ_leave_no_password_and_all_are_accepted() {
    let service = Service::start().await;
    let mut attempts = JoinSet::new();
    for number in 0..12 {
        let mut auth = service.auth.clone();
        let password = format!("the pass phrase number {number}");
        let request = proto::RegisterRequest { password, ..registration("anna@example.org") };
        attempts.spawn(async move { auth.register(request).await });
    }
    while let Some(outcome) = attempts.join_next().await {
        outcome.unwrap().unwrap();
    }
    let opened = service.verify("anna@example.org", &service.last_code().await).await.unwrap();
    assert!(!opened.user.unwrap().password_set);
    service.stop().await;
}

#[tokio::test]
async fn registering_and_verifying_at_the_same_time_ends_in_neither_a_deadlock_nor_an_error() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let wrong = other_code(&service.last_code().await);
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (mut register, mut verify) = (service.auth.clone(), service.auth.clone());
        calls.spawn(async move { register.register(registration("anna@example.org")).await.map(|_| ()) });
        let request = proto::VerifyEmailRequest { email: "anna@example.org".to_owned(), code: wrong.clone() };
        calls.spawn(async move {
            let status = verify.verify_email(request).await.unwrap_err();
            if status.code() == tonic::Code::InvalidArgument { Ok(()) } else { Err(status) }
        });
    }
    while let Some(outcome) = calls.join_next().await {
        outcome.unwrap().unwrap();
    }
    service.stop().await;
}
