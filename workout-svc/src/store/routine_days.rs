//! Days of routines. Whoever changes one holds the lock on the routine.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::routine::Day;

/// The days of a routine in their order, without their exercises.
pub(crate) async fn list(connection: &mut PgConnection, routine_id: Uuid) -> sqlx::Result<Vec<Day>> {
    let rows = sqlx::query!(
        r#"
        SELECT day_id, name, position
        FROM routine_days
        WHERE routine_id = $1
        ORDER BY position
        "#,
        routine_id,
    )
    .fetch_all(connection)
    .await?;
    let days = rows.into_iter().map(|row| Day {
        day_id: row.day_id,
        name: row.name,
        position: row.position,
        exercises: Vec::new(),
    });
    Ok(days.collect())
}

/// Finds a day of a routine, without its exercises.
pub(crate) async fn find(
    connection: &mut PgConnection,
    routine_id: Uuid,
    day_id: Uuid,
) -> sqlx::Result<Option<Day>> {
    let row = sqlx::query!(
        r#"
        SELECT name, position
        FROM routine_days
        WHERE day_id = $1
            AND routine_id = $2
        "#,
        day_id,
        routine_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Day { day_id, name: row.name, position: row.position, exercises: Vec::new() }))
}

/// Stores new days without their exercises.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    routine_id: Uuid,
    days: &[Day],
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO routine_days (routine_id, day_id, name, position)
        SELECT $1, day_id, name, position
        FROM UNNEST($2::uuid[], $3::text[], $4::integer[]) AS new (day_id, name, position)
        "#,
        routine_id,
        &days.iter().map(|day| day.day_id).collect::<Vec<_>>(),
        &days.iter().map(|day| day.name.as_str()).collect::<Vec<_>>() as &[&str],
        &days.iter().map(|day| day.position).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a day another name.
pub(crate) async fn rename(
    connection: &mut PgConnection,
    routine_id: Uuid,
    day_id: Uuid,
    name: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE routine_days
        SET name = $3
        WHERE day_id = $1
            AND routine_id = $2
        "#,
        day_id,
        routine_id,
        name,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Moves a day to a place, or to the end if there are fewer days, and numbers all days anew.
///
/// Places are doubled, which leaves room to go before or behind the day that is there now.
pub(crate) async fn place(
    connection: &mut PgConnection,
    routine_id: Uuid,
    day_id: Uuid,
    position: i32,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE routine_days AS day
        SET position = numbered.number
        FROM (
            SELECT day_id, row_number() OVER (
                ORDER BY CASE
                    WHEN day_id <> $2 THEN 2 * position
                    WHEN position < $3 THEN 2 * $3 + 1
                    ELSE 2 * $3 - 1
                END
            ) AS number
            FROM routine_days
            WHERE routine_id = $1
        ) AS numbered
        WHERE day.day_id = numbered.day_id
            AND day.position <> numbered.number
        "#,
        routine_id,
        day_id,
        position,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes a day with its exercises and answers its place.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    routine_id: Uuid,
    day_id: Uuid,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        r#"
        DELETE FROM routine_days
        WHERE day_id = $1
            AND routine_id = $2
        RETURNING position
        "#,
        day_id,
        routine_id,
    )
    .fetch_optional(connection)
    .await
}

/// Moves the days behind a place up by one.
pub(crate) async fn close_gap(
    connection: &mut PgConnection,
    routine_id: Uuid,
    position: i32,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE routine_days
        SET position = position - 1
        WHERE routine_id = $1
            AND position > $2
        "#,
        routine_id,
        position,
    )
    .execute(connection)
    .await?;
    Ok(())
}
