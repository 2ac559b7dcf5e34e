//! Bad input is refused by field, and leaves nothing behind.

use fitness_proto::fitness::user::v1::RegisterRequest;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::fixture::{PASSWORD, Service, reason, registration};

/// The fields at fault, each once, in the order of the answer.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().expect("violations are in the status").field_violations;
    let mut fields: Vec<_> = violations.into_iter().map(|violation| violation.field).collect();
    fields.dedup();
    fields
}

#[tokio::test]
async fn a_registration_with_a_bad_field_names_the_field() {
    let good = || registration("anna@example.org");
    let cases: Vec<(&str, RegisterRequest)> = vec![
        ("email", RegisterRequest { email: String::new(), ..good() }),
        ("email", RegisterRequest { email: "a@b\r\nBcc: c@d".to_owned(), ..good() }),
        ("email", RegisterRequest { email: "a@b,c@d".to_owned(), ..good() }),
        ("email", RegisterRequest { email: "Anna <a@b>".to_owned(), ..good() }),
        ("email", RegisterRequest { email: "a..b@example.org".to_owned(), ..good() }),
        ("email", RegisterRequest { email: format!("{}@example.org", "a".repeat(65)), ..good() }),
        ("email", RegisterRequest { email: format!("a@{}.org", "b.".repeat(200)), ..good() }),
        ("password", RegisterRequest { password: "too short".to_owned(), ..good() }),
        ("password", RegisterRequest { password: "x".repeat(129), ..good() }),
        ("display_name", RegisterRequest { display_name: String::new(), ..good() }),
        ("display_name", RegisterRequest { display_name: "   ".to_owned(), ..good() }),
        ("display_name", RegisterRequest { display_name: "Anna\r\nBcc: x@y".to_owned(), ..good() }),
        ("display_name", RegisterRequest { display_name: "x".repeat(81), ..good() }),
        ("locale", RegisterRequest { locale: "not a tag".to_owned(), ..good() }),
        ("locale", RegisterRequest { locale: "en-".to_owned(), ..good() }),
        ("time_zone", RegisterRequest { time_zone: "Mars/Olympus".to_owned(), ..good() }),
        ("time_zone", RegisterRequest { time_zone: "../../etc/passwd".to_owned(), ..good() }),
    ];
    let service = Service::start().await;
    for (field, request) in cases {
        let status = service.register_as(request.clone()).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, "INVALID_REQUEST"),
            "{request:?}"
        );
        assert_eq!(fields(&status), [field], "{request:?}");
    }
    assert_eq!(service.count("SELECT count(*) FROM users").await, 0);
    service.stop().await;
}

#[tokio::test]
async fn every_bad_field_of_a_request_is_named() {
    let service = Service::start().await;
    let status = service.register_as(RegisterRequest::default()).await.unwrap_err();
    assert_eq!(fields(&status), ["email", "password", "display_name"]);
    service.stop().await;
}

#[tokio::test]
async fn the_other_calls_check_their_fields_too() {
    let service = Service::start().await;
    assert_eq!(fields(&service.verify("", "12345").await.unwrap_err()), ["email", "code"]);
    assert_eq!(fields(&service.verify("anna@example.org", "12345x").await.unwrap_err()), ["code"]);
    assert_eq!(fields(&service.verify("a@b\r\nc", "123456").await.unwrap_err()), ["email"]);
    assert_eq!(fields(&service.resend("a b@c").await.unwrap_err()), ["email"]);
    assert_eq!(fields(&service.resend("a..b@c").await.unwrap_err()), ["email"]);
    assert_eq!(fields(&service.login("nobody", "").await.unwrap_err()), ["email", "password"]);
    assert_eq!(fields(&service.login("a..b@c", PASSWORD).await.unwrap_err()), ["email"]);
    service.stop().await;
}

#[tokio::test]
async fn an_empty_locale_and_time_zone_are_english_and_utc() {
    let service = Service::start().await;
    let request = RegisterRequest {
        locale: String::new(),
        time_zone: String::new(),
        ..registration("anna@example.org")
    };
    service.register_as(request).await.unwrap();
    let user = service.verify("anna@example.org", &service.last_code().await).await.unwrap().user.unwrap();
    assert_eq!((user.locale.as_str(), user.time_zone.as_str()), ("en", "UTC"));
    service.stop().await;
}
