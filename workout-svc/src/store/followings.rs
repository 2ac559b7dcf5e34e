//! Which trainers follow which athletes.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::athlete::Athlete;
use crate::model::trainer::FollowedAthlete;
use chassis::paging::Page;

/// The trainers who follow an athlete and have the role of one, for the `trainer_ids` of events.
pub(crate) async fn trainers_of(connection: &mut PgConnection, athlete_id: Uuid) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"
        SELECT trainer_id
        FROM followings
        INNER JOIN account_roles ON account_roles.user_id = followings.trainer_id
        WHERE athlete_id = $1
            AND 'trainer' = ANY(roles)
        ORDER BY trainer_id
        "#,
        athlete_id,
    )
    .fetch_all(connection)
    .await
}

/// Finds an athlete whom a trainer follows. Both stay, and so does the following, until the transaction ends.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    trainer_id: Uuid,
    athlete_id: Uuid,
) -> sqlx::Result<Option<Athlete>> {
    let row = sqlx::query!(
        r#"
        SELECT user_id, display_name, locale, time_zone
        FROM followings
        INNER JOIN athletes ON athletes.user_id = followings.athlete_id
        WHERE trainer_id = $1
            AND athlete_id = $2
        FOR KEY SHARE
        "#,
        trainer_id,
        athlete_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Athlete::new(row.user_id, row.display_name, &row.locale, &row.time_zone)))
}

/// How many trainers an athlete follows.
pub(crate) async fn count_of(connection: &mut PgConnection, athlete_id: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM followings
        WHERE athlete_id = $1
        "#,
        athlete_id,
    )
    .fetch_one(connection)
    .await
}

/// Stores a following and answers whether it is new.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    trainer_id: Uuid,
    athlete_id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        r#"
        INSERT INTO followings (trainer_id, athlete_id, follow_time)
        VALUES ($1, $2, $3)
        ON CONFLICT (trainer_id, athlete_id) DO NOTHING
        "#,
        trainer_id,
        athlete_id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Deletes a following and answers whether there was one.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    trainer_id: Uuid,
    athlete_id: Uuid,
) -> sqlx::Result<bool> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM followings
        WHERE trainer_id = $1
            AND athlete_id = $2
        "#,
        trainer_id,
        athlete_id,
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// A page of the athletes whom a trainer follows, by name.
pub(crate) async fn athletes_of(
    connection: &mut PgConnection,
    trainer_id: Uuid,
    page: &Page<(String, Uuid)>,
) -> sqlx::Result<Vec<FollowedAthlete>> {
    let (after_key, after_id) = page.after.clone().unzip();
    sqlx::query_as!(
        FollowedAthlete,
        r#"
        SELECT athlete_id, display_name, follow_time, lower(display_name) AS "sort_key!"
        FROM followings
        INNER JOIN athletes ON athletes.user_id = followings.athlete_id
        WHERE trainer_id = $1
            AND ($2::text IS NULL OR (lower(display_name) COLLATE "C", athlete_id) > ($2, $3::uuid))
        ORDER BY lower(display_name) COLLATE "C", athlete_id
        LIMIT $4
        "#,
        trainer_id,
        after_key,
        after_id,
        page.limit(),
    )
    .fetch_all(connection)
    .await
}
