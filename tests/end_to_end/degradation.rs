//! One part at a time goes away: what does not need it works, the rest says so at once, all of it recovers by itself.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Account, Part, Parts, Person, eventually};

/// A refusal has to be there before a person wonders.
const QUICKLY: Duration = Duration::from_secs(1);
/// What the gateway may take to notice that a part is away.
const NOTICE_LIMIT: Duration = Duration::from_secs(15);
const RECOVERY_LIMIT: Duration = Duration::from_mins(1);

const ACCOUNT: &str = "/v1/users/me";
const TRAINING: &str = "/v1/routines";
const MAILS: &str = "/v1/notifications";

/// What a person can do while a part is away.
struct Expectation {
    away: Part,
    works: &'static [&'static str],
    refused: &'static [&'static str],
    /// Whether somebody can register; their mail comes at the latest when the part is back.
    registers: bool,
}

const EXPECTATIONS: [Expectation; 6] = [
    Expectation { away: Part::Smtp, works: &[ACCOUNT, TRAINING, MAILS], refused: &[], registers: true },
    Expectation { away: Part::Kafka, works: &[ACCOUNT, TRAINING, MAILS], refused: &[], registers: true },
    Expectation { away: Part::NotifySvc, works: &[ACCOUNT, TRAINING], refused: &[MAILS], registers: true },
    Expectation { away: Part::WorkoutSvc, works: &[ACCOUNT, MAILS], refused: &[TRAINING], registers: true },
    Expectation { away: Part::UserSvc, works: &[TRAINING, MAILS], refused: &[ACCOUNT], registers: false },
    Expectation { away: Part::Postgres, works: &[], refused: &[ACCOUNT, TRAINING, MAILS], registers: false },
];

/// Waits until the refusal is as it should be: at once, with the time to come back.
async fn refused(person: &Person, path: &str) {
    eventually(&format!("{path} is refused at once"), NOTICE_LIMIT, || async {
        let start = Instant::now();
        let response = person.request("GET", path).send().await.unwrap();
        let elapsed = start.elapsed();
        // Until the gateway has noticed, the answer is the same and may take longer.
        assert_eq!(response.status(), 503, "{path}");
        let delay = response.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap();
        assert!(delay >= 1);
        let problem: serde_json::Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "DEPENDENCY_UNAVAILABLE", "{path}: {problem}");
        (elapsed < QUICKLY).then_some(())
    })
    .await;
}

async fn works(person: &Person, path: &str, limit: Duration) {
    eventually(&format!("{path} works"), limit, || async {
        let response = person.request("GET", path).send().await.unwrap();
        response.status().is_success().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_part_can_go_away_and_come_back() {
    let mut parts = Parts::start().await;
    let person = Person::join_as(parts.api(), parts.inbox(), Account::new("en")).await;
    for path in [ACCOUNT, TRAINING, MAILS] {
        works(&person, path, RECOVERY_LIMIT).await;
    }
    for expectation in EXPECTATIONS {
        let away = expectation.away;
        parts.stop(away).await;
        for path in expectation.works {
            works(&person, path, Duration::ZERO).await;
        }
        for path in expectation.refused {
            refused(&person, path).await;
        }
        let newcomer = Account::new("en");
        if expectation.registers {
            person.api.register(&newcomer).await;
        }
        parts.resume(away).await;
        for path in [ACCOUNT, TRAINING, MAILS] {
            works(&person, path, RECOVERY_LIMIT).await;
        }
        parts.until_ready().await;
        if expectation.registers {
            let mails = parts.inbox().wait_for(&newcomer.email, 1, RECOVERY_LIMIT).await;
            let verification = json!({ "email": newcomer.email, "code": mails[0].code() });
            let verified = person.api.post("/v1/auth/verify-email", &verification).await;
            assert_eq!(verified.status(), 200, "after {away:?}");
        }
    }
    parts.end().await;
}
