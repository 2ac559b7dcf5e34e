//! Exercises: the catalogue's, which everybody sees, and those of one's own.

mod create;
mod delete;
mod get;
mod list;
mod muscle_groups;
mod seed;
mod update;

pub use self::create::CreateExercise;
pub use self::list::ListExercises;
pub use self::muscle_groups::MuscleGroupName;
pub(crate) use self::seed::seed_catalogue;
pub use self::update::ExerciseChanges;
use crate::model::exercise::{Details, Exercise};
