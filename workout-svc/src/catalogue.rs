//! The exercises that every installation starts with, and the vocabulary that describes them.
//!
//! They are one TOML file inside the binary. [`Catalogue::embedded`] refuses a file that breaks its rules, so that the
//! planner and the database can rely on it.

mod faults;
mod vocabulary;

use serde::Deserialize;
use uuid::Uuid;

pub(crate) use self::vocabulary::vocabulary;
pub use self::vocabulary::{Difficulty, Equipment, Measure, MovementPattern, MuscleGroup, UnknownWord};

/// Namespace of the exercise ids, made for this purpose and never to be changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x9f1c_7d52_63aa_4b0e_8a57_2be0_41d6_c3f8);

/// Everything in the catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The muscle groups with their names.
    #[serde(rename = "muscle_group")]
    pub muscle_groups: Vec<Term<MuscleGroup>>,
    /// The equipment with its names.
    pub equipment: Vec<Term<Equipment>>,
    /// The exercises.
    #[serde(rename = "exercise")]
    pub exercises: Vec<CatalogueExercise>,
}

/// A word of the vocabulary as people read it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term<T> {
    /// The word.
    pub id: T,
    /// Its name.
    pub name: Texts,
}

/// A text in every language of the product.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// English.
    pub en: String,
    /// Russian.
    pub ru: String,
}

/// An exercise of the catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueExercise {
    /// Its name in the file, which never changes.
    #[serde(rename = "id")]
    pub slug: String,
    /// What it is called.
    pub name: Texts,
    /// How it is done.
    pub description: Texts,
    /// The muscles that it is done for.
    pub muscles: Vec<MuscleGroup>,
    /// The muscles that help.
    pub secondary_muscles: Vec<MuscleGroup>,
    /// All that it needs; exactly [`Equipment::BodyWeight`] where it needs nothing.
    pub equipment: Vec<Equipment>,
    /// Who can do it.
    pub difficulty: Difficulty,
    /// How the body moves.
    pub pattern: MovementPattern,
    /// What is counted.
    pub measure: Measure,
}

impl CatalogueExercise {
    /// The id of the exercise, the same in every installation (RFC 9562, version 5).
    pub fn exercise_id(&self) -> Uuid {
        Uuid::new_v5(&NAMESPACE, self.slug.as_bytes())
    }
}

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// It is not the TOML that is expected.
    #[error("the catalogue cannot be read")]
    Syntax(#[source] Box<toml::de::Error>),
    /// Its content breaks rules.
    #[error("the catalogue has {} fault(s): {}", .0.len(), .0.join("; "))]
    Faults(Vec<String>),
}

impl Catalogue {
    /// The catalogue inside the binary.
    pub fn embedded() -> Result<Self, CatalogueError> {
        Self::parse(include_str!("../catalogue/exercises.toml"))
    }

    /// Reads a catalogue and answers everything that is wrong with it at once.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let catalogue: Self =
            toml::from_str(text).map_err(|error| CatalogueError::Syntax(Box::new(error)))?;
        let faults = faults::find(&catalogue);
        if faults.is_empty() { Ok(catalogue) } else { Err(CatalogueError::Faults(faults)) }
    }
}

#[cfg(test)]
mod tests;
