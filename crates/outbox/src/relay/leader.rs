//! The active relay.

use eventbus::Publisher;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Relay;
use super::batch::Progress;
use super::session::{Session, SessionError};

impl<P: Publisher> Relay<P> {
    /// Publishes whatever becomes pending, until `shutdown` is cancelled.
    pub(super) async fn lead(
        &self,
        session: &mut Session,
        shutdown: &CancellationToken,
    ) -> Result<(), SessionError> {
        while !shutdown.is_cancelled() {
            self.drain(session, shutdown).await?;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.wake.any() => sleep(self.config.linger).await,
                () = sleep(self.config.poll_interval) => {}
            }
        }
        Ok(())
    }

    /// Publishes batch after batch until nothing is pending.
    ///
    /// Each batch is the first of all that is pending *now*. There is no memory of where the last one ended: an event
    /// with a lower position may have been committed since.
    async fn drain(&self, session: &mut Session, shutdown: &CancellationToken) -> Result<(), SessionError> {
        let mut failures = 0;
        while !shutdown.is_cancelled() {
            let pending = session.pending(self.config.batch_size).await?;
            let full = pending.len() >= usize::from(self.config.batch_size);
            match self.publish(session, pending, shutdown).await? {
                Progress::Complete if full => failures = 0,
                Progress::Complete | Progress::GivenUp => return Ok(()),
                Progress::Partial => {
                    failures += 1;
                    tokio::select! {
                        () = shutdown.cancelled() => {}
                        () = sleep(self.config.retry.delay(failures, rand::random())) => {}
                    }
                }
            }
        }
        Ok(())
    }
}
