//! Exercises as athletes see them: the catalogue's and their own, in their language.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::catalogue::{Equipment, MuscleGroup, UnknownWord};
use crate::language::Language;
use crate::model::athlete::Athlete;
use crate::model::exercise::ExerciseChoice;
use crate::model::exercise::{Details, Exercise};
use chassis::paging::Page;

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
