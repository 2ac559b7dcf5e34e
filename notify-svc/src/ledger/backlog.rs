//! How much is waiting.

use sqlx::PgPool;

/// The open rows of one state.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// The state.
    pub state: String,
    /// How many rows.
    pub count: i64,
    /// Seconds since the oldest of them was made.
    pub oldest_age_seconds: f64,
}

/// The rows of one category that should have gone out by now.
#[derive(Clone, Debug, PartialEq)]
pub struct Overdue {
    /// The category.
    pub category: String,
    /// How many rows.
    pub count: i64,
    /// Seconds since the longest waiting of them was due.
    pub longest_seconds: f64,
}

/// Counts the rows that are due and not sent, by category. Those on the wire are among them; those that wait for their
/// next attempt or for the end of quiet hours are not.
pub async fn overdue(pool: &PgPool) -> Result<Vec<Overdue>, sqlx::Error> {
    sqlx::query_as!(
        Overdue,
        r#"SELECT category,
                  count(*) AS "count!",
                  EXTRACT(EPOCH FROM now() - min(next_attempt_at))::FLOAT8 AS "longest_seconds!"
           FROM notifications
           WHERE next_attempt_at <= now()
           GROUP BY category"#,
    )
    .fetch_all(pool)
    .await
}

/// Counts the open rows by state.
pub async fn waiting(pool: &PgPool) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query_as!(
        Waiting,
        r#"SELECT state,
                  count(*) AS "count!",
                  EXTRACT(EPOCH FROM now() - min(create_time))::FLOAT8 AS "oldest_age_seconds!"
           FROM notifications
           WHERE next_attempt_at IS NOT NULL
           GROUP BY state"#,
    )
    .fetch_all(pool)
    .await
}
