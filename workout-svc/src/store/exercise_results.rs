//! What finished workouts came to in each exercise, and what is summed up from it.

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::exercises::word;
use crate::model::athlete::Athlete;
use crate::model::one_rep_max::OneRepMax;
use crate::model::progress::{MuscleSets, Period, Record, Totals, Week};

/// An exercise in which a workout beats all others.
pub(crate) struct Rise {
    pub(crate) exercise_id: Uuid,
    pub(crate) name_en: String,
    pub(crate) name_ru: String,
    /// In thirtieths of a gram.
    pub(crate) best: i64,
    /// The best of all other workouts, in thirtieths of a gram.
    pub(crate) previous: i64,
}

/// Makes the results of a finished workout anew from its sets.
pub(crate) async fn rebuild(connection: &mut PgConnection, workout_id: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM exercise_results
        WHERE workout_id = $1
        "#,
        workout_id,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"
        INSERT INTO exercise_results
            (workout_id, exercise_id, user_id, training_date, set_count, rep_count, volume_g, best, best_set_id)
        SELECT workout_id, exercise_id, workouts.user_id, training_date, count(*), COALESCE(sum(reps), 0),
            COALESCE(sum(weight_g * reps), 0), max(one_rep_max),
            (array_agg(set_id ORDER BY one_rep_max DESC, number) FILTER (WHERE one_rep_max IS NOT NULL))[1]
        FROM workout_sets
        INNER JOIN workouts USING (workout_id)
        WHERE workout_id = $1
            AND NOT warm_up
        GROUP BY workout_id, exercise_id, workouts.user_id, training_date
        "#,
        workout_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The exercises in which a workout beats what all others came to; one that no other workout has is none of them.
pub(crate) async fn rises(connection: &mut PgConnection, workout_id: Uuid) -> sqlx::Result<Vec<Rise>> {
    sqlx::query_as!(
        Rise,
        r#"
        SELECT exercise_id, name_en, name_ru, results.best AS "best!", others.best AS "previous!"
        FROM exercise_results AS results
        INNER JOIN exercises USING (exercise_id)
        CROSS JOIN LATERAL (
            SELECT max(best) AS best
            FROM exercise_results AS other
            WHERE other.user_id = results.user_id
                AND other.exercise_id = results.exercise_id
                AND other.workout_id <> results.workout_id
                AND other.best IS NOT NULL
        ) AS others
        WHERE workout_id = $1
            AND results.best > others.best
        ORDER BY exercise_id
        "#,
        workout_id,
    )
    .fetch_all(connection)
    .await
}

/// The best of each exercise, done for the first time, newest first, behind the given one.
pub(crate) async fn records(
    connection: &mut PgConnection,
    athlete: &Athlete,
    after: Option<(NaiveDate, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<Record>> {
    let (training_date, exercise_id) = after.unzip();
    let rows = sqlx::query!(
        r#"
        SELECT records.exercise_id, name_en, name_ru, records.best AS "best!", weight_g AS "weight_g!", reps AS "reps!",
            records.workout_id, set_id, training_date
        FROM (
            SELECT DISTINCT ON (exercise_id) exercise_id, best, best_set_id, workout_id, training_date
            FROM exercise_results
            WHERE user_id = $1
                AND best IS NOT NULL
            ORDER BY exercise_id, best DESC, training_date, workout_id
        ) AS records
        INNER JOIN exercises ON exercises.exercise_id = records.exercise_id
        INNER JOIN workout_sets AS sets ON sets.set_id = records.best_set_id
        WHERE (training_date, records.exercise_id) < (
                COALESCE($2, 'infinity'::date),
                COALESCE($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
            )
        ORDER BY training_date DESC, records.exercise_id DESC
        LIMIT $4
        "#,
        athlete.user_id,
        training_date,
        exercise_id,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let records = rows.into_iter().map(|row| Record {
        exercise_id: row.exercise_id,
        exercise_name: athlete.language.pick(row.name_en, row.name_ru),
        one_rep_max: OneRepMax::from_stored(row.best),
        weight_g: row.weight_g,
        reps: row.reps,
        workout_id: row.workout_id,
        set_id: row.set_id,
        training_date: row.training_date,
    });
    Ok(records.collect())
}

/// The weeks of a period with training, oldest first.
pub(crate) async fn weeks(
    connection: &mut PgConnection,
    user_id: Uuid,
    period: Period,
) -> sqlx::Result<Vec<Week>> {
    let rows = sqlx::query!(
        r#"
        SELECT week AS "start!", count(*) AS "workouts!", sum(sets)::bigint AS "sets!", sum(reps)::bigint AS "reps!",
            sum(volume_g)::bigint AS "volume_g!"
        FROM (
            SELECT training_date - (EXTRACT(ISODOW FROM training_date)::integer - 1) AS week, sum(set_count) AS sets,
                sum(rep_count) AS reps, sum(volume_g) AS volume_g
            FROM exercise_results
            WHERE user_id = $1
                AND training_date BETWEEN $2 AND $3
            GROUP BY workout_id, training_date
        ) AS workouts
        GROUP BY week
        ORDER BY week
        "#,
        user_id,
        period.from,
        period.to,
    )
    .fetch_all(connection)
    .await?;
    let weeks = rows.into_iter().map(|row| Week {
        start: row.start,
        totals: Totals { workouts: row.workouts, sets: row.sets, reps: row.reps, volume_g: row.volume_g },
    });
    Ok(weeks.collect())
}

/// Sets of a period by the muscle groups of their exercises, most first.
pub(crate) async fn muscles(
    connection: &mut PgConnection,
    user_id: Uuid,
    period: Period,
) -> sqlx::Result<Vec<MuscleSets>> {
    let rows = sqlx::query!(
        r#"
        SELECT muscle AS "muscle!", sum(sets)::bigint AS "sets!"
        FROM (
            SELECT exercise_id, sum(set_count) AS sets
            FROM exercise_results
            WHERE user_id = $1
                AND training_date BETWEEN $2 AND $3
            GROUP BY exercise_id
        ) AS done
        INNER JOIN exercises USING (exercise_id)
        CROSS JOIN LATERAL unnest(muscles) AS muscle
        GROUP BY muscle
        ORDER BY 2 DESC, 1
        "#,
        user_id,
        period.from,
        period.to,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok(MuscleSets { muscle: word(&row.muscle)?, sets: row.sets })).collect()
}
