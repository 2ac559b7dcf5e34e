//! Every call that sets a password refuses a weak one, by the same rule.

use fitness_proto::fitness::user::v1 as proto;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use user_svc::rate_limit::RateLimits;

use crate::fixture::{Options, PASSWORD, Service, reason, registration, wide_limits};

const EMAIL: &str = "anna.hohenstein@riverside.example";
const NAME: &str = "Anna Hohenstein";

/// Common, of one's address, of one's name.
const WEAK: [&str; 5] =
    ["1234567890", "qwertyuiop", "          ", "anna.hohenstein@riverside", "HohensteinAnna1"];

fn anna() -> proto::RegisterRequest {
    proto::RegisterRequest { display_name: NAME.to_owned(), ..registration(EMAIL) }
}

fn assert_weak(status: &Status, field: &str) {
    assert_eq!((status.code(), reason(status).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    let violations = status.get_details_bad_request().unwrap().field_violations;
    let [violation] = violations.as_slice() else { panic!("{violations:?}") };
    assert_eq!(violation.field, field);
    assert!(violation.description.contains("take four words"), "{}", violation.description);
}

#[tokio::test]
async fn every_call_that_sets_a_password_refuses_a_weak_one_by_its_field() {
    let service = Service::start().await;
    for password in WEAK {
        let weak = proto::RegisterRequest { password: password.to_owned(), ..anna() };
        assert_weak(&service.register_as(weak).await.unwrap_err(), "password");
    }
    assert_eq!(service.count("SELECT count(*) FROM users").await, 0);

    service.register_as(anna()).await.unwrap();
    let opened = service.verify(EMAIL, &service.last_code().await).await.unwrap();
    service.forgot_password(EMAIL).await.unwrap();
    let link = service.last_link().await;
    for password in WEAK {
        let change = service.change_password(&opened.access_token, PASSWORD, password);
        assert_weak(&change.await.unwrap_err(), "new_password");
        assert_weak(&service.reset_password(&link, password).await.unwrap_err(), "new_password");
    }
    service.login(EMAIL, PASSWORD).await.unwrap();
    service.reset_password(&link, "a phrase of my own").await.expect("a refusal leaves the link as it is");
    service.stop().await;
}

#[tokio::test]
async fn a_weak_password_is_refused_by_the_request_alone_whoever_has_the_address() {
    let service = Service::start().await;
    service.register_as(anna()).await.unwrap();
    service.verify(EMAIL, &service.last_code().await).await.unwrap();
    // Made of the name of the account, which the request does not say.
    let asked = |password: &str, email: &str| {
        let (password, display_name) = (password.to_owned(), "Somebody Else".to_owned());
        service.register_as(proto::RegisterRequest { password, display_name, ..registration(email) })
    };
    asked("Anna Hohenstein and Company", "unknown@riverside.example").await.unwrap();
    asked("a new name and Anna likes it", EMAIL).await.unwrap();
    let known = asked("1234567890", EMAIL).await.unwrap_err();
    let unknown = asked("1234567890", "unknown@riverside.example").await.unwrap_err();
    assert_eq!(
        (known.code(), known.message(), known.details()),
        (unknown.code(), unknown.message(), unknown.details())
    );
    service.stop().await;
}

#[tokio::test]
async fn a_weak_password_uses_up_no_try_and_no_try_is_judged_for_nothing() {
    let limits = RateLimits { mails_per_address: 1, sign_ins_per_address: 1, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    for password in WEAK {
        let weak = proto::RegisterRequest { password: password.to_owned(), ..anna() };
        assert_weak(&service.register_as(weak).await.unwrap_err(), "password");
    }
    service.register_as(anna()).await.unwrap();
    // The limit comes before the judgement, which is work.
    let weak = proto::RegisterRequest { password: WEAK[0].to_owned(), ..anna() };
    assert_eq!(reason(&service.register_as(weak).await.unwrap_err()), "TOO_MANY_REQUESTS");

    let opened = service.verify(EMAIL, &service.last_code().await).await.unwrap();
    for password in WEAK {
        let change = service.change_password(&opened.access_token, PASSWORD, password);
        assert_weak(&change.await.unwrap_err(), "new_password");
    }
    service.change_password(&opened.access_token, PASSWORD, "a phrase of my own").await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn an_account_with_a_password_of_older_days_still_signs_in() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    let config = user_svc::password::PasswordConfig {
        memory_kib: 64,
        iterations: 1,
        parallelism: 1,
        concurrency: 1,
        max_wait: std::time::Duration::from_secs(5),
    };
    let weak =
        user_svc::password::Passwords::new(&config).unwrap().rehash("1234567890".into()).await.unwrap();
    let user_id: uuid::Uuid = opened.user.unwrap().user_id.parse().unwrap();
    sqlx::query("UPDATE users SET password_hash = $1 WHERE user_id = $2")
        .bind(weak)
        .bind(user_id)
        .execute(&service.pool)
        .await
        .unwrap();
    service.login("anna@example.org", "1234567890").await.unwrap();
    service.stop().await;
}
