//! Guesses at one-time codes: strangers neither hit a code nor take it from who asked for it.

use fitness_proto::fitness::user::v1 as proto;
use tonic::Status;
use user_svc::rate_limit::RateLimits;

use crate::calls::through_gateway;
use crate::fixture::{Options, Service, other_code, reason, registration, wide_limits};

const EMAIL: &str = "anna@example.org";
const PHONE: &str = "Phone";
const HOME: &str = "198.51.100.7";

/// The two kinds of code.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Verify,
    Login,
}

impl Kind {
    async fn ask(self, service: &Service, device: &str, from: &str) -> Result<(), Status> {
        let (mut auth, email) = (service.auth.clone(), EMAIL.to_owned());
        match self {
            Self::Verify => {
                let request = proto::ResendCodeRequest { email };
                auth.resend_code(through_gateway(request, device, from)).await.map(drop)
            }
            Self::Login => {
                let request = proto::RequestLoginCodeRequest { email };
                auth.request_login_code(through_gateway(request, device, from)).await.map(drop)
            }
        }
    }

    async fn type_in(self, service: &Service, code: &str, device: &str, from: &str) -> Result<(), Status> {
        let (mut auth, email, code) = (service.auth.clone(), EMAIL.to_owned(), code.to_owned());
        match self {
            Self::Verify => {
                let request = proto::VerifyEmailRequest { email, code };
                auth.verify_email(through_gateway(request, device, from)).await.map(drop)
            }
            Self::Login => {
                let request = proto::LoginWithCodeRequest { email, code };
                auth.login_with_code(through_gateway(request, device, from)).await.map(drop)
            }
        }
    }
}

/// An account that waits for a code of this kind, asked for at home, and the code.
async fn waiting(service: &Service, kind: Kind) -> String {
    let request = through_gateway(registration(EMAIL), PHONE, HOME);
    service.auth.clone().register(request).await.unwrap();
    if matches!(kind, Kind::Login) {
        // Signed in elsewhere: at home nothing is known but that a code was asked for.
        let code = service.last_code().await;
        Kind::Verify.type_in(service, &code, "", "192.0.2.9").await.unwrap();
        kind.ask(service, PHONE, HOME).await.unwrap();
    }
    service.last_code().await
}

/// Guesses wrong from many networks, each of which asks for a code as well.
async fn attack(service: &Service, kind: Kind, code: &str, asks: bool) {
    for network in 0..30 {
        let from = format!("203.0.{network}.7");
        if asks {
            let _ = kind.ask(service, PHONE, &from).await;
        }
        for _ in 0..6 {
            let status = kind.type_in(service, &other_code(code), PHONE, &from).await.unwrap_err();
            assert!(["CODE_INVALID", "TOO_MANY_REQUESTS"].contains(&reason(&status).as_str()));
        }
    }
}

#[tokio::test]
async fn whatever_strangers_do_the_right_code_works_on_the_device_that_asked_for_it() {
    let usual = RateLimits { code_tries_per_address: 15, mails_per_address: 6, ..wide_limits() };
    for kind in [Kind::Verify, Kind::Login] {
        for (limits, asks) in [(usual.clone(), false), (usual.clone(), true), (wide_limits(), true)] {
            let service = Service::start_ready(Options::limited(limits).await).await;
            let code = waiting(&service, kind).await;
            attack(&service, kind, &code, asks).await;
            // Even the owner's own slips do not matter more than they would without the strangers.
            for _ in 0..4 {
                kind.type_in(&service, &other_code(&code), PHONE, HOME).await.unwrap_err();
            }
            kind.type_in(&service, &code, PHONE, HOME).await.unwrap_or_else(|status| {
                panic!("{kind:?}, asks {asks}: {status:?}");
            });
            // It works once, and takes those of the strangers with it.
            for code in [code, service.last_code().await] {
                kind.type_in(&service, &code, PHONE, HOME).await.unwrap_err();
            }
            service.stop().await;
        }
    }
}

#[tokio::test]
async fn the_newest_code_works_as_well_where_an_earlier_one_was_asked_for() {
    let service = Service::start().await;
    waiting(&service, Kind::Login).await;
    Kind::Login.ask(&service, PHONE, "203.0.113.7").await.unwrap();
    let newest = service.last_code().await;
    Kind::Login.type_in(&service, &newest, PHONE, HOME).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn a_code_of_the_device_itself_supersedes_its_earlier_one() {
    let service = Service::start().await;
    let earlier = waiting(&service, Kind::Login).await;
    Kind::Login.ask(&service, PHONE, HOME).await.unwrap();
    let newest = service.last_code().await;
    if earlier != newest {
        Kind::Login.type_in(&service, &earlier, PHONE, HOME).await.unwrap_err();
    }
    Kind::Login.type_in(&service, &newest, PHONE, HOME).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn of_guesses_from_a_hundred_networks_that_also_ask_for_codes_few_are_compared() {
    let limits = RateLimits { code_tries_per_address: 15, mails_per_address: 6, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    let code = waiting(&service, Kind::Login).await;
    // Every guess that is compared is counted at its place.
    sqlx::raw_sql(
        "CREATE TABLE compared (tries integer);
         CREATE FUNCTION note_compared() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN INSERT INTO compared VALUES (NEW.tries); RETURN NULL; END';
         CREATE TRIGGER compared AFTER INSERT OR UPDATE ON code_tries
             FOR EACH ROW WHEN (NEW.tries > 0) EXECUTE FUNCTION note_compared()",
    )
    .execute(&service.pool)
    .await
    .unwrap();
    for network in 0..100 {
        let from = format!("203.0.{network}.7");
        let _ = Kind::Login.ask(&service, PHONE, &from).await;
        for guess in 0..20 {
            // Another device each time buys nothing.
            let device = format!("Phone {guess}");
            Kind::Login.type_in(&service, &other_code(&code), &device, &from).await.unwrap_err();
            Kind::Login.type_in(&service, &other_code(&code), PHONE, &from).await.unwrap_err();
        }
    }
    let compared = service.count("SELECT count(*) FROM compared").await;
    assert!((6..=45 + 18 * 5).contains(&compared), "{compared} of 4,000 guesses");
    service.stop().await;
}
