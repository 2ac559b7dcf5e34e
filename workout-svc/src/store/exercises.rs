//! Exercises as athletes see them: the catalogue's and their own, in their language.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::athletes::Athlete;
use crate::catalogue::{Equipment, MuscleGroup, UnknownWord};
use crate::exercises::{Details, Exercise};
use crate::language::Language;
use crate::paging::Page;
use crate::planner::ExerciseChoice;

struct Row {
    exercise_id: Uuid,
    owner_id: Option<Uuid>,
    name: String,
    description: String,
    muscles: Vec<String>,
    secondary_muscles: Vec<String>,
    equipment: Vec<String>,
    difficulty: String,
    pattern: Option<String>,
    measure: String,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl TryFrom<Row> for Exercise {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let details = Details {
            name: row.name,
            description: row.description,
            muscles: words(&row.muscles)?,
            secondary_muscles: words(&row.secondary_muscles)?,
            equipment: words(&row.equipment)?,
            difficulty: word(&row.difficulty)?,
            pattern: row.pattern.as_deref().map(word).transpose()?,
        };
        Ok(Self {
            exercise_id: row.exercise_id,
            owner_id: row.owner_id,
            details,
            measure: word(&row.measure)?,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

/// Reads a word of a vocabulary.
pub(crate) fn word<T: FromStr<Err = UnknownWord>>(name: &str) -> sqlx::Result<T> {
    name.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn words<T: FromStr<Err = UnknownWord>>(names: &[String]) -> sqlx::Result<Vec<T>> {
    names.iter().map(|name| word(name)).collect()
}

/// Finds an exercise that the athlete sees.
pub(crate) async fn find(
    connection: &mut PgConnection,
    athlete: &Athlete,
    exercise_id: Uuid,
) -> sqlx::Result<Option<Exercise>> {
    Ok(find_all(connection, athlete, &[exercise_id]).await?.pop())
}

/// Finds those of the exercises that the athlete sees, in no particular order.
pub(crate) async fn find_all(
    connection: &mut PgConnection,
    athlete: &Athlete,
    exercise_ids: &[Uuid],
) -> sqlx::Result<Vec<Exercise>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT exercise_id, owner_id, CASE WHEN $3 THEN name_ru ELSE name_en END AS "name!",
            CASE WHEN $3 THEN description_ru ELSE description_en END AS "description!", muscles, secondary_muscles,
            equipment, difficulty, pattern, measure, create_time, update_time
        FROM exercises
        WHERE exercise_id = ANY($1)
            AND (owner_id IS NULL OR owner_id = $2)
            AND delete_time IS NULL
        "#,
        exercise_ids,
        athlete.user_id,
        athlete.language == Language::Russian,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Exercise::try_from).collect()
}

/// Finds an exercise that the athlete sees and keeps others from changing it until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    athlete: &Athlete,
    exercise_id: Uuid,
) -> sqlx::Result<Option<Exercise>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT exercise_id, owner_id, CASE WHEN $3 THEN name_ru ELSE name_en END AS "name!",
            CASE WHEN $3 THEN description_ru ELSE description_en END AS "description!", muscles, secondary_muscles,
            equipment, difficulty, pattern, measure, create_time, update_time
        FROM exercises
        WHERE exercise_id = $1
            AND (owner_id IS NULL OR owner_id = $2)
            AND delete_time IS NULL
        FOR NO KEY UPDATE
        "#,
        exercise_id,
        athlete.user_id,
        athlete.language == Language::Russian,
    )
    .fetch_optional(connection)
    .await?;
    row.map(Exercise::try_from).transpose()
}

/// Which exercises a list holds.
pub(crate) struct Wanted {
    pub(crate) muscle: Option<MuscleGroup>,
    pub(crate) equipment: Option<Equipment>,
    /// In lower case.
    pub(crate) query: String,
    pub(crate) catalogue: bool,
    pub(crate) own: bool,
}

/// A page of the exercises that the athlete sees, by name in lower case.
pub(crate) async fn list(
    connection: &mut PgConnection,
    athlete: &Athlete,
    wanted: &Wanted,
    page: &Page<(String, Uuid)>,
) -> sqlx::Result<Vec<Exercise>> {
    let (after_key, after_id) = page.after.clone().unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT exercise_id, owner_id, CASE WHEN $1 THEN name_ru ELSE name_en END AS "name!",
            CASE WHEN $1 THEN description_ru ELSE description_en END AS "description!", muscles, secondary_muscles,
            equipment, difficulty, pattern, measure, create_time, update_time
        FROM exercises
        WHERE delete_time IS NULL
            AND (($2 AND owner_id IS NULL) OR ($3 AND owner_id = $4))
            AND ($5::text IS NULL OR $5 = ANY(muscles))
            AND ($6::text IS NULL OR $6 = ANY(equipment))
            AND strpos(CASE WHEN $1 THEN key_ru ELSE key_en END, $7) > 0
            AND (
                $8::text IS NULL
                OR (CASE WHEN $1 THEN key_ru ELSE key_en END, exercise_id) > ($8 COLLATE "C", $9::uuid)
            )
        ORDER BY CASE WHEN $1 THEN key_ru ELSE key_en END, exercise_id
        LIMIT $10
        "#,
        athlete.language == Language::Russian,
        wanted.catalogue,
        wanted.own,
        athlete.user_id,
        wanted.muscle.map(MuscleGroup::name),
        wanted.equipment.map(Equipment::name),
        wanted.query,
        after_key,
        after_id,
        page.limit(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Exercise::try_from).collect()
}

/// The exercises that the planner may choose from: the catalogue and those of somebody's own whose pattern is known.
/// Only the catalogue's have a slug.
pub(crate) async fn with_pattern(
    connection: &mut PgConnection,
    user_id: Uuid,
) -> sqlx::Result<Vec<ExerciseChoice>> {
    let rows = sqlx::query!(
        r#"
        SELECT exercise_id, slug, muscles, secondary_muscles, equipment, difficulty, pattern AS "pattern!", measure
        FROM exercises
        WHERE (owner_id IS NULL OR owner_id = $1)
            AND delete_time IS NULL
            AND pattern IS NOT NULL
        ORDER BY exercise_id
        "#,
        user_id,
    )
    .fetch_all(connection)
    .await?;
    let choices = rows.into_iter().map(|row| {
        Ok(ExerciseChoice {
            exercise_id: row.exercise_id,
            slug: row.slug,
            muscles: words(&row.muscles)?,
            secondary_muscles: words(&row.secondary_muscles)?,
            equipment: words(&row.equipment)?,
            difficulty: word(&row.difficulty)?,
            pattern: word(&row.pattern)?,
            measure: word(&row.measure)?,
        })
    });
    choices.collect()
}

/// How many exercises somebody made and did not delete.
pub(crate) async fn count_own(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM exercises
        WHERE owner_id = $1
            AND delete_time IS NULL
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
        details.pattern.map(|pattern| pattern.name()),
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
        details.pattern.map(|pattern| pattern.name()),
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
pub(crate) async fn copy_own(
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
