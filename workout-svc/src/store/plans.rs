//! Routines as workouts and reminders see them.

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::workout::PlannedExercise;

/// A day of a routine to train by.
pub(crate) struct PlannedDay {
    pub(crate) name: String,
    /// Its exercises with their sets.
    pub(crate) plan: Vec<PlannedExercise>,
}

/// Finds a day of a routine of an athlete.
pub(crate) async fn day(
    connection: &mut PgConnection,
    user_id: Uuid,
    routine_id: Uuid,
    day_id: Uuid,
) -> sqlx::Result<Option<PlannedDay>> {
    let row = sqlx::query!(
        r#"
        SELECT routine_days.name, COALESCE(planned.plan, '[]'::jsonb) AS "plan!: Json<Vec<PlannedExercise>>"
        FROM routine_days
        INNER JOIN routines USING (routine_id)
        CROSS JOIN LATERAL (
            SELECT jsonb_agg(
                    jsonb_build_object('exercise_id', exercise_id, 'notes', notes, 'set_plans', set_plans)
                    ORDER BY position
                ) AS plan
            FROM routine_exercises
            WHERE routine_exercises.day_id = routine_days.day_id
        ) AS planned
        WHERE routine_days.day_id = $3
            AND routine_days.routine_id = $2
            AND routines.user_id = $1
        "#,
        user_id,
        routine_id,
        day_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| PlannedDay { name: row.name, plan: row.plan.0 }))
}

/// Whether the routine is the athlete's; it stays until the transaction ends.
pub(crate) async fn hold_routine(
    connection: &mut PgConnection,
    user_id: Uuid,
    routine_id: Uuid,
) -> sqlx::Result<bool> {
    let held = sqlx::query!(
        r#"
        SELECT routine_id
        FROM routines
        WHERE routine_id = $1
            AND user_id = $2
        FOR KEY SHARE
        "#,
        routine_id,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(held.is_some())
}
