//! Requests at a fixed rate, whatever the system does: a slow answer does not thin out the load.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::balancer::Balancer;
use crate::harness::Account;

/// How long a client asks again, and how long it waits before it does.
const PATIENCE: Duration = Duration::from_mins(2);
const BEFORE_AGAIN: Duration = Duration::from_millis(500);

/// What is asked for, again and again.
#[derive(Clone)]
pub(super) enum Call {
    /// A new account each time.
    Register,
    /// The same, and the same request again for as long as the service cannot be reached, as a client does.
    RegisterUntilAccepted,
    /// The same path each time, with an access token.
    Read { path: &'static str, token: String },
}

/// What became of the requests.
#[derive(Default)]
pub(super) struct Outcome {
    /// Addresses of accepted registrations, and when they were accepted.
    pub(super) accepted: BTreeMap<String, DateTime<Utc>>,
    /// Their passwords.
    pub(super) passwords: BTreeMap<String, String>,
    /// From the moment a request was due to its answer.
    pub(super) times: Vec<Duration>,
    /// Requests that were not answered as they should be.
    pub(super) failures: Vec<String>,
}

impl Outcome {
    /// Fails if a request did.
    pub(super) fn assert_all_answered(&self) {
        let some: Vec<_> = self.failures.iter().take(10).collect();
        let all = self.times.len();
        assert!(self.failures.is_empty(), "{} of {all} requests failed: {some:#?}", self.failures.len());
    }
}

/// Running load.
pub(super) struct Load {
    outcome: Arc<Mutex<Outcome>>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Load {
    /// Starts `rate` requests a second, each of `calls` in its turn.
    pub(super) fn start(balancer: &Balancer, rate: u32, calls: Vec<Call>) -> Self {
        let (outcome, stop) = (Arc::default(), CancellationToken::new());
        let running = run(balancer.clone(), rate, calls, Arc::clone(&outcome), stop.clone());
        Self { outcome, running: tokio::spawn(running), stop }
    }

    /// Registrations accepted so far.
    pub(super) fn accepted(&self) -> usize {
        self.outcome.lock().unwrap().accepted.len()
    }

    /// Addresses and passwords of the registrations accepted so far.
    pub(super) fn accounts(&self) -> BTreeMap<String, String> {
        self.outcome.lock().unwrap().passwords.clone()
    }

    /// Waits until `count` registrations are accepted.
    pub(super) async fn until_accepted(&self, count: usize) {
        while self.accepted() < count {
            assert!(!self.running.is_finished(), "the load has died");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the load and waits for the last answers.
    pub(super) async fn stop(self) -> Outcome {
        self.stop.cancel();
        self.running.await.unwrap();
        std::mem::take(&mut *self.outcome.lock().unwrap())
    }
}

async fn run(
    balancer: Balancer,
    rate: u32,
    calls: Vec<Call>,
    outcome: Arc<Mutex<Outcome>>,
    stop: CancellationToken,
) {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for number in 0.. {
        // By the clock from the start, so that a late one does not put off those behind it.
        let due = start + Duration::from_secs(1) * number / rate;
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep_until(due) => {}
        }
        let call = calls[number as usize % calls.len()].clone();
        running.spawn(one(balancer.clone(), call, due, Arc::clone(&outcome)));
        while let Some(ended) = running.try_join_next() {
            ended.unwrap();
        }
    }
    running.join_all().await;
}

async fn one(balancer: Balancer, call: Call, due: Instant, outcome: Arc<Mutex<Outcome>>) {
    let (answer, account) = match call {
        Call::Register => {
            let account = Account::new("en");
            (register(&balancer, &account).await, Some(account))
        }
        Call::RegisterUntilAccepted => {
            let account = Account::new("en");
            loop {
                let answer = register(&balancer, &account).await;
                let refused = answer.as_ref().is_err_and(|failure| failure.starts_with('4'));
                if answer.is_ok() || refused || due.elapsed() > PATIENCE {
                    break (answer, Some(account));
                }
                tokio::time::sleep(BEFORE_AGAIN).await;
            }
        }
        Call::Read { path, token } => {
            let answer =
                balancer.send(|http, base| http.get(format!("{base}{path}")).bearer_auth(&token)).await;
            (judge(path, answer, 200).await, None)
        }
    };
    let mut outcome = outcome.lock().unwrap();
    outcome.times.push(due.elapsed());
    match (answer, account) {
        (Ok(()), Some(account)) => {
            outcome.accepted.insert(account.email.clone(), Utc::now());
            outcome.passwords.insert(account.email, account.password);
        }
        (Ok(()), None) => {}
        (Err(failure), _) => {
            outcome.failures.push(format!("{} {failure}", Utc::now().format("%H:%M:%S%.3f")));
        }
    }
}

async fn register(balancer: &Balancer, account: &Account) -> Result<(), String> {
    let (path, body) = ("/v1/auth/register", account.registration());
    let answer = balancer.send(|http, base| http.post(format!("{base}{path}")).json(&body)).await;
    judge(path, answer, 202).await
}

/// Reads the answer to its end. A failure begins with the status, if there is one.
async fn judge(path: &str, answer: reqwest::Result<reqwest::Response>, expected: u16) -> Result<(), String> {
    let response = answer.map_err(|error| format!("{path}: {error:?}"))?;
    let status = response.status();
    let text = response.text().await.map_err(|error| format!("{status} of {path}, then {error:?}"))?;
    if status == expected { Ok(()) } else { Err(format!("{status} of {path}: {text}")) }
}
