//! The newest registration of each address, known or not.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A registration that nobody has proved yet.
pub(crate) struct Pending {
    pub(crate) registration_id: Uuid,
    pub(crate) password_hash: String,
    pub(crate) request_hash: Vec<u8>,
    pub(crate) register_time: DateTime<Utc>,
}

/// Finds the newest registration of an address.
pub(crate) async fn find(
    connection: &mut PgConnection,
    address_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Pending>> {
    sqlx::query_as!(
        Pending,
        r#"
        SELECT registration_id, password_hash, request_hash, register_time
        FROM pending_registrations
        WHERE address_hash = $1
            AND expire_time > $2
        "#,
        address_hash,
        now,
    )
    .fetch_optional(connection)
    .await
}

/// Stores a registration in place of the earlier one and answers whether it did: not if the earlier one came after
/// `not_since` and is another than `seen`.
pub(crate) async fn put(
    connection: &mut PgConnection,
    address_hash: &[u8; 32],
    pending: &Pending,
    expire_time: DateTime<Utc>,
    seen: Option<Uuid>,
    not_since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let stored = sqlx::query!(
        r#"
        INSERT INTO pending_registrations AS known
            (address_hash, registration_id, password_hash, request_hash, register_time, expire_time)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (address_hash) DO UPDATE
        SET registration_id = EXCLUDED.registration_id,
            password_hash = EXCLUDED.password_hash,
            request_hash = EXCLUDED.request_hash,
            register_time = EXCLUDED.register_time,
            expire_time = EXCLUDED.expire_time
        WHERE known.registration_id = $7
            OR known.register_time <= $8
        "#,
        address_hash,
        pending.registration_id,
        pending.password_hash,
        pending.request_hash,
        pending.register_time,
        expire_time,
        seen,
        not_since,
    )
    .execute(connection)
    .await?;
    Ok(stored.rows_affected() == 1)
}

/// Forgets the registration of an address.
pub(crate) async fn delete(connection: &mut PgConnection, address_hash: &[u8; 32]) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM pending_registrations
        WHERE address_hash = $1
        "#,
        address_hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}
