//! Exercises of the days of routines. Whoever changes one holds the lock on the routine.

use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::exercises::word;
use crate::catalogue::Measure;
use crate::language::Language;
use crate::model::routine::DayExercise;
use crate::model::set_plan::SetPlan;

struct Row {
    day_id: Uuid,
    routine_exercise_id: Uuid,
    exercise_id: Uuid,
    exercise_name: String,
    position: i32,
    notes: String,
    set_plans: Json<Vec<SetPlan>>,
}

impl From<Row> for DayExercise {
    fn from(row: Row) -> Self {
        Self {
            routine_exercise_id: row.routine_exercise_id,
            exercise_id: row.exercise_id,
            exercise_name: row.exercise_name,
            position: row.position,
            notes: row.notes,
            set_plans: row.set_plans.0,
        }
    }
}

/// The exercises of all days of a routine, each with its day, in their order within the day.
pub(crate) async fn list(
    connection: &mut PgConnection,
    routine_id: Uuid,
    language: Language,
) -> sqlx::Result<Vec<(Uuid, DayExercise)>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT day_id, routine_exercise_id, exercise_id, CASE WHEN $2 THEN name_ru ELSE name_en END AS "exercise_name!",
            routine_exercises.position, notes, set_plans AS "set_plans: Json<Vec<SetPlan>>"
        FROM routine_exercises
        INNER JOIN routine_days USING (day_id)
        INNER JOIN exercises USING (exercise_id)
        WHERE routine_id = $1
        ORDER BY day_id, routine_exercises.position
        "#,
        routine_id,
        language == Language::Russian,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.day_id, row.into())).collect())
}

/// The exercises of a day in their order.
pub(crate) async fn list_day(
    connection: &mut PgConnection,
    day_id: Uuid,
    language: Language,
) -> sqlx::Result<Vec<DayExercise>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT day_id, routine_exercise_id, exercise_id, CASE WHEN $2 THEN name_ru ELSE name_en END AS "exercise_name!",
            position, notes, set_plans AS "set_plans: Json<Vec<SetPlan>>"
        FROM routine_exercises
        INNER JOIN exercises USING (exercise_id)
        WHERE day_id = $1
        ORDER BY position
        "#,
        day_id,
        language == Language::Russian,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(DayExercise::from).collect())
}

/// How many exercises a day has.
pub(crate) async fn count(connection: &mut PgConnection, day_id: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM routine_exercises
        WHERE day_id = $1
        "#,
        day_id,
    )
    .fetch_one(connection)
    .await
}

/// What is counted in a set of an exercise of a day.
pub(crate) async fn measure(
    connection: &mut PgConnection,
    day_id: Uuid,
    routine_exercise_id: Uuid,
) -> sqlx::Result<Option<Measure>> {
    let name = sqlx::query_scalar!(
        r#"
        SELECT measure
        FROM routine_exercises
        INNER JOIN exercises USING (exercise_id)
        WHERE routine_exercise_id = $1
            AND day_id = $2
        "#,
        routine_exercise_id,
        day_id,
    )
    .fetch_optional(connection)
    .await?;
    name.as_deref().map(word).transpose()
}

/// Stores new exercises of a day.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    day_id: Uuid,
    exercises: &[DayExercise],
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO routine_exercises (day_id, routine_exercise_id, exercise_id, position, notes, set_plans)
        SELECT $1, routine_exercise_id, exercise_id, position, notes, set_plans
        FROM UNNEST($2::uuid[], $3::uuid[], $4::integer[], $5::text[], $6::jsonb[])
            AS new (routine_exercise_id, exercise_id, position, notes, set_plans)
        "#,
        day_id,
        &exercises.iter().map(|exercise| exercise.routine_exercise_id).collect::<Vec<_>>(),
        &exercises.iter().map(|exercise| exercise.exercise_id).collect::<Vec<_>>(),
        &exercises.iter().map(|exercise| exercise.position).collect::<Vec<_>>(),
        &exercises.iter().map(|exercise| exercise.notes.as_str()).collect::<Vec<_>>() as &[&str],
        &exercises.iter().map(|exercise| json(&exercise.set_plans)).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores what was changed of an exercise of a day; nothing means that it stays.
pub(crate) async fn update(
    connection: &mut PgConnection,
    routine_exercise_id: Uuid,
    notes: Option<String>,
    set_plans: Option<Vec<SetPlan>>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE routine_exercises
        SET notes = COALESCE($2, notes),
            set_plans = COALESCE($3, set_plans)
        WHERE routine_exercise_id = $1
        "#,
        routine_exercise_id,
        notes,
        set_plans.as_deref().map(json),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Moves an exercise to a place of its day, or to the end if there are fewer, and numbers all of them anew, as
/// `routine_days::place` does.
pub(crate) async fn place(
    connection: &mut PgConnection,
    day_id: Uuid,
    routine_exercise_id: Uuid,
    position: i32,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE routine_exercises AS exercise
        SET position = numbered.number
        FROM (
            SELECT routine_exercise_id, row_number() OVER (
                ORDER BY CASE
                    WHEN routine_exercise_id <> $2 THEN 2 * position
                    WHEN position < $3 THEN 2 * $3 + 1
                    ELSE 2 * $3 - 1
                END
            ) AS number
            FROM routine_exercises
            WHERE day_id = $1
        ) AS numbered
        WHERE exercise.routine_exercise_id = numbered.routine_exercise_id
            AND exercise.position <> numbered.number
        "#,
        day_id,
        routine_exercise_id,
        position,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes an exercise of a day and answers its place.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    day_id: Uuid,
    routine_exercise_id: Uuid,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        r#"
        DELETE FROM routine_exercises
        WHERE routine_exercise_id = $1
            AND day_id = $2
        RETURNING position
        "#,
        routine_exercise_id,
        day_id,
    )
    .fetch_optional(connection)
    .await
}

/// Moves the exercises behind a place up by one.
pub(crate) async fn close_gap(
    connection: &mut PgConnection,
    day_id: Uuid,
    position: i32,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE routine_exercises
        SET position = position - 1
        WHERE day_id = $1
            AND position > $2
        "#,
        day_id,
        position,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn json(plans: impl AsRef<[SetPlan]>) -> Value {
    serde_json::to_value(plans.as_ref()).expect("a set plan is plain numbers, all of them finite")
}
