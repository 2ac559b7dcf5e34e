//! The catalogue's part of the exercises.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::catalogue::CatalogueExercise;

/// Stores exercises that are new or have changed, and answers how many. In the order of their ids, so that two
/// services that start together wait for each other and do not deadlock.
pub(crate) async fn upsert(
    connection: &mut PgConnection,
    exercises: &[CatalogueExercise],
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let rows: Value = exercises.iter().map(row).collect();
    let stored = sqlx::query!(
        r#"
        INSERT INTO exercises AS known
            (exercise_id, slug, name_en, name_ru, key_en, key_ru, description_en, description_ru, muscles,
            secondary_muscles, equipment, difficulty, pattern, measure, create_time, update_time)
        SELECT exercise_id, slug, name_en, name_ru, key_en, key_ru, description_en, description_ru, muscles,
            secondary_muscles, equipment, difficulty, pattern, measure, $2, $2
        FROM jsonb_to_recordset($1) AS seed (
            exercise_id uuid, slug text, name_en text, name_ru text, key_en text, key_ru text, description_en text,
            description_ru text, muscles text[], secondary_muscles text[], equipment text[], difficulty text,
            pattern text, measure text
        )
        ORDER BY exercise_id
        ON CONFLICT (exercise_id) DO UPDATE
        SET slug = EXCLUDED.slug,
            name_en = EXCLUDED.name_en,
            name_ru = EXCLUDED.name_ru,
            key_en = EXCLUDED.key_en,
            key_ru = EXCLUDED.key_ru,
            description_en = EXCLUDED.description_en,
            description_ru = EXCLUDED.description_ru,
            muscles = EXCLUDED.muscles,
            secondary_muscles = EXCLUDED.secondary_muscles,
            equipment = EXCLUDED.equipment,
            difficulty = EXCLUDED.difficulty,
            pattern = EXCLUDED.pattern,
            measure = EXCLUDED.measure,
            update_time = EXCLUDED.update_time,
            delete_time = NULL
        WHERE known.delete_time IS NOT NULL
            OR (known.name_en, known.name_ru, known.description_en, known.description_ru, known.muscles,
                known.secondary_muscles, known.equipment, known.difficulty, known.pattern, known.measure)
            IS DISTINCT FROM
                (EXCLUDED.name_en, EXCLUDED.name_ru, EXCLUDED.description_en, EXCLUDED.description_ru, EXCLUDED.muscles,
                EXCLUDED.secondary_muscles, EXCLUDED.equipment, EXCLUDED.difficulty, EXCLUDED.pattern, EXCLUDED.measure)
        "#,
        rows,
        now,
    )
    .execute(connection)
    .await?;
    Ok(stored.rows_affected())
}

/// Hides the exercises that the catalogue no longer has, and answers how many.
pub(crate) async fn hide_others(
    connection: &mut PgConnection,
    exercises: &[CatalogueExercise],
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let ids: Vec<_> = exercises.iter().map(CatalogueExercise::exercise_id).collect();
    let hidden = sqlx::query!(
        r#"
        UPDATE exercises
        SET delete_time = $2
        WHERE owner_id IS NULL
            AND delete_time IS NULL
            AND exercise_id <> ALL($1)
        "#,
        &ids,
        now,
    )
    .execute(connection)
    .await?;
    Ok(hidden.rows_affected())
}

fn row(exercise: &CatalogueExercise) -> Value {
    let names = |muscles: &[crate::catalogue::MuscleGroup]| -> Vec<_> {
        muscles.iter().map(|muscle| muscle.name()).collect()
    };
    json!({
        "exercise_id": exercise.exercise_id(),
        "slug": exercise.slug,
        "name_en": exercise.name.en,
        "name_ru": exercise.name.ru,
        "key_en": exercise.name.en.to_lowercase(),
        "key_ru": exercise.name.ru.to_lowercase(),
        "description_en": exercise.description.en,
        "description_ru": exercise.description.ru,
        "muscles": names(&exercise.muscles),
        "secondary_muscles": names(&exercise.secondary_muscles),
        "equipment": exercise.equipment.iter().map(|piece| piece.name()).collect::<Vec<_>>(),
        "difficulty": exercise.difficulty.name(),
        "pattern": exercise.pattern.name(),
        "measure": exercise.measure.name(),
    })
}
