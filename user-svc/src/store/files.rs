//! What is known of pictures; the bytes are elsewhere.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::file::{File, FilePurpose, PictureType};

/// How much an account keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

struct Row {
    file_id: Uuid,
    purpose: String,
    file_name: String,
    content_type: String,
    size_bytes: i32,
    sha256: Vec<u8>,
    create_time: DateTime<Utc>,
}

impl From<Row> for File {
    fn from(row: Row) -> Self {
        Self {
            file_id: row.file_id,
            purpose: FilePurpose::from_name(&row.purpose)
                .expect("a check in the table keeps other names out"),
            file_name: row.file_name,
            picture_type: PictureType::from_media_type(&row.content_type)
                .expect("a check in the table keeps other types out"),
            size_bytes: row.size_bytes,
            sha256: row.sha256.try_into().expect("a check in the table keeps other lengths out"),
            create_time: row.create_time,
        }
    }
}

/// Answers how much an account keeps, nothing if there is no such account.
pub(crate) async fn usage(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<Usage>> {
    let row = sqlx::query!(
        r#"
        SELECT count(files.file_id) AS "files!", coalesce(sum(files.size_bytes), 0) AS "bytes!"
        FROM users
        LEFT JOIN files ON files.user_id = users.user_id
        WHERE users.user_id = $1
        GROUP BY users.user_id
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Usage { files: row.files.unsigned_abs(), bytes: row.bytes.unsigned_abs() }))
}

/// Takes the lock on an account. Answers whether there is one.
pub(crate) async fn lock_owner(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<bool> {
    let owner = sqlx::query_scalar!(
        r#"
        SELECT user_id
        FROM users
        WHERE user_id = $1
        FOR NO KEY UPDATE
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(owner.is_some())
}

/// Adds a file.
pub(crate) async fn insert(connection: &mut PgConnection, user_id: Uuid, file: &File) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO files (file_id, user_id, purpose, file_name, content_type, size_bytes, sha256, create_time)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        file.file_id,
        user_id,
        file.purpose.as_str(),
        file.file_name,
        file.picture_type.media_type(),
        file.size_bytes,
        &file.sha256,
        file.create_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Answers a file of an account.
pub(crate) async fn get(
    connection: &mut PgConnection,
    user_id: Uuid,
    file_id: Uuid,
) -> sqlx::Result<Option<File>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT file_id, purpose, file_name, content_type, size_bytes, sha256, create_time
        FROM files
        WHERE user_id = $1
            AND file_id = $2
        "#,
        user_id,
        file_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(File::from))
}

/// What the store has to hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) file_id: Uuid,
    pub(crate) size_bytes: u64,
}

/// Answers files of all accounts that come after an id.
pub(crate) async fn stored_after(
    connection: &mut PgConnection,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Stored>> {
    let rows = sqlx::query!(
        r#"
        SELECT file_id, size_bytes
        FROM files
        WHERE file_id > $1
        ORDER BY file_id
        LIMIT $2
        "#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let stored = |file_id, size_bytes: i32| Stored { file_id, size_bytes: size_bytes.unsigned_abs().into() };
    Ok(rows.into_iter().map(|row| stored(row.file_id, row.size_bytes)).collect())
}

/// Whether there is such a file, whoever owns it.
pub(crate) async fn is_there(connection: &mut PgConnection, file_id: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT
            FROM files
            WHERE file_id = $1
        ) AS "there!"
        "#,
        file_id,
    )
    .fetch_one(connection)
    .await
}

/// Answers files of an account, newest first, those before the id `before` if it is given.
pub(crate) async fn list(
    connection: &mut PgConnection,
    user_id: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<File>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT file_id, purpose, file_name, content_type, size_bytes, sha256, create_time
        FROM files
        WHERE user_id = $1
            AND file_id < $2
        ORDER BY file_id DESC
        LIMIT $3
        "#,
        user_id,
        before.unwrap_or(Uuid::max()),
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(File::from).collect())
}

/// Deletes a file of an account. Answers whether there was one.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    user_id: Uuid,
    file_id: Uuid,
) -> sqlx::Result<bool> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM files
        WHERE user_id = $1
            AND file_id = $2
        "#,
        user_id,
        file_id,
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}
