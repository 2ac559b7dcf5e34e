//! Work that comes by the clock, in every process at the same time.

pub(crate) mod metrics;
mod parts;

use std::time::Duration;

use chassis::lifecycle::chain;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

pub(crate) use self::parts::{Parts, SetAside};
use crate::training::TrainingError;

/// Calls `batch` as often as that, and again at once while it answers that more may be waiting, until `shutdown`.
///
/// An error ends nothing: the work stays where it is and waits for the next time.
pub(crate) async fn run<F>(every: Duration, shutdown: CancellationToken, mut batch: impl FnMut() -> F + Send)
where
    F: Future<Output = Result<bool, TrainingError>> + Send,
{
    let mut tick = tokio::time::interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = tick.tick() => {}
        }
        while !shutdown.is_cancelled() {
            match batch().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "what comes by the clock waits");
                    break;
                }
            }
        }
    }
}
