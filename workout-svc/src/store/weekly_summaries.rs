//! When weeks are summed up, and what is read for it.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::progress::{Period, Totals};
use crate::model::week::{Followed, OwnWeek};

/// An athlete whose week is over.
pub(crate) struct Due {
    pub(crate) user_id: Uuid,
    pub(crate) time: DateTime<Utc>,
    pub(crate) last_week_start: Option<NaiveDate>,
    pub(crate) time_zone: Tz,
}

/// Sets when an athlete's next summary is due.
pub(crate) async fn schedule(
    connection: &mut PgConnection,
    user_id: Uuid,
    next_due_time: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO weekly_summaries (user_id, next_due_time)
        VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE
        SET next_due_time = EXCLUDED.next_due_time
        "#,
        user_id,
        next_due_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Claims summaries that are due, passing over those that another process has claimed, and those of athletes set `aside`.
pub(crate) async fn claim_due(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    aside: &[Uuid],
    limit: i64,
) -> sqlx::Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"
        SELECT user_id, next_due_time, last_week_start, time_zone
        FROM weekly_summaries
        INNER JOIN athletes USING (user_id)
        WHERE next_due_time <= $1
            AND user_id <> ALL($3)
        ORDER BY next_due_time
        LIMIT $2
        FOR NO KEY UPDATE OF weekly_summaries SKIP LOCKED
        "#,
        now,
        limit,
        aside,
    )
    .fetch_all(connection)
    .await?;
    let due = rows.into_iter().map(|row| Due {
        user_id: row.user_id,
        time: row.next_due_time,
        last_week_start: row.last_week_start,
        time_zone: row.time_zone.parse().unwrap_or(chrono_tz::UTC),
    });
    Ok(due.collect())
}

/// Notes that a week is summed up.
pub(crate) async fn done(
    connection: &mut PgConnection,
    user_id: Uuid,
    week_start: NaiveDate,
    next_due_time: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE weekly_summaries
        SET last_week_start = GREATEST(last_week_start, $2),
            next_due_time = $3
        WHERE user_id = $1
        "#,
        user_id,
        week_start,
        next_due_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What an athlete did in a week.
pub(crate) async fn own_week(
    connection: &mut PgConnection,
    user_id: Uuid,
    week: Period,
) -> sqlx::Result<OwnWeek> {
    let row = sqlx::query!(
        r#"
        SELECT count(DISTINCT workout_id) AS "workouts!", COALESCE(sum(set_count), 0) AS "sets!",
            COALESCE(sum(rep_count), 0) AS "reps!", COALESCE(sum(volume_g), 0)::bigint AS "volume_g!",
            (
                SELECT count(*)
                FROM record_marks
                WHERE user_id = $1
                    AND training_date BETWEEN $2 AND $3
            ) AS "records!"
        FROM exercise_results
        WHERE user_id = $1
            AND training_date BETWEEN $2 AND $3
        "#,
        user_id,
        week.from,
        week.to,
    )
    .fetch_one(connection)
    .await?;
    let totals = Totals { workouts: row.workouts, sets: row.sets, reps: row.reps, volume_g: row.volume_g };
    Ok(OwnWeek { totals, records: row.records })
}

/// What the athletes whom a trainer follows did in a week, by name; those who did nothing are left out.
pub(crate) async fn followed(
    connection: &mut PgConnection,
    trainer_id: Uuid,
    week: Period,
    time_zone: Tz,
) -> sqlx::Result<Vec<Followed>> {
    sqlx::query_as!(
        Followed,
        r#"
        SELECT display_name, trained.workouts AS "workouts!", changed.routine_changes AS "routine_changes!"
        FROM followings
        INNER JOIN account_roles ON account_roles.user_id = followings.trainer_id
        INNER JOIN athletes ON athletes.user_id = followings.athlete_id
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT workout_id) AS workouts
            FROM exercise_results
            WHERE exercise_results.user_id = athlete_id
                AND training_date BETWEEN $2 AND $3
        ) AS trained
        CROSS JOIN LATERAL (
            SELECT count(*) AS routine_changes
            FROM routine_changes
            WHERE routine_changes.user_id = athlete_id
                AND change_time >= $2::date::timestamp AT TIME ZONE $4
                AND change_time < ($3::date + 1)::timestamp AT TIME ZONE $4
        ) AS changed
        WHERE trainer_id = $1
            AND 'trainer' = ANY(roles)
            AND trained.workouts + changed.routine_changes > 0
        ORDER BY display_name, athlete_id
        "#,
        trainer_id,
        week.from,
        week.to,
        time_zone.name(),
    )
    .fetch_all(connection)
    .await
}
