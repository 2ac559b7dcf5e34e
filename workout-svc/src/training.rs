//! What the use cases share: the database, the outbox and the time.
//!
//! Each use case is a method of [`Training`] in a file of its own, in the module of what it is about. Those that
//! change something open a transaction, hold the caller with [`Training::hold_athlete`], take the lock on what they
//! change, change it, enqueue the event, commit, and wake the relay.

mod error;

use std::sync::Arc;

use chassis::time::Clock;
pub(crate) use chassis::time::timestamp;
use chrono::{DateTime, SubsecRound as _, Utc};
use outbox::Outbox;
use sqlx::PgPool;

pub use self::error::TrainingError;
use crate::catalogue::Catalogue;
use crate::planner::RoutinePlanner;

/// Keeps the training of people; cheap to clone.
#[derive(Clone)]
pub struct Training {
    /// The database.
    pub pool: PgPool,
    /// Where events go, in the transaction of the change.
    pub outbox: Outbox,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The exercises that everybody has.
    pub catalogue: Arc<Catalogue>,
    /// Writes routines.
    pub planner: RoutinePlanner,
}

impl Training {
    /// The time in the precision of the database, so that what is answered is what was stored.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }
}
