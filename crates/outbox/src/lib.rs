//! A transactional outbox: events are written in the transaction of the change they report, and a relay publishes
//! them afterwards.
//!
//! ```text
//! BEGIN; change; Outbox::enqueue; COMMIT; Outbox::committed ──wakes──▶ Relay ──batch──▶ Publisher
//! ```
//!
//! What it promises:
//!
//! - **Atomic.** An event is published if and only if its transaction committed.
//! - **At least once.** A crash between publishing and marking repeats events with the same id.
//! - **Order per key**, for transactions that serialise on what they change: take the row lock first, then enqueue.
//! - **One relay at work** for each database, however many processes run one; another takes over within about a second.
//!
//! The tables are in the schema `outbox` of the service's own database; [`migrate`] creates and upgrades them.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests live by the clock of the machine"))]

mod backlog;
mod encoded_event;
mod outbox;
mod relay;
mod retention;
mod store;
mod wake;

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

pub use backlog::{Backlog, backlog};
pub use encoded_event::EncodedEvent;
pub use outbox::{Outbox, OutboxError};
pub use relay::{Relay, RelayConfig};
pub use retention::{erase, prune, replay};

/// What makes the schema of the outbox, for a service that has migrations of its own beside it.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// Creates the schema of the outbox or brings it up to date.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATIONS.run(pool).await
}
