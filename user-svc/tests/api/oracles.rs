//! No sequence of calls tells whether an address has an account.
//!
//! One call that answers alike for every address is not enough: what it leaves behind may show in the next one. So all
//! pairs of calls and the likeliest threes are made, each with addresses of its own, and what they answer is compared.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;
use tonic::Status;

use crate::fixture::{Service, reason, registration};

/// A call of somebody who cannot read the mails of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Register,
    RegisterOtherwise,
    RegisterWeakly,
    Login,
    LoginOtherwise,
    Resend,
    AskForCode,
    AskForLink,
    Verify,
    LoginWithCode,
}

const CALLS: [Call; 10] = [
    Call::Register,
    Call::RegisterOtherwise,
    Call::RegisterWeakly,
    Call::Login,
    Call::LoginOtherwise,
    Call::Resend,
    Call::AskForCode,
    Call::AskForLink,
    Call::Verify,
    Call::LoginWithCode,
];

/// What is true of an address before.
#[derive(Clone, Copy, Debug)]
enum State {
    Unknown,
    Unproved,
    Proved,
}

const MINE: &str = "the pass phrase of a stranger";
const OTHER: &str = "another phrase of a stranger";
const WEAK: &str = "1234567890";

fn outcome<T>(outcome: Result<T, Status>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(status) => format!("{:?} {} {}", status.code(), reason(&status), status.message()),
    }
}

async fn answer(service: &Service, call: Call, email: &str) -> String {
    let register = |password: &str| {
        let password = password.to_owned();
        service.register_as(proto::RegisterRequest { password, ..registration(email) })
    };
    match call {
        Call::Register => outcome(register(MINE).await),
        Call::RegisterOtherwise => outcome(register(OTHER).await),
        Call::RegisterWeakly => outcome(register(WEAK).await),
        Call::Login => outcome(service.login(email, MINE).await),
        Call::LoginOtherwise => outcome(service.login(email, OTHER).await),
        Call::Resend => outcome(service.resend(email).await),
        Call::AskForCode => outcome(service.request_login_code(email).await),
        Call::AskForLink => outcome(service.forgot_password(email).await),
        Call::Verify => outcome(service.verify(email, "000000").await),
        Call::LoginWithCode => outcome(service.login_with_code(email, "000000").await),
    }
}

/// Brings an address into a state, at a time that is long ago for a repeat.
async fn prepare(service: &Service, state: State, email: &str) {
    match state {
        State::Unknown => {}
        State::Unproved => {
            service.register(email).await.unwrap();
        }
        State::Proved => {
            service.open_account(email).await;
        }
    }
}

#[tokio::test]
async fn no_calls_in_a_row_answer_differently_for_a_known_and_an_unknown_address() {
    let service = Service::start().await;
    let mut sequences = Vec::<Vec<Call>>::new();
    for first in CALLS {
        for second in CALLS {
            sequences.push(vec![first, second]);
        }
    }
    for second in CALLS {
        sequences
            .extend([Call::Login, Call::LoginOtherwise].map(|third| vec![Call::Register, second, third]));
    }
    let email = |number: usize, state: State| format!("{state:?}{number}@example.org").to_lowercase();
    for number in 0..sequences.len() {
        for state in [State::Unproved, State::Proved] {
            prepare(&service, state, &email(number, state)).await;
        }
    }
    service.clock.advance(TimeDelta::minutes(2));
    let mut seen = BTreeMap::<String, usize>::new();
    for (number, sequence) in sequences.iter().enumerate() {
        let mut answers = Vec::new();
        for state in [State::Unknown, State::Unproved, State::Proved] {
            let mut answered = Vec::new();
            for call in sequence {
                answered.push(answer(&service, *call, &email(number, state)).await);
            }
            for text in &answered {
                *seen.entry(text.clone()).or_default() += 1;
            }
            answers.push(answered);
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{sequence:?}: {answers:#?}");
    }
    // The comparison is worth something only if the calls answer more than one thing.
    for expected in ["EMAIL_NOT_VERIFIED", "CREDENTIALS_INVALID", "CODE_INVALID", "ok"] {
        assert!(seen.keys().any(|text| text.contains(expected)), "{expected} is not in {seen:#?}");
    }
    service.stop().await;
}

#[tokio::test]
async fn whoever_registered_is_told_to_verify_whoever_owns_the_address_and_the_owner_notices_nothing() {
    let service = Service::start().await;
    let owner = "anna@example.org";
    service.open_account(owner).await;
    let request = proto::RegisterRequest { password: MINE.to_owned(), ..registration(owner) };
    service.register_as(request).await.unwrap();
    assert_eq!(reason(&service.login(owner, MINE).await.unwrap_err()), "EMAIL_NOT_VERIFIED");
    service.login(owner, crate::fixture::PASSWORD).await.unwrap();
    assert_eq!(reason(&service.login(owner, OTHER).await.unwrap_err()), "CREDENTIALS_INVALID");
    service.clock.advance(TimeDelta::days(8));
    assert_eq!(reason(&service.login(owner, MINE).await.unwrap_err()), "CREDENTIALS_INVALID");
    service.stop().await;
}
