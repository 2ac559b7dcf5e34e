//! What only real servers and processes show: a trace through four of them, outages and deaths of the broker under load,
//! stops of replicas that nobody notices, starts at the same moment, and memory under large events.
//!
//! What load does to two cores is not what a test wants to measure, so passwords are hashed with the least that Argon2
//! allows; everything else is as it is by default.

mod backlog;
mod balancer;
mod broker_outage;
mod drill;
mod load;
mod memory;
mod pipeline;
mod report;
mod starts;
mod stops;
mod trace;

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Account, Deployment, Plan};

/// Settings for tests under load: cheap hashes.
fn cheap_hashes() -> Vec<(&'static str, String)> {
    vec![("ARGON2_MEMORY_KIB", "8".to_owned()), ("ARGON2_ITERATIONS", "1".to_owned())]
}

/// A system for tests under load.
async fn deploy(replicas: usize) -> Deployment {
    deploy_by(Plan { replicas, ..Plan::default() }).await
}

async fn deploy_by(plan: Plan) -> Deployment {
    let replicas = plan.replicas;
    let deployment = Deployment::start(Plan { environment: cheap_hashes(), ..plan }).await;
    let kafka = deployment.servers.kafka.as_ref().expect("it has a broker of its own").version();
    report::say(&format!("{replicas} process(es) of each service, {kafka}"));
    warm_up(&deployment, replicas).await;
    deployment
}

/// Has user-svc open its connections to the database, which takes a new process its time when all cores are busy: sign-ins
/// that fail leave nothing behind.
async fn warm_up(deployment: &Deployment, replicas: usize) {
    let api = deployment.api();
    for _ in 0..3 * replicas {
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            let (api, account) = (api.clone(), Account::new("en"));
            let credentials = json!({ "email": account.email, "password": account.password });
            calls.spawn(async move { api.post("/v1/auth/login", &credentials).await.status() });
        }
        while let Some(status) = calls.join_next().await {
            // Who comes while all connections are being opened may be told to come again.
            assert!([401, 503].contains(&status.unwrap().as_u16()), "nobody signs in without an account");
        }
    }
}

/// No process has written an address or a password of the load.
fn assert_nothing_personal_is_logged(deployment: &Deployment) {
    let log = deployment.log();
    assert!(log.lines().count() > 20, "the logs are not read");
    let found: Vec<_> = log.lines().filter(|line| line.contains("@example.org")).take(3).collect();
    assert!(found.is_empty(), "an address is logged: {found:#?}");
    assert!(!log.contains("pass phrase "), "a password is logged");
    assert!(!log.contains("panicked at"), "something panicked");
}
