//! The SQL of this service, and the only place with any. The caller holds the connection and the transaction.
//!
//! Lock order: a transaction takes the row of the athlete first, then that of the routine or workout, then what is
//! inside it.

pub(crate) mod achievements;
pub(crate) mod athletes;
pub(crate) mod catalogue;
pub(crate) mod exercise_results;
pub(crate) mod exercises;
pub(crate) mod followings;
pub(crate) mod milestones;
pub(crate) mod overdue;
pub(crate) mod own_exercises;
pub(crate) mod plans;
pub(crate) mod record_marks;
pub(crate) mod reminders;
pub(crate) mod roles;
pub(crate) mod routine_changes;
pub(crate) mod routine_days;
pub(crate) mod routine_exercises;
pub(crate) mod routines;
pub(crate) mod trainer_profiles;
pub(crate) mod weekly_summaries;
pub(crate) mod workout_sets;
pub(crate) mod workouts;

use chassis::migrations::Tables;
use sqlx::migrate::Migrator;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Everything in the database of this service.
pub(crate) static TABLES: Tables =
    Tables { service: crate::NAME, migrators: &[&MIGRATIONS, &outbox::MIGRATIONS] };
