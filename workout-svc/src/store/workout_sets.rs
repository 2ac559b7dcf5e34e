//! Sets of workouts.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::measures::Measures;
use crate::model::one_rep_max::OneRepMax;
use crate::model::workout::WorkoutSet;

/// A row of `workout_sets`.
struct Row {
    set_id: Uuid,
    workout_id: Uuid,
    exercise_id: Uuid,
    number: i32,
    reps: Option<i32>,
    weight_g: Option<i64>,
    duration_s: Option<i32>,
    distance_mm: Option<i64>,
    rpe: Option<f64>,
    note: String,
    warm_up: bool,
    one_rep_max: Option<i64>,
    log_time: DateTime<Utc>,
}

impl From<Row> for WorkoutSet {
    fn from(row: Row) -> Self {
        Self {
            set_id: row.set_id,
            workout_id: row.workout_id,
            exercise_id: row.exercise_id,
            number: row.number,
            measures: Measures {
                reps: row.reps,
                weight_g: row.weight_g,
                duration_s: row.duration_s,
                distance_mm: row.distance_mm,
                rpe: row.rpe,
            },
            note: row.note,
            warm_up: row.warm_up,
            one_rep_max: row.one_rep_max.map(OneRepMax::from_stored),
            log_time: row.log_time,
        }
    }
}

fn sets(rows: Vec<Row>) -> Vec<WorkoutSet> {
    rows.into_iter().map(WorkoutSet::from).collect()
}

/// Stores a set.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    user_id: Uuid,
    set: &WorkoutSet,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO workout_sets
            (set_id, workout_id, user_id, exercise_id, number, reps, weight_g, duration_s, distance_mm, rpe, note, warm_up,
             one_rep_max, log_time)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        "#,
        set.set_id,
        set.workout_id,
        user_id,
        set.exercise_id,
        set.number,
        set.measures.reps,
        set.measures.weight_g,
        set.measures.duration_s,
        set.measures.distance_mm,
        set.measures.rpe,
        set.note,
        set.warm_up,
        set.one_rep_max.map(OneRepMax::stored),
        set.log_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores what was changed of a set.
pub(crate) async fn update(connection: &mut PgConnection, set: &WorkoutSet) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE workout_sets
        SET exercise_id = $2,
            reps = $3,
            weight_g = $4,
            duration_s = $5,
            distance_mm = $6,
            rpe = $7,
            note = $8,
            warm_up = $9,
            one_rep_max = $10
        WHERE set_id = $1
        "#,
        set.set_id,
        set.exercise_id,
        set.measures.reps,
        set.measures.weight_g,
        set.measures.duration_s,
        set.measures.distance_mm,
        set.measures.rpe,
        set.note,
        set.warm_up,
        set.one_rep_max.map(OneRepMax::stored),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes a set of a workout and answers whether there was one.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    workout_id: Uuid,
    set_id: Uuid,
) -> sqlx::Result<bool> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM workout_sets
        WHERE set_id = $1
            AND workout_id = $2
        "#,
        set_id,
        workout_id,
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Finds a set of a workout.
pub(crate) async fn find(
    connection: &mut PgConnection,
    workout_id: Uuid,
    set_id: Uuid,
) -> sqlx::Result<Option<WorkoutSet>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT set_id, workout_id, exercise_id, number, reps, weight_g, duration_s, distance_mm, rpe, note, warm_up,
            one_rep_max, log_time
        FROM workout_sets
        WHERE set_id = $1
            AND workout_id = $2
        "#,
        set_id,
        workout_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(WorkoutSet::from))
}

/// The sets of a workout in the order in which they were logged.
pub(crate) async fn of_workout(
    connection: &mut PgConnection,
    workout_id: Uuid,
) -> sqlx::Result<Vec<WorkoutSet>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT set_id, workout_id, exercise_id, number, reps, weight_g, duration_s, distance_mm, rpe, note, warm_up,
            one_rep_max, log_time
        FROM workout_sets
        WHERE workout_id = $1
        ORDER BY number
        "#,
        workout_id,
    )
    .fetch_all(connection)
    .await?;
    Ok(sets(rows))
}

/// All sets of an athlete, newest first, behind the given one.
///
/// The bound is there for the first page as well, so that every page is one range of the index.
pub(crate) async fn history(
    connection: &mut PgConnection,
    user_id: Uuid,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<WorkoutSet>> {
    let (log_time, set_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT set_id, workout_id, exercise_id, number, reps, weight_g, duration_s, distance_mm, rpe, note, warm_up,
            one_rep_max, log_time
        FROM workout_sets
        WHERE user_id = $1
            AND (log_time, set_id) < (
                COALESCE($2, 'infinity'::timestamptz),
                COALESCE($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
            )
        ORDER BY log_time DESC, set_id DESC
        LIMIT $4
        "#,
        user_id,
        log_time,
        set_id,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(sets(rows))
}

/// The sets of an athlete in one exercise, newest first, behind the given one.
pub(crate) async fn of_exercise(
    connection: &mut PgConnection,
    user_id: Uuid,
    exercise_id: Uuid,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<WorkoutSet>> {
    let (log_time, set_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT set_id, workout_id, exercise_id, number, reps, weight_g, duration_s, distance_mm, rpe, note, warm_up,
            one_rep_max, log_time
        FROM workout_sets
        WHERE user_id = $1
            AND exercise_id = $2
            AND (log_time, set_id) < (
                COALESCE($3, 'infinity'::timestamptz),
                COALESCE($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
            )
        ORDER BY log_time DESC, set_id DESC
        LIMIT $5
        "#,
        user_id,
        exercise_id,
        log_time,
        set_id,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(sets(rows))
}
