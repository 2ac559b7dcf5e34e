//! Exercises that people make themselves. What they write stands in both languages.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::catalogue::{Equipment, MovementPattern, MuscleGroup};
use crate::model::exercise::Exercise;

/// How many exercises somebody has made.
pub(crate) struct Present {
    pub(crate) in_use: i64,
    /// The deleted ones as well.
    pub(crate) ever: i64,
}

/// Counts the exercises that somebody has made or was given with a routine.
pub(crate) async fn count(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Present> {
    sqlx::query_as!(
        Present,
        r#"
        SELECT count(*) FILTER (WHERE delete_time IS NULL) AS "in_use!", count(*) AS "ever!"
        FROM exercises
        WHERE owner_id = $1
        "#,
        user_id,
    )
    .fetch_one(connection)
    .await
}

/// Stores a new exercise of somebody's own.
pub(crate) async fn insert(connection: &mut PgConnection, exercise: &Exercise) -> sqlx::Result<()> {
    let details = &exercise.details;
    sqlx::query!(
        r#"
        INSERT INTO exercises
            (exercise_id, owner_id, name_en, name_ru, key_en, key_ru, description_en, description_ru, muscles,
            secondary_muscles, equipment, difficulty, pattern, measure, create_time, update_time)
        VALUES ($1, $2, $3, $3, $4, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12, $12)
        "#,
        exercise.exercise_id,
        exercise.owner_id,
        details.name,
        details.name.to_lowercase(),
        details.description,
        &muscle_names(&details.muscles) as &[&str],
        &muscle_names(&details.secondary_muscles) as &[&str],
        &equipment_names(&details.equipment) as &[&str],
        details.difficulty.name(),
        details.pattern.map(MovementPattern::name),
        exercise.measure.name(),
        exercise.create_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores what was changed of an exercise of somebody's own.
pub(crate) async fn update(connection: &mut PgConnection, exercise: &Exercise) -> sqlx::Result<()> {
    let details = &exercise.details;
    sqlx::query!(
        r#"
        UPDATE exercises
        SET name_en = $2,
            name_ru = $2,
            key_en = $3,
            key_ru = $3,
            description_en = $4,
            description_ru = $4,
            muscles = $5,
            secondary_muscles = $6,
            equipment = $7,
            difficulty = $8,
            pattern = $9,
            update_time = $10
        WHERE exercise_id = $1
        "#,
        exercise.exercise_id,
        details.name,
        details.name.to_lowercase(),
        details.description,
        &muscle_names(&details.muscles) as &[&str],
        &muscle_names(&details.secondary_muscles) as &[&str],
        &equipment_names(&details.equipment) as &[&str],
        details.difficulty.name(),
        details.pattern.map(MovementPattern::name),
        exercise.update_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Hides an exercise from everything but the routines and workouts that have it.
pub(crate) async fn hide(
    connection: &mut PgConnection,
    exercise_id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE exercises
        SET delete_time = $2
        WHERE exercise_id = $1
        "#,
        exercise_id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives an athlete copies of those of the exercises that a trainer made, and answers pairs of original and copy. An
/// exercise that was copied before is not copied again.
pub(crate) async fn copy(
    connection: &mut PgConnection,
    trainer_id: Uuid,
    athlete_id: Uuid,
    exercise_ids: &[Uuid],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    let new_ids: Vec<_> = exercise_ids.iter().map(|_| Uuid::now_v7()).collect();
    let rows = sqlx::query!(
        r#"
        INSERT INTO exercises
            (exercise_id, owner_id, copied_from, name_en, name_ru, key_en, key_ru, description_en, description_ru, muscles,
            secondary_muscles, equipment, difficulty, pattern, measure, create_time, update_time)
        SELECT wanted.new_id, $2, original.exercise_id, name_en, name_ru, key_en, key_ru, description_en, description_ru,
            muscles, secondary_muscles, equipment, difficulty, pattern, measure, $5, $5
        FROM exercises AS original
        INNER JOIN UNNEST($3::uuid[], $4::uuid[]) AS wanted (exercise_id, new_id) USING (exercise_id)
        WHERE original.owner_id = $1
        ON CONFLICT (owner_id, copied_from) DO UPDATE
        SET delete_time = NULL
        RETURNING copied_from AS "original!", exercise_id
        "#,
        trainer_id,
        athlete_id,
        exercise_ids,
        &new_ids,
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.original, row.exercise_id)).collect())
}

fn muscle_names(muscles: &[MuscleGroup]) -> Vec<&'static str> {
    muscles.iter().map(|muscle| muscle.name()).collect()
}

fn equipment_names(equipment: &[Equipment]) -> Vec<&'static str> {
    equipment.iter().map(|piece| piece.name()).collect()
}
