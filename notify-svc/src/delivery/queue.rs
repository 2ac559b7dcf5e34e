//! Claimed rows on their way to a connection.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore};

use super::held::HeldClaim;

/// Rows in the order they were claimed.
///
/// A sender first waits for a ticket, which stands for one row, then sees to its connection, then takes the row: so a
/// row is never stuck with a sender that cannot reach the relay, and one row does not wake all senders.
#[derive(Debug)]
pub(super) struct Queue {
    rows: Mutex<VecDeque<HeldClaim>>,
    tickets: Semaphore,
    low: Notify,
}

impl Default for Queue {
    fn default() -> Self {
        Self { rows: Mutex::default(), tickets: Semaphore::new(0), low: Notify::new() }
    }
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.rows().len()
    }

    pub(super) fn push(&self, claims: Vec<HeldClaim>) {
        let count = claims.len();
        self.rows().extend(claims);
        self.tickets.add_permits(count);
    }

    /// Resolves when there is a row to be taken by [`Queue::take`].
    pub(super) async fn ticket(&self) {
        self.tickets.acquire().await.expect("the semaphore is never closed").forget();
    }

    /// Takes a ticket if there is one now.
    pub(super) fn try_ticket(&self) -> bool {
        self.tickets.try_acquire().map(tokio::sync::SemaphorePermit::forget).is_ok()
    }

    /// Takes the row that a ticket stands for; none if it was withdrawn meanwhile.
    pub(super) fn take(&self) -> Option<HeldClaim> {
        let mut rows = self.rows();
        let row = rows.pop_front();
        if rows.len() <= Self::LOW {
            self.low.notify_one();
        }
        row
    }

    /// Resolves when the queue wants more.
    pub(super) async fn wants_more(&self) {
        self.low.notified().await;
    }

    /// Takes all rows back.
    pub(super) fn withdraw(&self) -> Vec<HeldClaim> {
        let rows: Vec<_> = self.rows().drain(..).collect();
        self.tickets.forget_permits(rows.len());
        rows
    }

    fn rows(&self) -> MutexGuard<'_, VecDeque<HeldClaim>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Most rows that wait: little more than goes out while the next ones are claimed, because what waits here is
    /// out of reach of other processes.
    pub(super) const FULL: usize = 256;
    const LOW: usize = Self::FULL / 2;
}
