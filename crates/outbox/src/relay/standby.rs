//! A relay that is not active.

use std::time::Duration;

use eventbus::Publisher;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Relay;
use super::session::{Session, SessionError};

/// Commits within this time share a notification. NOTIFY takes a lock that all notifying transactions of a database
/// share, which is why it is kept out of business transactions and rare.
const NOTIFY_PAUSE: Duration = Duration::from_millis(10);

impl<P: Publisher> Relay<P> {
    /// Waits until this relay is the active one, `true`, or `shutdown` is cancelled, `false`.
    ///
    /// The lock is tried each poll and not waited for: a waiting statement would keep its snapshot, and with it every
    /// dead row of the database.
    pub(super) async fn stand_by(
        &self,
        session: &mut Session,
        shutdown: &CancellationToken,
    ) -> Result<bool, SessionError> {
        while !session.try_lead().await? {
            let next_try = Instant::now() + self.config.poll_interval;
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return Ok(false),
                    () = sleep_until(next_try) => break,
                    () = self.wake.local() => {}
                }
                session.notify().await?;
                sleep(NOTIFY_PAUSE).await;
            }
        }
        Ok(true)
    }
}
