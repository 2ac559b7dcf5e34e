//! What an athlete has done so far, as the rules of achievements see it.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::progress::Milestones;

/// Sums everything up that an athlete has finished.
///
/// Weeks in a row have the same distance to their place among all weeks, so that their common value names the streak.
pub(crate) async fn of(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Milestones> {
    sqlx::query_as!(
        Milestones,
        r#"
        WITH done AS MATERIALIZED (
            SELECT workout_id, training_date, sum(set_count) AS sets, sum(volume_g) AS volume_g
            FROM exercise_results
            WHERE user_id = $1
            GROUP BY workout_id, training_date
        ),
        weeks AS (
            SELECT DISTINCT training_date - (EXTRACT(ISODOW FROM training_date)::integer - 1) AS week
            FROM done
        ),
        streaks AS (
            SELECT count(*) AS weeks
            FROM (
                SELECT week - 7 * (row_number() OVER (ORDER BY week))::integer AS streak
                FROM weeks
            ) AS numbered
            GROUP BY streak
        ),
        hours AS (
            SELECT EXTRACT(HOUR FROM local_start) AS hour
            FROM done
            INNER JOIN workouts USING (workout_id)
        )
        SELECT
            (SELECT count(*) FROM done) AS "workouts!",
            (SELECT COALESCE(sum(sets), 0)::bigint FROM done) AS "sets!",
            (SELECT COALESCE(sum(volume_g), 0)::bigint FROM done) AS "volume_g!",
            (SELECT count(DISTINCT exercise_id) FROM exercise_results WHERE user_id = $1) AS "exercises!",
            (SELECT COALESCE(max(weeks), 0) FROM streaks) AS "streak_weeks!",
            (SELECT count(*) FROM record_marks WHERE user_id = $1) AS "records!",
            (SELECT count(*) FROM hours WHERE hour BETWEEN 4 AND 6) AS "early_workouts!",
            (SELECT count(*) FROM hours WHERE hour >= 22) AS "late_workouts!"
        "#,
        user_id,
    )
    .fetch_one(connection)
    .await
}
