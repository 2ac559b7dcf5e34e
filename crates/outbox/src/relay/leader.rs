//! The active relay.

use eventbus::Publisher;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Relay;
use super::batch::{Batch, Verdict};
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
    /// The broker and the database work at the same time: while a batch is on its way, the one before it is marked and
    /// the one behind it is read. Each batch is the first of all that is pending *then* and not on its way. There is
    /// no memory of where the last one ended: an event with a lower position may have been committed since. A batch
    /// that was read ahead of a failure is forgotten, because its events may not overtake those that failed.
    #[expect(
        clippy::disallowed_methods,
        reason = "pauses grow with a jitter, so that not all come back at one time"
    )]
    async fn drain(&self, session: &mut Session, shutdown: &CancellationToken) -> Result<(), SessionError> {
        let mut failures = 0;
        let mut answered = Verdict::default();
        let mut batch = self.read(session, &[]).await?;
        while !batch.positions.is_empty() && !shutdown.is_cancelled() {
            let ahead = async {
                self.mark(session, &answered).await?;
                if !batch.full {
                    return Ok(Batch::default());
                }
                self.read(session, &batch.positions).await
            };
            let publishing = async { Ok(self.publish(&batch, shutdown).await) };
            let (verdict, next) = tokio::try_join!(publishing, ahead)?;
            answered = verdict.unwrap_or_default();
            if answered.published.len() == batch.positions.len() {
                failures = 0;
                batch = next;
                continue;
            }
            self.mark(session, &std::mem::take(&mut answered)).await?;
            failures += 1;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = sleep(self.config.retry.delay(failures, rand::random())) => {}
            }
            batch = self.read(session, &[]).await?;
        }
        self.mark(session, &answered).await
    }
}
