//! `ResendCode`.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;

use crate::fixture::{Service, reason};

#[tokio::test]
async fn a_new_code_supersedes_the_earlier_one() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    service.clock.advance(TimeDelta::seconds(60));
    service.resend("ANNA@example.org").await.unwrap();
    let codes: Vec<proto::OneTimeCodeIssued> = service.events().await;
    assert_eq!(codes.len(), 2);
    let (older, newer) = (service.open_code(&codes[0]), service.open_code(&codes[1]));
    if older != newer {
        let status = service.verify("anna@example.org", &older).await.unwrap_err();
        assert_eq!(reason(&status), "CODE_INVALID");
    }
    service.verify("anna@example.org", &newer).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn within_a_minute_nothing_is_sent_and_the_earlier_code_goes_on_working() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    service.clock.advance(TimeDelta::seconds(59));
    service.resend("anna@example.org").await.unwrap();
    assert_eq!(service.events::<proto::OneTimeCodeIssued>().await.len(), 1);
    service.verify("anna@example.org", &service.last_code().await).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn five_codes_an_hour_are_sent_and_then_again_in_the_next_hour() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    for _ in 0..10 {
        service.clock.advance(TimeDelta::seconds(61));
        service.resend("anna@example.org").await.unwrap();
    }
    assert_eq!(service.events::<proto::OneTimeCodeIssued>().await.len(), 5);
    service.clock.advance(TimeDelta::hours(1));
    service.resend("anna@example.org").await.unwrap();
    assert_eq!(service.events::<proto::OneTimeCodeIssued>().await.len(), 6);
    service.stop().await;
}

#[tokio::test]
async fn a_proved_address_and_an_unknown_one_get_no_code() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    let before = service.outbox().await.len();
    service.clock.advance(TimeDelta::minutes(5));
    service.resend("anna@example.org").await.unwrap();
    service.resend("nobody@example.org").await.unwrap();
    assert_eq!(service.outbox().await.len(), before);
    service.stop().await;
}
