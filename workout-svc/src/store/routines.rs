//! Routines without their days.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::exercises::word;
use crate::catalogue::Difficulty;
use crate::model::routine::Routine;
use crate::model::routine::{Goal, PlannerKind};
use chassis::paging::Page;

struct Row {
    routine_id: Uuid,
    user_id: Uuid,
    name: String,
    description: String,
    goal: Option<String>,
    level: Option<String>,
    planner: Option<String>,
    assigned_by: Option<Uuid>,
    day_count: i64,
    revision: i32,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl TryFrom<Row> for Routine {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        Ok(Self {
            routine_id: row.routine_id,
            user_id: row.user_id,
            name: row.name,
            description: row.description,
            goal: row.goal.as_deref().map(word).transpose()?,
            level: row.level.as_deref().map(word).transpose()?,
            planner: row.planner.as_deref().map(planner).transpose()?,
            assigned_by: row.assigned_by,
            day_count: row.day_count as usize,
            revision: row.revision,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

fn planner(name: &str) -> sqlx::Result<PlannerKind> {
    let known = [PlannerKind::Rules, PlannerKind::Model].into_iter().find(|kind| kind.name() == name);
    known.ok_or_else(|| sqlx::Error::Decode("no such planner".into()))
}

/// Finds a routine of an athlete.
pub(crate) async fn find(
    connection: &mut PgConnection,
    user_id: Uuid,
    routine_id: Uuid,
) -> sqlx::Result<Option<Routine>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT routine_id, user_id, name, description, goal, level, planner, assigned_by,
            (SELECT count(*) FROM routine_days WHERE routine_days.routine_id = routines.routine_id) AS "day_count!",
            revision, create_time, update_time
        FROM routines
        WHERE routine_id = $1
            AND user_id = $2
        "#,
        routine_id,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    row.map(Routine::try_from).transpose()
}

/// A page of an athlete's routines, newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    user_id: Uuid,
    page: &Page<Uuid>,
) -> sqlx::Result<Vec<Routine>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT routine_id, user_id, name, description, goal, level, planner, assigned_by,
            (SELECT count(*) FROM routine_days WHERE routine_days.routine_id = routines.routine_id) AS "day_count!",
            revision, create_time, update_time
        FROM routines
        WHERE user_id = $1
            AND ($2::uuid IS NULL OR routine_id < $2)
        ORDER BY routine_id DESC
        LIMIT $3
        "#,
        user_id,
        page.after,
        page.limit(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Routine::try_from).collect()
}

/// How many routines an athlete has.
pub(crate) async fn count(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM routines
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_one(connection)
    .await
}

/// Stores a new routine without its days.
pub(crate) async fn insert(connection: &mut PgConnection, routine: &Routine) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO routines
            (routine_id, user_id, name, description, goal, level, planner, assigned_by, revision, create_time, update_time)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        "#,
        routine.routine_id,
        routine.user_id,
        routine.name,
        routine.description,
        routine.goal.map(Goal::name),
        routine.level.map(Difficulty::name),
        routine.planner.map(PlannerKind::name),
        routine.assigned_by,
        routine.revision,
        routine.create_time,
        routine.update_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts a change of an athlete's routine, takes the lock on it, and answers it as it is then.
pub(crate) async fn touch(
    connection: &mut PgConnection,
    user_id: Uuid,
    routine_id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Routine>> {
    // Who waits for the lock counts the days afterwards, in a statement of its own, and so sees what the other did.
    let touched = sqlx::query!(
        r#"
        UPDATE routines
        SET revision = revision + 1,
            update_time = $3
        WHERE routine_id = $1
            AND user_id = $2
        "#,
        routine_id,
        user_id,
        now,
    )
    .execute(&mut *connection)
    .await?;
    if touched.rows_affected() == 0 { Ok(None) } else { find(connection, user_id, routine_id).await }
}

/// Stores what was changed of a routine's own fields.
pub(crate) async fn update(connection: &mut PgConnection, routine: &Routine) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE routines
        SET name = $2,
            description = $3,
            goal = $4,
            level = $5
        WHERE routine_id = $1
        "#,
        routine.routine_id,
        routine.name,
        routine.description,
        routine.goal.map(Goal::name),
        routine.level.map(Difficulty::name),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes a routine with its days.
pub(crate) async fn delete(connection: &mut PgConnection, routine_id: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM routines
        WHERE routine_id = $1
        "#,
        routine_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}
