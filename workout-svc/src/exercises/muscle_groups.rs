//! `ListMuscleGroups`.

use uuid::Uuid;

use crate::catalogue::MuscleGroup;
use crate::training::{Training, TrainingError};

/// A muscle group and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MuscleGroupName {
    /// The muscle group.
    pub muscle: MuscleGroup,
    /// Its name in the caller's language.
    pub name: String,
}

impl Training {
    /// Answers all muscle groups.
    pub async fn list_muscle_groups(&self, user_id: Uuid) -> Result<Vec<MuscleGroupName>, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        let language = self.athlete(&mut connection, user_id).await?.language;
        let terms = self.catalogue.muscle_groups.iter();
        Ok(terms
            .map(|term| MuscleGroupName {
                muscle: term.id,
                name: language.pick(&term.name.en, &term.name.ru).clone(),
            })
            .collect())
    }
}
