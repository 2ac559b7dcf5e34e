//! What is spent of the limits that all replicas share.
//!
//! Each statement is a transaction of its own: a count stays whatever becomes of the call, and the rows, which many
//! calls share, are locked for no longer than it takes. Rows are locked in the order of their keys, so that statements
//! over several of them never wait for each other in a circle.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// One unit of a limit that a call wants to spend.
#[derive(Clone)]
pub(crate) struct Charge {
    pub(crate) key: [u8; 32],
    /// Most units in a window.
    pub(crate) allowed: i32,
    /// When the window ends, if it begins now.
    pub(crate) expire_time: DateTime<Utc>,
}

/// Whether everything was spent.
pub(crate) struct Spending {
    pub(crate) granted: bool,
    /// If not: when the last of the windows in question ends.
    pub(crate) refused_until: Option<DateTime<Utc>>,
}

/// Spends one unit of each limit, or of none if one of them is exhausted.
///
/// That nobody spends beyond a limit is ensured row by row, under lock. Only if another call takes the last unit at
/// the same moment may a refused call have spent some of the others.
pub(crate) async fn spend(
    connection: &mut PgConnection,
    charges: &[Charge],
    now: DateTime<Utc>,
) -> sqlx::Result<Spending> {
    let keys: Vec<_> = charges.iter().map(|charge| charge.key.to_vec()).collect();
    let allowed: Vec<_> = charges.iter().map(|charge| charge.allowed).collect();
    let expire_times: Vec<_> = charges.iter().map(|charge| charge.expire_time).collect();
    sqlx::query_as!(
        Spending,
        r#"
        WITH asked AS (
            SELECT limit_key, allowed, expire_time
            FROM UNNEST($1::bytea[], $2::integer[], $3::timestamptz[]) AS asked (limit_key, allowed, expire_time)
        ),
        exhausted AS (
            SELECT max(current.expire_time) AS refused_until
            FROM rate_limits AS current
            INNER JOIN asked USING (limit_key)
            WHERE current.expire_time > $4
                AND current.spent >= asked.allowed
        ),
        spent AS (
            INSERT INTO rate_limits AS current (limit_key, spent, allowed, expire_time)
            SELECT limit_key, 1, allowed, expire_time
            FROM asked
            CROSS JOIN exhausted
            WHERE refused_until IS NULL
            ORDER BY limit_key
            ON CONFLICT (limit_key) DO UPDATE
            SET spent = CASE WHEN current.expire_time <= $4 THEN 1 ELSE current.spent + 1 END,
                allowed = EXCLUDED.allowed,
                expire_time = CASE WHEN current.expire_time <= $4 THEN EXCLUDED.expire_time ELSE current.expire_time END
            WHERE current.expire_time <= $4
                OR current.spent < EXCLUDED.allowed
            RETURNING limit_key
        )
        SELECT
            (SELECT count(*) FROM spent) = (SELECT count(*) FROM asked) AS "granted!",
            refused_until
        FROM exhausted
        "#,
        &keys,
        &allowed,
        &expire_times,
        now,
    )
    .fetch_one(connection)
    .await
}

/// Gives one unit of each limit back.
pub(crate) async fn give_back(
    connection: &mut PgConnection,
    charges: &[Charge],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let keys: Vec<_> = charges.iter().map(|charge| charge.key.to_vec()).collect();
    sqlx::query!(
        r#"
        UPDATE rate_limits
        SET spent = spent - 1
        FROM (
            SELECT limit_key
            FROM rate_limits
            WHERE limit_key = ANY($1)
            ORDER BY limit_key
            FOR NO KEY UPDATE
        ) AS locked
        WHERE rate_limits.limit_key = locked.limit_key
            AND spent > 0
            AND expire_time > $2
        "#,
        &keys,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
