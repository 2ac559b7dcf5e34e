//! What a service depends on and how each of it is doing.
//!
//! A service is *ready* while everything it cannot work without is up and it is not draining. What it can do without
//! for a while (Kafka behind the outbox, SMTP behind the ledger) is reported, but takes nobody out of rotation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// Whether a service works without a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Nothing works without it: not ready while it is away.
    Required,
    /// Work waits for it: ready all the same.
    Deferrable,
}

/// What is known of a dependency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Not tried yet.
    Unknown,
    /// Answering.
    Up,
    /// Not answering.
    Down {
        /// Why, without secrets.
        reason: String,
    },
}

/// The state of a service and its dependencies at one moment, as `/readyz` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether calls are welcome.
    pub ready: bool,
    /// Whether the service is stopping.
    pub draining: bool,
    /// The dependencies by name.
    pub dependencies: BTreeMap<String, Status>,
}

/// A dependency in a [`Report`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Whether the service works without it.
    pub need: Need,
    /// How it is doing.
    #[serde(flatten)]
    pub state: State,
}

/// The health of one service; clones share it.
#[derive(Clone, Debug)]
pub struct Health(Arc<watch::Sender<Report>>);

impl Default for Health {
    fn default() -> Self {
        let report = Report { ready: true, draining: false, dependencies: BTreeMap::new() };
        Self(Arc::new(watch::Sender::new(report)))
    }
}

impl Health {
    /// Adds a dependency, of which nothing is known yet.
    pub fn dependency(&self, name: &str, need: Need) -> Dependency {
        self.update(|report| {
            report.dependencies.insert(name.to_owned(), Status { need, state: State::Unknown });
        });
        Dependency { health: self.clone(), name: name.to_owned(), last: Arc::default() }
    }

    /// From now on the service is not ready, whatever its dependencies say.
    pub fn drain(&self) {
        self.update(|report| report.draining = true);
    }

    /// How things stand.
    pub fn report(&self) -> Report {
        self.0.borrow().clone()
    }

    /// Follows the reports.
    pub fn watch(&self) -> watch::Receiver<Report> {
        self.0.subscribe()
    }

    /// Resolves as soon as the service is ready, which it is not before it has named a dependency.
    pub async fn ready(&self) {
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = self.watch().wait_for(|report| report.ready && !report.dependencies.is_empty()).await;
    }

    fn update(&self, change: impl FnOnce(&mut Report)) {
        self.0.send_modify(|report| {
            change(report);
            let up = |status: &Status| status.need == Need::Deferrable || status.state == State::Up;
            report.ready = !report.draining && report.dependencies.values().all(up);
        });
    }
}

/// The handle by which a dependency's state is told.
#[derive(Clone, Debug)]
pub struct Dependency {
    health: Health,
    name: String,
    last: Arc<Mutex<Option<bool>>>,
}

impl Dependency {
    /// It answers.
    pub fn up(&self) {
        self.set(true, State::Up);
    }

    /// It does not answer; `reason` holds no secrets.
    pub fn down(&self, reason: impl Into<String>) {
        self.set(false, State::Down { reason: reason.into() });
    }

    /// Logs changes only, so that an outage makes two lines and not one a second.
    fn set(&self, up: bool, state: State) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != Some(up) {
            match &state {
                // At a start the others may only be slower; an outage is what was up before.
                State::Down { reason } if last.is_none() => {
                    tracing::info!(dependency = self.name, reason, "dependency is not there yet");
                }
                State::Down { reason } => {
                    tracing::warn!(dependency = self.name, reason, "dependency is away");
                }
                _ if last.is_some() => tracing::info!(dependency = self.name, "dependency is back"),
                _ => tracing::debug!(dependency = self.name, "dependency is up"),
            }
            *last = Some(up);
        }
        drop(last);
        self.health.update(|report| {
            if let Some(status) = report.dependencies.get_mut(&self.name) {
                status.state = state;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_dependency_decides_on_readiness_and_a_deferrable_one_does_not() {
        let health = Health::default();
        let postgres = health.dependency("postgres", Need::Required);
        let kafka = health.dependency("kafka", Need::Deferrable);
        assert!(!health.report().ready);
        postgres.up();
        kafka.down("connection refused");
        assert!(health.report().ready);
        postgres.down("connection refused");
        assert!(!health.report().ready);
    }

    #[test]
    fn a_draining_service_is_not_ready() {
        let health = Health::default();
        health.drain();
        assert!(!health.report().ready);
    }

    #[test]
    fn the_report_names_each_dependency_and_its_state() {
        let health = Health::default();
        health.dependency("postgres", Need::Required).down("away");
        let json = serde_json::to_value(health.report()).unwrap();
        assert_eq!(json["dependencies"]["postgres"]["state"], "down");
        assert_eq!(json["dependencies"]["postgres"]["need"], "required");
    }
}
