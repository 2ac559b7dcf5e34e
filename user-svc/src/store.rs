//! The SQL of this service, and the only place with any. The caller holds the connection and the transaction.
//!
//! Lock order: a transaction that changes an account, or writes an event of it, takes the row of the account first, and
//! all admins before that where it takes a role away; the registration of its address comes after it. Refreshing locks
//! the session only.

pub(crate) mod code_askers;
pub(crate) mod decoy;
pub(crate) mod devices;
pub(crate) mod doomed_objects;
pub(crate) mod ended_sessions;
pub(crate) mod files;
pub(crate) mod inbox;
pub(crate) mod known_places;
pub(crate) mod one_time_codes;
pub(crate) mod password_resets;
pub(crate) mod passwords;
pub(crate) mod pending_registrations;
pub(crate) mod rate_limits;
pub(crate) mod refresh_tokens;
pub(crate) mod registrations;
pub(crate) mod retention;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod user_list;
pub(crate) mod users;

use chassis::migrations::Tables;
use sqlx::migrate::Migrator;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Everything in the database of this service.
pub(crate) static TABLES: Tables =
    Tables { service: crate::NAME, migrators: &[&MIGRATIONS, &outbox::MIGRATIONS] };
