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
