//! Objects that have to be removed from the store of files.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Puts an object on the list, to be removed from `due_time` on.
pub(crate) async fn add(
    connection: &mut PgConnection,
    file_id: Uuid,
    due_time: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO doomed_objects (file_id, due_time)
        VALUES ($1, $2)
        "#,
        file_id,
        due_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes an object off the list. Answers whether it was still there.
pub(crate) async fn spare(connection: &mut PgConnection, file_id: Uuid) -> sqlx::Result<bool> {
    let spared = sqlx::query!(
        r#"
        DELETE FROM doomed_objects
        WHERE file_id = $1
        "#,
        file_id,
    )
    .execute(connection)
    .await?;
    Ok(spared.rows_affected() == 1)
}

/// Answers objects to remove, those that wait the longest first.
pub(crate) async fn due(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"
        SELECT file_id
        FROM doomed_objects
        WHERE due_time <= $1
        ORDER BY due_time
        LIMIT $2
        "#,
        now,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// Puts off objects that could not be removed, behind those that others may be.
pub(crate) async fn postpone(
    connection: &mut PgConnection,
    file_ids: &[Uuid],
    due_time: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE doomed_objects
        SET due_time = $2
        WHERE file_id = ANY($1)
        "#,
        file_ids,
        due_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes objects due that are on the list, and answers which are. Waits for a transaction that spares one of them.
pub(crate) async fn hasten(connection: &mut PgConnection, object_ids: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"
        UPDATE doomed_objects
        SET due_time = '-infinity'
        WHERE file_id = ANY($1)
        RETURNING file_id
        "#,
        object_ids,
    )
    .fetch_all(connection)
    .await
}

/// Puts those of the objects on the list that are no file's and not on it. Answers how many these were.
pub(crate) async fn add_strays(
    connection: &mut PgConnection,
    object_ids: &[Uuid],
    due_time: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let added = sqlx::query!(
        r#"
        INSERT INTO doomed_objects (file_id, due_time)
        SELECT seen.file_id, $2
        FROM UNNEST($1::uuid[]) AS seen (file_id)
        WHERE NOT EXISTS (
            SELECT
            FROM files
            WHERE files.file_id = seen.file_id
        )
        ON CONFLICT (file_id) DO NOTHING
        "#,
        object_ids,
        due_time,
    )
    .execute(connection)
    .await?;
    Ok(added.rows_affected())
}

/// Takes objects that are removed off the list.
pub(crate) async fn forget(connection: &mut PgConnection, file_ids: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM doomed_objects
        WHERE file_id = ANY($1)
        "#,
        file_ids,
    )
    .execute(connection)
    .await?;
    Ok(())
}
