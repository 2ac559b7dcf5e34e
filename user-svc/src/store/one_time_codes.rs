//! One-time codes.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::one_time_code::{MAX_TRIES, Purpose};

/// A code on its way into the table.
pub(crate) struct NewCode {
    pub(crate) code_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) purpose: Purpose,
    pub(crate) code_hash: [u8; 32],
    pub(crate) issue_time: DateTime<Utc>,
    pub(crate) expire_time: DateTime<Utc>,
}

/// What happens to an earlier code that still works.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// It stays, and no new code is issued.
    Keep,
    /// It stops working.
    Supersede,
}

/// A stored code that somebody tries.
pub(crate) struct TriedCode {
    pub(crate) code_id: Uuid,
    pub(crate) code_hash: Vec<u8>,
}

/// Stores a code in place of the earlier one and answers whether it did: not if the earlier one still works and is to
/// stay. How many codes there may be is counted where they are asked for, by mailbox and network.
pub(crate) async fn issue(
    connection: &mut PgConnection,
    code: &NewCode,
    earlier: Earlier,
) -> sqlx::Result<bool> {
    let issued = sqlx::query!(
        r#"
        INSERT INTO one_time_codes AS current
            (user_id, purpose, code_id, code_hash, issue_time, expire_time, window_start)
        VALUES ($1, $2, $3, $4, $5, $6, $5)
        ON CONFLICT (user_id, purpose) DO UPDATE
        SET code_id = EXCLUDED.code_id,
            code_hash = EXCLUDED.code_hash,
            tries = 0,
            issue_time = EXCLUDED.issue_time,
            expire_time = EXCLUDED.expire_time,
            use_time = NULL
        WHERE $7 OR current.use_time IS NOT NULL OR current.expire_time <= $5 OR current.tries >= $8
        "#,
        code.user_id,
        code.purpose.as_str(),
        code.code_id,
        &code.code_hash,
        code.issue_time,
        code.expire_time,
        earlier == Earlier::Supersede,
        MAX_TRIES,
    )
    .execute(connection)
    .await?;
    Ok(issued.rows_affected() == 1)
}

/// Counts a try and answers the code to compare with, if one still works.
///
/// The try is counted before anything is compared, so that concurrent guesses cannot share one.
pub(crate) async fn count_try(
    connection: &mut PgConnection,
    user_id: Uuid,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<TriedCode>> {
    sqlx::query_as!(
        TriedCode,
        r#"
        UPDATE one_time_codes
        SET tries = tries + 1
        WHERE user_id = $1
            AND purpose = $2
            AND use_time IS NULL
            AND expire_time > $3
            AND tries < $4
        RETURNING code_id, code_hash
        "#,
        user_id,
        purpose.as_str(),
        now,
        MAX_TRIES,
    )
    .fetch_optional(connection)
    .await
}

/// Uses a code up. The caller holds its row since [`count_try`].
pub(crate) async fn use_up(
    connection: &mut PgConnection,
    user_id: Uuid,
    purpose: Purpose,
    code_id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE one_time_codes
        SET use_time = $4
        WHERE user_id = $1
            AND purpose = $2
            AND code_id = $3
        "#,
        user_id,
        purpose.as_str(),
        code_id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
