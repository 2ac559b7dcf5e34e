//! Which rows this process holds, as it knows itself.
//!
//! The ledger may believe that we hold more: rows whose claim's answer was lost, or whose release failed. Only what
//! stands here is prolonged, so that such rows come free when their leases end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::ledger::attempts::Lease;
use crate::ledger::claims::Claim;

/// All rows held; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(Arc<Mutex<HashMap<Uuid, i64>>>);

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
        self.rows().insert(lease.notification_id, lease.fence);
        HeldClaim { claim, hold: Hold { held: self.clone(), lease } }
    }

    /// What is held now.
    pub(super) fn leases(&self) -> Vec<Lease> {
        let rows = self.rows();
        rows.iter().map(|(&notification_id, &fence)| Lease { notification_id, fence }).collect()
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<Uuid, i64>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut rows = self.held.rows();
        // The row may have been claimed once more while an older hold of it was on its way out.
        if rows.get(&self.lease.notification_id) == Some(&self.lease.fence) {
            rows.remove(&self.lease.notification_id);
        }
    }
}
