//! Asking the replicas of a service how they are.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::Client;
use super::replica::{Replica, Standing};
use crate::health::Dependency;

/// How often the health of a replica is asked for. A service that stops says so for longer before it stops listening.
const INTERVAL: Duration = Duration::from_millis(500);
/// The same while nobody calls and every replica serves: questions by the clock are most of what an idle system does.
const IDLE_INTERVAL: Duration = Duration::from_secs(2);
/// How long after a call the next one is expected.
const BUSY: Duration = Duration::from_secs(10);
/// A service that hangs takes the question and never answers.
const TIMEOUT: Duration = Duration::from_millis(1_500);

/// Asks each replica's health twice a second until `shutdown`, less often while nothing depends on the answer. Calls pass
/// over those that do not serve; `dependency` is up while one of them does.
pub async fn watch_health(client: Client, dependency: Dependency, shutdown: CancellationToken) {
    let mut asked_at = None;
    let mut busy_until = Instant::now() + BUSY;
    // One that hangs holds up nobody else's question.
    let mut checks = JoinSet::new();
    let mut asked = HashSet::new();
    loop {
        let busy = Instant::now() < busy_until || client.replicas.any_is_in_question();
        let pace = if busy { INTERVAL } else { IDLE_INTERVAL };
        let due = asked_at.map_or_else(Instant::now, |at| at + pace);
        tokio::select! {
            () = shutdown.cancelled() => return,
            // A call of the busy time before counts as one that comes now.
            () = client.replicas.called(), if !busy => busy_until = Instant::now() + BUSY,
            () = sleep_until(due) => {
                asked_at = Some(Instant::now());
                let known = client.replicas.known();
                if known.is_empty() {
                    dependency.down("no address");
                }
                for replica in known.iter().filter(|replica| asked.insert(replica.addr())) {
                    checks.spawn(check(Arc::clone(replica)));
                }
            }
            Some(checked) = checks.join_next() => {
                let (replica, standing) = checked.expect("a check does not panic");
                asked.remove(&replica.addr());
                replica.checked(standing);
                report(&client.replicas.known(), &dependency);
            }
        }
    }
}

fn report(replicas: &[Arc<Replica>], dependency: &Dependency) {
    let standings: Vec<_> = replicas.iter().map(|replica| replica.standing()).collect();
    if standings.contains(&Standing::Serving) {
        return dependency.up();
    }
    if standings.contains(&Standing::Unknown) {
        return;
    }
    let mut reasons = standings.into_iter().filter_map(|standing| match standing {
        Standing::Away(reason) => Some(reason),
        Standing::Hanging => Some("no answer in time"),
        Standing::Serving | Standing::Unknown => None,
    });
    if let Some(reason) = reasons.next_back() {
        dependency.down(reason);
    }
}

async fn check(replica: Arc<Replica>) -> (Arc<Replica>, Standing) {
    let mut health = HealthClient::new(replica.connection());
    let mut request = tonic::Request::new(HealthCheckRequest { service: String::new() });
    request.set_timeout(TIMEOUT);
    let standing = match tokio::time::timeout(TIMEOUT, health.check(request)).await {
        Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving => Standing::Serving,
        Ok(Ok(_)) => Standing::Away("not ready"),
        Ok(Err(status)) if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) => {
            Standing::Hanging
        }
        Ok(Err(_)) => Standing::Away("not reachable"),
        Err(_) => Standing::Hanging,
    };
    (replica, standing)
}
