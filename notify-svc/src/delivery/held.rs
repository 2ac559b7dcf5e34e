//! Which rows this process holds, as it knows itself.
//!
//! The ledger may believe that we hold more: rows whose claim's answer was lost, or whose release failed. Only what
//! stands here is prolonged, so that such rows come free when their leases end.
//!
//! It also knows until when each lease is safe by the clock of this process, which is never later than by the database's:
//! it counts from before the statement that set it. A process that was stopped and goes on, or one whose database has
//! been away, so learns that others may have its mails by now before it hands them over a second time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use uuid::Uuid;

use crate::ledger::attempts::Lease;
use crate::ledger::claims::Claim;

/// All rows held; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(Arc<Mutex<HashMap<Uuid, Row>>>);

#[derive(Clone, Copy, Debug)]
struct Row {
    fence: i64,
    safe_until: Instant,
}

/// A claim as long as it is held.
#[derive(Debug)]
pub(super) struct HeldClaim {
    pub(super) claim: Claim,
    /// Ends with the last thing that is to be written of the claim.
    pub(super) hold: Hold,
}

/// Keeps a row among those held until it is dropped.
#[derive(Debug)]
pub(super) struct Hold {
    held: Held,
    lease: Lease,
}

impl Held {
    /// Holds a claim from now on.
    pub(super) fn hold(&self, claim: Claim) -> HeldClaim {
        let lease = Lease { notification_id: claim.notification_id, fence: claim.fence };
        // Nothing may be sent of it before it is begun, and that sets the time.
        self.rows().insert(lease.notification_id, Row { fence: lease.fence, safe_until: Instant::now() });
        HeldClaim { claim, hold: Hold { held: self.clone(), lease } }
    }

    /// What is held now.
    pub(super) fn leases(&self) -> Vec<Lease> {
        let rows = self.rows();
        rows.iter().map(|(&notification_id, row)| Lease { notification_id, fence: row.fence }).collect()
    }

    /// These were prolonged, by a statement that was sent after `since`.
    pub(super) fn prolonged(&self, ids: &[Uuid], since: Instant, lease: Duration) {
        let mut rows = self.rows();
        for id in ids {
            if let Some(row) = rows.get_mut(id) {
                row.safe_until = row.safe_until.max(since + lease);
            }
        }
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<Uuid, Row>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// The row was begun, by a statement that was sent after `since`.
    pub(super) fn begun(&self, since: Instant, lease: Duration) {
        self.held.prolonged(&[self.lease.notification_id], since, lease);
    }

    /// Whether nobody else can have the row yet.
    pub(super) fn is_safe(&self) -> bool {
        let rows = self.held.rows();
        rows.get(&self.lease.notification_id)
            .is_some_and(|row| row.fence == self.lease.fence && Instant::now() < row.safe_until)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut rows = self.held.rows();
        // The row may have been claimed once more while an older hold of it was on its way out.
        if rows.get(&self.lease.notification_id).is_some_and(|row| row.fence == self.lease.fence) {
            rows.remove(&self.lease.notification_id);
        }
    }
}
