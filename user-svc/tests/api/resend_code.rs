//! `ResendCode`.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;

use user_svc::rate_limit::RateLimits;

use crate::fixture::{Options, Service, reason, wide_limits};

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
async fn within_a_minute_too_a_new_code_is_sent_and_the_earlier_one_stops_working() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    service.clock.advance(TimeDelta::seconds(1));
    service.resend("anna@example.org").await.unwrap();
    let codes: Vec<proto::OneTimeCodeIssued> = service.events().await;
    assert_eq!(codes.len(), 2);
    let (older, newer) = (service.open_code(&codes[0]), service.open_code(&codes[1]));
    if older != newer {
        service.verify("anna@example.org", &older).await.unwrap_err();
    }
    service.verify("anna@example.org", &newer).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn as_many_codes_an_hour_are_sent_as_the_limit_says_and_then_again_in_the_next_hour() {
    let limits = RateLimits { mails_per_address: 5, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    service.register("anna@example.org").await.unwrap();
    for number in 0..10 {
        service.clock.advance(TimeDelta::seconds(61));
        assert_eq!(service.resend("anna@example.org").await.is_ok(), number < 5);
    }
    assert_eq!(service.events::<proto::OneTimeCodeIssued>().await.len(), 6);
    service.clock.advance(TimeDelta::hours(1));
    service.resend("anna@example.org").await.unwrap();
    assert_eq!(service.events::<proto::OneTimeCodeIssued>().await.len(), 7);
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
