//! Trainer profiles. A profile alone makes no trainer: the account has to have the role.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::trainer::{ListedTrainer, TrainerProfile};
use chassis::paging::Page;

/// Finds the trainer profile of an account.
pub(crate) async fn find(
    connection: &mut PgConnection,
    user_id: Uuid,
) -> sqlx::Result<Option<TrainerProfile>> {
    sqlx::query_as!(
        TrainerProfile,
        r#"
        SELECT user_id AS trainer_id, display_name, headline, bio, trainer_profiles.create_time
        FROM trainer_profiles
        INNER JOIN athletes USING (user_id)
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await
}

/// Whether the account is a trainer's; if so, its profile stays until the transaction ends.
pub(crate) async fn hold(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<bool> {
    let found = sqlx::query!(
        r#"
        SELECT trainer_profiles.user_id
        FROM trainer_profiles
        INNER JOIN account_roles ON account_roles.user_id = trainer_profiles.user_id
        WHERE trainer_profiles.user_id = $1
            AND 'trainer' = ANY(roles)
        FOR KEY SHARE OF trainer_profiles
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Stores a profile, unless the account has one.
pub(crate) async fn insert(connection: &mut PgConnection, profile: &TrainerProfile) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        r#"
        INSERT INTO trainer_profiles (user_id, headline, bio, create_time)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id) DO NOTHING
        "#,
        profile.trainer_id,
        profile.headline,
        profile.bio,
        profile.create_time,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A page of the trainers by name, seen by `reader_id`.
pub(crate) async fn list(
    connection: &mut PgConnection,
    reader_id: Uuid,
    page: &Page<(String, Uuid)>,
) -> sqlx::Result<Vec<ListedTrainer>> {
    let (after_key, after_id) = page.after.clone().unzip();
    let rows = sqlx::query!(
        r#"
        SELECT trainer_profiles.user_id, display_name, headline, bio, trainer_profiles.create_time,
            lower(display_name) AS "sort_key!",
            EXISTS (
                SELECT
                FROM followings
                WHERE trainer_id = trainer_profiles.user_id
                    AND athlete_id = $1
            ) AS "follows_reader!"
        FROM trainer_profiles
        INNER JOIN athletes ON athletes.user_id = trainer_profiles.user_id
        INNER JOIN account_roles ON account_roles.user_id = trainer_profiles.user_id
        WHERE 'trainer' = ANY(roles)
            AND ($2::text IS NULL OR (lower(display_name) COLLATE "C", trainer_profiles.user_id) > ($2, $3::uuid))
        ORDER BY lower(display_name) COLLATE "C", trainer_profiles.user_id
        LIMIT $4
        "#,
        reader_id,
        after_key,
        after_id,
        page.limit(),
    )
    .fetch_all(connection)
    .await?;
    let trainers = rows.into_iter().map(|row| ListedTrainer {
        profile: TrainerProfile {
            trainer_id: row.user_id,
            display_name: row.display_name,
            headline: row.headline,
            bio: row.bio,
            create_time: row.create_time,
        },
        follows_reader: row.follows_reader,
        sort_key: row.sort_key,
    });
    Ok(trainers.collect())
}
