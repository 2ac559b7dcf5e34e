//! Deadlines for replies that cost nothing while replies come in time.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// The wait was longer than allowed.
#[derive(Debug)]
pub(super) struct TooLong;

/// One timer for all waits of a connection, left running from wait to wait and wound up only when it fires.
///
/// A new timer for each reply would wake the driver of the runtime whenever it ends earlier than the one before, which
/// is several times a mail.
pub(super) struct Patience {
    timer: Pin<Box<Sleep>>,
    shortest: Duration,
}

impl Patience {
    /// For waits of which most are no shorter than `shortest`.
    pub(super) fn new(shortest: Duration) -> Self {
        Self { timer: Box::pin(sleep(shortest)), shortest }
    }

    /// Waits for `future`, up to `limit`.
    pub(super) async fn wait<F: Future>(&mut self, limit: Duration, future: F) -> Result<F::Output, TooLong> {
        let Self { timer, shortest } = self;
        let mut future = pin!(future);
        let deadline = Instant::now() + limit;
        // The timer never ends later than the deadline; when it ends earlier, it is wound up again.
        if deadline < timer.deadline() {
            timer.as_mut().reset(deadline);
        }
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            while timer.as_mut().poll(context).is_ready() {
                let now = Instant::now();
                if now >= deadline {
                    return Poll::Ready(Err(TooLong));
                }
                timer.as_mut().reset(deadline.min(now + *shortest));
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn each_wait_has_its_own_limit_whatever_the_timer_was_wound_to() {
        let mut patience = Patience::new(Duration::from_millis(40));
        for limit in [100, 12, 40, 0, 28].map(Duration::from_millis) {
            let start = Instant::now();
            assert!(patience.wait(limit, pending::<()>()).await.is_err());
            assert!(start.elapsed() >= limit);
            assert!(patience.wait(limit, ready(())).await.is_ok());
        }
    }

    #[tokio::test]
    async fn a_short_wait_ends_although_the_timer_was_wound_to_a_long_one() {
        let mut patience = Patience::new(Duration::from_hours(1));
        assert!(patience.wait(Duration::from_millis(1), pending::<()>()).await.is_err());
    }
}
