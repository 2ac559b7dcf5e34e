//! How a service stops taking work without anybody noticing.
//!
//! A service that closes its port at once loses the calls that were on their way to it. So it first only says that it
//! is not ready, on `/readyz` and in gRPC's health, and goes on as before while whoever balances load turns away. Then
//! it stops listening, finishes what it has, and leaves.

use std::time::Duration;

use futures::future::select_all;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::health::Health;
use crate::lifecycle::Tasks;

/// The times of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainConfig {
    /// How long work is still taken after the service has said that it is not ready.
    pub delay: Duration,
    /// Longest time for running work to end afterwards.
    pub deadline: Duration,
}

impl DrainConfig {
    /// Reads the settings; `deadline_seconds` is the service's own default.
    pub fn from_settings(settings: &mut Settings, deadline_seconds: u64) -> Self {
        let delay = settings.time(
            "DRAIN_DELAY_MS",
            "How long a stopping service, which says at once that it is not ready, still takes calls: load balancers \
             have to notice.",
            1_000,
            0..=60_000,
        );
        let deadline = settings.time(
            "DRAIN_DEADLINE_SECONDS",
            "Longest time for running work to end at a stop.",
            deadline_seconds,
            1..=600,
        );
        Self { delay, deadline }
    }

    /// A stop without a delay, where nobody balances load.
    pub fn within(deadline: Duration) -> Self {
        Self { delay: Duration::ZERO, deadline }
    }

    /// Resolves when the running `parts` of a service have to be stopped: at `shutdown`, after the delay, or at once when
    /// one of them has ended. From the beginning of that the service is not ready.
    pub async fn until_stop(&self, health: &Health, shutdown: &CancellationToken, parts: &[&Tasks]) {
        let ended = parts.iter().map(|tasks| Box::pin(tasks.shutdown().cancelled()));
        let turned_away = async {
            shutdown.cancelled().await;
            health.drain();
            tokio::time::sleep(self.delay).await;
        };
        tokio::select! {
            () = turned_away => {}
            _ = select_all(ended) => health.drain(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const LIMIT: Duration = Duration::from_secs(5);

    fn drain(delay: Duration) -> DrainConfig {
        DrainConfig { delay, deadline: Duration::ZERO }
    }

    #[tokio::test]
    async fn readiness_goes_before_the_delay_and_the_parts_go_on_meanwhile() {
        let (health, shutdown, parts) = (Health::default(), CancellationToken::new(), Tasks::default());
        shutdown.cancel();
        let config = drain(LONG);
        let service: &[&Tasks] = &[&parts];
        let stopping = config.until_stop(&health, &shutdown, service);
        assert!(tokio::time::timeout(Duration::from_millis(20), stopping).await.is_err());
        assert!(health.report().draining && !parts.shutdown().is_cancelled());
    }

    #[tokio::test]
    async fn without_a_delay_a_stop_begins_at_once() {
        let (health, shutdown, parts) = (Health::default(), CancellationToken::new(), Tasks::default());
        shutdown.cancel();
        let config = drain(Duration::ZERO);
        let service: &[&Tasks] = &[&parts];
        let stopping = config.until_stop(&health, &shutdown, service);
        tokio::time::timeout(LIMIT, stopping).await.unwrap();
    }

    #[tokio::test]
    async fn a_part_that_ends_by_itself_ends_the_wait() {
        let (health, shutdown) = (Health::default(), CancellationToken::new());
        let (front, rear) = (Tasks::default(), Tasks::default());
        rear.shutdown().cancel();
        let config = drain(LONG);
        let service: &[&Tasks] = &[&front, &rear];
        let stopping = config.until_stop(&health, &shutdown, service);
        tokio::time::timeout(LIMIT, stopping).await.unwrap();
        assert!(health.report().draining);
    }
}
