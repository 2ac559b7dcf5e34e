//! Sessions and their refresh tokens.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A session on its way into the tables.
pub(crate) struct NewSession {
    pub(crate) session_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) token_hash: [u8; 32],
    pub(crate) now: DateTime<Utc>,
    pub(crate) expire_time: DateTime<Utc>,
}

/// Opens a session with the first refresh token of its family.
pub(crate) async fn open(connection: &mut PgConnection, session: &NewSession) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        WITH opened AS (
            INSERT INTO sessions (session_id, user_id, create_time, expire_time)
            VALUES ($1, $2, $3, $4)
            RETURNING session_id
        )
        INSERT INTO refresh_tokens (token_hash, session_id, generation, create_time)
        SELECT $5, session_id, 1, $3
        FROM opened
        "#,
        session.session_id,
        session.user_id,
        session.now,
        session.expire_time,
        &session.token_hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}
