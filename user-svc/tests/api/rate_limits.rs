//! Limits: they count alike for every address, are shared by replicas and end with their window.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use user_svc::rate_limit::RateLimits;

use crate::calls::through_gateway;
use crate::fixture::{Options, PASSWORD, Service, other_code, reason, registration, wide_limits};

const KNOWN: &str = "anna@example.org";
const UNKNOWN: &str = "nobody@example.org";

/// Asserts that a call was refused for a while and answers how long, in seconds.
fn refused_for(status: &Status) -> u64 {
    assert_eq!((status.code(), reason(status).as_str()), (Code::ResourceExhausted, "TOO_MANY_REQUESTS"));
    status.get_details_retry_info().unwrap().retry_delay.unwrap().as_secs()
}

#[tokio::test]
async fn wrong_passwords_are_limited_for_each_address_known_or_not_until_the_window_ends() {
    let limits = RateLimits { sign_ins_per_address: 3, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    service.open_account(KNOWN).await;
    let mut refusals = Vec::new();
    for email in [KNOWN, UNKNOWN] {
        for _ in 0..3 {
            let status = service.login(email, "wrong password").await.unwrap_err();
            assert_eq!(reason(&status), "CREDENTIALS_INVALID");
        }
        let status = service.login(email, "wrong password").await.unwrap_err();
        assert_eq!(refused_for(&status), 15 * 60);
        refusals.push((status.message().to_owned(), status.details().to_vec()));
    }
    assert_eq!(refusals[0], refusals[1]);
    refused_for(&service.login(KNOWN, PASSWORD).await.unwrap_err());
    refused_for(&service.login("ANNA@example.org", PASSWORD).await.unwrap_err());

    service.clock.advance(TimeDelta::minutes(14));
    assert_eq!(refused_for(&service.login(KNOWN, PASSWORD).await.unwrap_err()), 60);
    service.clock.advance(TimeDelta::minutes(1));
    service.login(KNOWN, PASSWORD).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn a_right_password_does_not_count() {
    let limits = RateLimits { sign_ins_per_address: 2, failures_per_client: 2, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    service.open_account(KNOWN).await;
    for _ in 0..5 {
        service.login_from(KNOWN, PASSWORD, "curl/8", "203.0.113.7").await.unwrap();
    }
    service.login_from(KNOWN, "wrong password", "curl/8", "203.0.113.7").await.unwrap_err();
    service.login_from(KNOWN, PASSWORD, "curl/8", "203.0.113.7").await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn guesses_made_at_once_at_two_replicas_share_one_limit() {
    let limits = RateLimits { sign_ins_per_address: 5, ..wide_limits() };
    let options = Options::limited(limits.clone()).await;
    let database_url = options.database_url.clone();
    let one = Service::start_ready(options).await;
    let two = Service::start_ready(Options { limits, ..Options::on(database_url) }).await;
    let mut guesses = JoinSet::new();
    for number in 0..20 {
        let mut auth = if number % 2 == 0 { one.auth.clone() } else { two.auth.clone() };
        let request = proto::LoginRequest { email: KNOWN.to_owned(), password: "wrong password".to_owned() };
        guesses.spawn(async move { auth.login(request).await.unwrap_err() });
    }
    let answers = guesses.join_all().await;
    let compared = answers.iter().filter(|status| reason(status) == "CREDENTIALS_INVALID").count();
    assert_eq!(compared, 5);
    two.stop_keeping_database().await;
    one.stop().await;
}

#[tokio::test]
async fn a_client_is_limited_over_all_addresses_and_its_refused_tries_cost_nobody_else_anything() {
    let limits = RateLimits { failures_per_client: 3, sign_ins_per_address: 4, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    service.open_account(KNOWN).await;
    for number in 0..3 {
        let email = format!("{number}@example.org");
        let status = service.login_from(&email, "wrong password", "", "203.0.113.7").await.unwrap_err();
        assert_eq!(reason(&status), "CREDENTIALS_INVALID");
    }
    for _ in 0..10 {
        refused_for(&service.login_from(KNOWN, "wrong password", "", "203.0.113.7").await.unwrap_err());
    }
    let code = proto::VerifyEmailRequest { email: KNOWN.to_owned(), code: "000000".to_owned() };
    let code = through_gateway(code, "", "203.0.113.7");
    refused_for(&service.auth.clone().verify_email(code).await.unwrap_err());
    let link = proto::ResetPasswordRequest { token: "x".to_owned(), new_password: PASSWORD.to_owned() };
    let link = through_gateway(link, "", "203.0.113.7");
    refused_for(&service.auth.clone().reset_password(link).await.unwrap_err());

    service.login_from(KNOWN, PASSWORD, "", "203.0.113.8").await.unwrap();
    service.login(KNOWN, PASSWORD).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn whoever_calls_from_the_machine_itself_has_no_limit_as_a_client() {
    let limits = RateLimits { failures_per_client: 1, mails_per_client: 1, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    for number in 0..5 {
        let request = registration(&format!("{number}@example.org"));
        service.auth.clone().register(through_gateway(request, "", "127.0.0.1")).await.unwrap();
        let status = service.login_from(KNOWN, PASSWORD, "", "::1").await.unwrap_err();
        assert_eq!(reason(&status), "CREDENTIALS_INVALID");
    }
    service.stop().await;
}

#[tokio::test]
async fn wrong_codes_are_limited_for_each_address_and_purpose() {
    let limits = RateLimits { code_tries_per_address: 3, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    service.open_account(KNOWN).await;
    service.request_login_code(KNOWN).await.unwrap();
    let wrong = other_code(&service.last_code().await);
    for email in [KNOWN, UNKNOWN] {
        for _ in 0..3 {
            let status = service.login_with_code(email, &wrong).await.unwrap_err();
            assert_eq!(reason(&status), "CODE_INVALID");
        }
        assert_eq!(refused_for(&service.login_with_code(email, &wrong).await.unwrap_err()), 3600);
        let status = service.verify(email, &wrong).await.unwrap_err();
        assert_eq!(reason(&status), "CODE_INVALID");
    }
    service.stop().await;
}

#[tokio::test]
async fn mails_are_limited_for_each_address_and_kind_known_or_not() {
    let limits = RateLimits { mails_per_address: 2, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    service.open_account(KNOWN).await;
    for email in [KNOWN, UNKNOWN] {
        for _ in 0..2 {
            service.resend(email).await.unwrap();
            service.request_login_code(email).await.unwrap();
            service.forgot_password(email).await.unwrap();
        }
        for status in [
            service.resend(email).await.unwrap_err(),
            service.request_login_code(email).await.unwrap_err(),
            service.forgot_password(email).await.unwrap_err(),
        ] {
            assert_eq!(refused_for(&status), 3600);
        }
    }
    service.clock.advance(TimeDelta::hours(1));
    service.forgot_password(KNOWN).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn mails_are_limited_for_each_client_registrations_included() {
    let limits = RateLimits { mails_per_client: 4, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    let mut auth = service.auth.clone();
    let email = || UNKNOWN.to_owned();
    let from = "2001:db8:1:2::1";
    auth.register(through_gateway(registration("a@example.org"), "", from)).await.unwrap();
    auth.resend_code(through_gateway(proto::ResendCodeRequest { email: email() }, "", from)).await.unwrap();
    let code = proto::RequestLoginCodeRequest { email: email() };
    auth.request_login_code(through_gateway(code, "", from)).await.unwrap();
    let link = proto::ForgotPasswordRequest { email: email() };
    auth.forgot_password(through_gateway(link, "", from)).await.unwrap();

    // Another network of the same home.
    let neighbour = "2001:db8:1:3::2";
    let status =
        auth.register(through_gateway(registration("b@example.org"), "", neighbour)).await.unwrap_err();
    assert_eq!(refused_for(&status), 3600);
    assert_eq!(service.count("SELECT count(*) FROM users").await, 1);
    auth.register(through_gateway(registration("b@example.org"), "", "2001:db8:1:103::1")).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn the_old_password_is_guessed_no_more_often_with_a_session_than_without() {
    let limits = RateLimits { sign_ins_per_address: 2, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    let token = service.open_account(KNOWN).await.access_token;
    for _ in 0..2 {
        let status =
            service.change_password(&token, "wrong password", "quite another phrase").await.unwrap_err();
        assert_eq!(reason(&status), "CREDENTIALS_INVALID");
    }
    refused_for(&service.change_password(&token, PASSWORD, "quite another phrase").await.unwrap_err());
    service.get_me(&token).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn a_limit_of_zero_is_none_and_addresses_are_not_readable_in_the_counts() {
    let limits = RateLimits { sign_ins_per_address: 0, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    for _ in 0..5 {
        let status = service.login_from(UNKNOWN, PASSWORD, "", "203.0.113.7").await.unwrap_err();
        assert_eq!(reason(&status), "CREDENTIALS_INVALID");
    }
    service.forgot_password(UNKNOWN).await.unwrap();
    assert_eq!(service.count("SELECT count(*) FROM rate_limits").await, 4);
    assert_eq!(service.tables_with(UNKNOWN).await, Vec::<String>::new());
    service.stop().await;
}

#[tokio::test]
async fn strangers_from_other_networks_slow_strangers_and_not_the_device_that_is_known() {
    let limits = RateLimits {
        sign_ins_per_address: 2,
        code_tries_per_address: 2,
        mails_per_address: 2,
        ..wide_limits()
    };
    let service = Service::start_ready(Options::limited(limits).await).await;
    service.open_account(KNOWN).await;
    let (phone, home) = ("Phone", "198.51.100.7");
    service.login_from(KNOWN, PASSWORD, phone, home).await.unwrap();

    let mut auth = service.auth.clone();
    let mut refused = 0;
    for network in 0..25 {
        let from = format!("203.0.{network}.7");
        let wrong = service.login_from(KNOWN, "wrong password", phone, &from).await.unwrap_err();
        let code = proto::RequestLoginCodeRequest { email: KNOWN.to_owned() };
        let code = auth.request_login_code(through_gateway(code, phone, &from)).await;
        let link = proto::ForgotPasswordRequest { email: KNOWN.to_owned() };
        let link = auth.forgot_password(through_gateway(link, phone, &from)).await;
        let guess = proto::LoginWithCodeRequest { email: KNOWN.to_owned(), code: "000000".to_owned() };
        let guess = auth.login_with_code(through_gateway(guess, phone, &from)).await.unwrap_err();
        for status in [Some(wrong), code.err(), link.err(), Some(guess)].into_iter().flatten() {
            refused += usize::from(reason(&status) == "TOO_MANY_REQUESTS");
        }
    }
    // All strangers together have three times what one network has; those who asked for a code have tries of their own.
    assert_eq!(refused, 3 * (25 - 6) + (25 - 6 - 6));

    service.login_from(KNOWN, PASSWORD, phone, home).await.unwrap();
    let code = proto::RequestLoginCodeRequest { email: KNOWN.to_owned() };
    auth.request_login_code(through_gateway(code, phone, home)).await.unwrap();
    let link = proto::ForgotPasswordRequest { email: KNOWN.to_owned() };
    auth.forgot_password(through_gateway(link, phone, home)).await.unwrap();
    let (email, code) = (KNOWN.to_owned(), service.last_code().await);
    let code = through_gateway(proto::LoginWithCodeRequest { email, code }, phone, home);
    auth.login_with_code(code).await.unwrap();
    // The known device has its own limit all the same.
    for _ in 0..2 {
        service.login_from(KNOWN, "wrong password", phone, home).await.unwrap_err();
    }
    refused_for(&service.login_from(KNOWN, PASSWORD, phone, home).await.unwrap_err());
    service.stop().await;
}

#[tokio::test]
async fn what_one_network_uses_up_another_one_has_left() {
    let limits = RateLimits { sign_ins_per_address: 2, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    service.open_account(KNOWN).await;
    for _ in 0..25 {
        service.login_from(KNOWN, "wrong password", "", "2001:db8:1:2::1").await.unwrap_err();
    }
    refused_for(&service.login_from(KNOWN, PASSWORD, "", "2001:db8:1:77::9").await.unwrap_err());
    service.login_from(KNOWN, PASSWORD, "", "2001:db8:2:2::1").await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn addresses_of_one_mailbox_share_the_limit_on_its_mails() {
    let limits = RateLimits { mails_per_address: 2, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    let mut accepted = 0;
    for number in 0..120 {
        let request = registration(&format!("anna+{number}@example.org"));
        let request = through_gateway(request, "", &format!("203.0.{number}.7"));
        accepted += usize::from(service.auth.clone().register(request).await.is_ok());
    }
    assert_eq!(accepted, 6);
    service.register("ben@example.org").await.unwrap();
    service.stop().await;
}
