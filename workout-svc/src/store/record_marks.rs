//! Records that were announced.

use sqlx::PgConnection;
use uuid::Uuid;

use super::exercise_results::Rise;

/// Notes the records that a workout broke.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    workout_id: Uuid,
    rises: &[Rise],
) -> sqlx::Result<()> {
    let exercise_ids: Vec<_> = rises.iter().map(|rise| rise.exercise_id).collect();
    let previous: Vec<_> = rises.iter().map(|rise| rise.previous).collect();
    sqlx::query!(
        r#"
        INSERT INTO record_marks (workout_id, exercise_id, user_id, training_date, previous)
        SELECT workout_id, rises.exercise_id, user_id, training_date, rises.previous
        FROM workouts
        CROSS JOIN unnest($2::uuid[], $3::bigint[]) AS rises (exercise_id, previous)
        WHERE workout_id = $1
        "#,
        workout_id,
        &exercise_ids,
        &previous,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the records of a workout that its results no longer bear out.
pub(crate) async fn prune(connection: &mut PgConnection, workout_id: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM record_marks AS marks
        WHERE workout_id = $1
            AND NOT EXISTS (
                SELECT
                FROM exercise_results AS results
                WHERE results.workout_id = marks.workout_id
                    AND results.exercise_id = marks.exercise_id
                    AND results.best > marks.previous
            )
        "#,
        workout_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}
