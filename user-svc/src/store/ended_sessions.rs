//! Sessions that are over while access tokens of theirs may still be good. A trigger on `sessions` fills the table.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A session that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndedSession {
    pub(crate) session_id: Uuid,
    pub(crate) end_time: DateTime<Utc>,
}

/// What one statement saw of the table.
pub(crate) struct Reading {
    /// Where the next reading begins: the oldest transaction that was still open.
    pub(crate) horizon: i64,
    pub(crate) sessions: Vec<EndedSession>,
}

/// Reads what transactions from `horizon` on have ended; zero is before them all.
///
/// A session that this reading does not see is ended by a transaction that is open or to come, so the next reading does
/// not miss it. What it sees may come again.
pub(crate) async fn read(connection: &mut PgConnection, horizon: i64) -> sqlx::Result<Reading> {
    let rows = sqlx::query!(
        r#"
        SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "horizon!",
            ended.session_id AS "session_id?",
            ended.end_time AS "end_time?"
        FROM (SELECT) AS always
        LEFT JOIN ended_sessions AS ended ON ended.transaction_id >= $1
        "#,
        horizon,
    )
    .fetch_all(connection)
    .await?;
    let horizon = rows.first().map_or(horizon, |row| row.horizon);
    let sessions = rows.into_iter().filter_map(|row| {
        let (session_id, end_time) = row.session_id.zip(row.end_time)?;
        Some(EndedSession { session_id, end_time })
    });
    Ok(Reading { horizon, sessions: sessions.collect() })
}
