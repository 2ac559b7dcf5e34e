//! Workouts.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::workout::{PlannedExercise, Workout};

/// A row of `workouts` with the figures of its sets.
struct Row {
    workout_id: Uuid,
    name: String,
    note: String,
    start_time: DateTime<Utc>,
    training_date: NaiveDate,
    finish_time: Option<DateTime<Utc>>,
    routine_id: Option<Uuid>,
    day_id: Option<Uuid>,
    plan: Json<Vec<PlannedExercise>>,
    set_count: i64,
    volume_g: i64,
}

impl From<Row> for Workout {
    fn from(row: Row) -> Self {
        Self {
            workout_id: row.workout_id,
            name: row.name,
            note: row.note,
            start_time: row.start_time,
            training_date: row.training_date,
            finish_time: row.finish_time,
            routine_id: row.routine_id,
            day_id: row.day_id,
            plan: row.plan.0,
            set_count: row.set_count,
            volume_g: row.volume_g,
        }
    }
}

/// A workout on its way into the table.
pub(crate) struct NewWorkout {
    pub(crate) workout_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) name: String,
    pub(crate) note: String,
    pub(crate) start_time: DateTime<Utc>,
    pub(crate) local_start: NaiveDateTime,
    pub(crate) routine_id: Option<Uuid>,
    pub(crate) day_id: Option<Uuid>,
    pub(crate) plan: Vec<PlannedExercise>,
    pub(crate) now: DateTime<Utc>,
}

/// What a change needs to know of the workout that it has locked.
pub(crate) struct Locked {
    pub(crate) start_time: DateTime<Utc>,
    pub(crate) finished: bool,
}

/// The number of a new set, and its workout, which is locked.
pub(crate) struct Drawn {
    pub(crate) number: i32,
    pub(crate) start_time: DateTime<Utc>,
    pub(crate) finished: bool,
}

/// How many workouts an athlete has.
pub(crate) struct Present {
    pub(crate) open: i64,
    pub(crate) all: i64,
}

/// Counts the workouts of an athlete.
pub(crate) async fn count(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Present> {
    sqlx::query_as!(
        Present,
        r#"
        SELECT count(*) FILTER (WHERE finish_time IS NULL) AS "open!", count(*) AS "all!"
        FROM workouts
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_one(connection)
    .await
}

/// Stores a workout.
pub(crate) async fn insert(connection: &mut PgConnection, new: &NewWorkout) -> sqlx::Result<Workout> {
    let training_date = sqlx::query_scalar!(
        r#"
        INSERT INTO workouts
            (workout_id, user_id, name, note, start_time, local_start, routine_id, day_id, plan, create_time)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        RETURNING training_date
        "#,
        new.workout_id,
        new.user_id,
        new.name,
        new.note,
        new.start_time,
        new.local_start,
        new.routine_id,
        new.day_id,
        Json(&new.plan) as _,
        new.now,
    )
    .fetch_one(connection)
    .await?;
    Ok(Workout {
        workout_id: new.workout_id,
        name: new.name.clone(),
        note: new.note.clone(),
        start_time: new.start_time,
        training_date,
        finish_time: None,
        routine_id: new.routine_id,
        day_id: new.day_id,
        plan: new.plan.clone(),
        set_count: 0,
        volume_g: 0,
    })
}

/// Keeps others from changing a workout until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    user_id: Uuid,
    workout_id: Uuid,
) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"
        SELECT start_time, finish_time IS NOT NULL AS "finished!"
        FROM workouts
        WHERE workout_id = $1
            AND user_id = $2
        FOR NO KEY UPDATE
        "#,
        workout_id,
        user_id,
    )
    .fetch_optional(connection)
    .await
}

/// Draws the number of the next set, which locks the workout.
pub(crate) async fn draw_number(
    connection: &mut PgConnection,
    user_id: Uuid,
    workout_id: Uuid,
) -> sqlx::Result<Option<Drawn>> {
    sqlx::query_as!(
        Drawn,
        r#"
        UPDATE workouts
        SET last_number = last_number + 1
        WHERE workout_id = $1
            AND user_id = $2
        RETURNING last_number AS number, start_time, finish_time IS NOT NULL AS "finished!"
        "#,
        workout_id,
        user_id,
    )
    .fetch_optional(connection)
    .await
}

/// Notes that a workout is over.
pub(crate) async fn finish(
    connection: &mut PgConnection,
    workout_id: Uuid,
    finish_time: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE workouts
        SET finish_time = $2
        WHERE workout_id = $1
        "#,
        workout_id,
        finish_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Changes what is given and answers whether there is such a workout.
pub(crate) async fn update(
    connection: &mut PgConnection,
    user_id: Uuid,
    workout_id: Uuid,
    name: Option<String>,
    note: Option<String>,
) -> sqlx::Result<bool> {
    let updated = sqlx::query!(
        r#"
        UPDATE workouts
        SET name = COALESCE($3, name),
            note = COALESCE($4, note)
        WHERE workout_id = $1
            AND user_id = $2
        "#,
        workout_id,
        user_id,
        name,
        note,
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Deletes a workout with everything that hangs on it and answers whether there was one.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    user_id: Uuid,
    workout_id: Uuid,
) -> sqlx::Result<bool> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM workouts
        WHERE workout_id = $1
            AND user_id = $2
        "#,
        workout_id,
        user_id,
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Finds a workout of an athlete.
pub(crate) async fn find(
    connection: &mut PgConnection,
    user_id: Uuid,
    workout_id: Uuid,
) -> sqlx::Result<Option<Workout>> {
    let found = sqlx::query_as!(
        Row,
        r#"
        SELECT workout_id, name, note, start_time, training_date, finish_time, routine_id, day_id,
            plan AS "plan: Json<Vec<PlannedExercise>>", figures.set_count AS "set_count!",
            figures.volume_g AS "volume_g!"
        FROM workouts
        CROSS JOIN LATERAL (
            SELECT count(*) AS set_count, COALESCE(sum(weight_g * reps), 0)::bigint AS volume_g
            FROM workout_sets
            WHERE workout_sets.workout_id = workouts.workout_id
                AND NOT warm_up
        ) AS figures
        WHERE workout_id = $1
            AND user_id = $2
        "#,
        workout_id,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(Workout::from))
}

/// Workouts of an athlete that began from the one time up to before the other, newest first, behind the given one.
pub(crate) async fn list(
    connection: &mut PgConnection,
    user_id: Uuid,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<Workout>> {
    // Bounds that are always there keep the statement one range of the index, whatever is given.
    let (start_time, workout_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT workout_id, name, note, start_time, training_date, finish_time, routine_id, day_id,
            plan AS "plan: Json<Vec<PlannedExercise>>", figures.set_count AS "set_count!",
            figures.volume_g AS "volume_g!"
        FROM workouts
        CROSS JOIN LATERAL (
            SELECT count(*) AS set_count, COALESCE(sum(weight_g * reps), 0)::bigint AS volume_g
            FROM workout_sets
            WHERE workout_sets.workout_id = workouts.workout_id
                AND NOT warm_up
        ) AS figures
        WHERE user_id = $1
            AND (start_time, workout_id) < (
                COALESCE($2, 'infinity'::timestamptz),
                COALESCE($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
            )
            AND start_time >= COALESCE($4, '-infinity'::timestamptz)
            AND start_time < COALESCE($5, 'infinity'::timestamptz)
        ORDER BY start_time DESC, workout_id DESC
        LIMIT $6
        "#,
        user_id,
        start_time,
        workout_id,
        from,
        to,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Workout::from).collect())
}
