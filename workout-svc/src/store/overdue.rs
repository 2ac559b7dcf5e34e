//! What should have come by the clock and has not.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// When the longest waiting of each kind was due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overdue {
    pub(crate) reminder: Option<DateTime<Utc>>,
    pub(crate) weekly_summary: Option<DateTime<Utc>>,
}

/// Finds what is due at a moment and not announced.
pub(crate) async fn find(connection: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<Overdue> {
    sqlx::query_as!(
        Overdue,
        r#"
        SELECT
            (
                SELECT min(next_due_time)
                FROM reminders
                WHERE next_due_time <= $1
            ) AS reminder,
            (
                SELECT min(next_due_time)
                FROM weekly_summaries
                WHERE next_due_time <= $1
            ) AS weekly_summary
        "#,
        now,
    )
    .fetch_one(connection)
    .await
}
