//! `ListExercises`: the catalogue and the caller's own exercises by name.

use uuid::Uuid;

use super::Exercise;
use crate::catalogue::{Equipment, MuscleGroup};
use crate::store::exercises;
use crate::text;
use crate::training::{Training, TrainingError};
use chassis::paging::{Listed, Page};

/// Which exercises are wanted.
#[derive(Clone, Debug)]
pub struct ListExercises {
    /// Only those that train this muscle group above all.
    pub muscle: Option<MuscleGroup>,
    /// Only those that need this.
    pub equipment: Option<Equipment>,
    /// Only those with this text in their name; empty means all.
    pub query: String,
    /// Whether the catalogue's are wanted.
    pub catalogue: bool,
    /// Whether the caller's own are wanted.
    pub own: bool,
}

impl Training {
    /// Answers a page of exercises.
    pub(crate) async fn list_exercises(
        &self,
        user_id: Uuid,
        request: &ListExercises,
        page: &Page<(String, Uuid)>,
    ) -> Result<Listed<Exercise>, TrainingError> {
        let query = text::lines("query", &request.query).map_err(|violation| vec![violation])?;
        let wanted = exercises::Wanted {
            muscle: request.muscle,
            equipment: request.equipment,
            query: query.to_lowercase(),
            catalogue: request.catalogue,
            own: request.own,
        };
        let mut connection = self.pool.acquire().await?;
        let athlete = self.athlete(&mut connection, user_id).await?;
        let rows = exercises::list(&mut connection, &athlete, &wanted, page).await?;
        Ok(page.cut(rows, |exercise| (exercise.details.name.to_lowercase(), exercise.exercise_id)))
    }
}
