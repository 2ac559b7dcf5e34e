//! Exercises: the catalogue's, which everybody sees, and those of one's own.

use chassis::errors::Violation;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::catalogue::{Difficulty, Equipment, Measure, MovementPattern, MuscleGroup};
use crate::text;

/// An exercise, in the language of who looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exercise {
    /// Identifier.
    pub exercise_id: Uuid,
    /// Who made it; nobody means the catalogue.
    pub owner_id: Option<Uuid>,
    /// What can be changed of it.
    pub details: Details,
    /// What is counted in a set.
    pub measure: Measure,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// When it was last changed.
    pub update_time: DateTime<Utc>,
}

/// What describes an exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Its name.
    pub name: String,
    /// How it is done.
    pub description: String,
    /// The muscles that it is done for.
    pub muscles: Vec<MuscleGroup>,
    /// The muscles that help.
    pub secondary_muscles: Vec<MuscleGroup>,
    /// All that it needs.
    pub equipment: Vec<Equipment>,
    /// Who can do it.
    pub difficulty: Difficulty,
    /// How the body moves, if anybody said.
    pub pattern: Option<MovementPattern>,
}

impl Details {
    /// Checks what a person wrote. Fields in violations begin with `prefix`.
    pub(crate) fn checked(mut self, prefix: &str) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        let field = |name: &str| format!("{prefix}{name}");
        match text::line(&field("name"), &self.name) {
            Ok(name) => self.name = name,
            Err(violation) => violations.push(violation),
        }
        match text::lines(&field("description"), &self.description) {
            Ok(description) => self.description = description,
            Err(violation) => violations.push(violation),
        }
        if self.muscles.is_empty() {
            violations.push(Violation::new(field("muscle_groups"), "must have at least 1 items"));
        }
        if self.secondary_muscles.iter().any(|muscle| self.muscles.contains(muscle)) {
            let description = "must not hold what muscle_groups holds";
            violations.push(Violation::new(field("secondary_muscle_groups"), description));
        }
        // The own body goes without saying beside anything else.
        self.equipment.retain(|piece| *piece != Equipment::BodyWeight);
        if self.equipment.is_empty() {
            self.equipment.push(Equipment::BodyWeight);
        }
        if violations.is_empty() { Ok(self) } else { Err(violations) }
    }
}

/// An exercise that a plan may use, without its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExerciseChoice {
    /// The exercise.
    pub exercise_id: Uuid,
    /// Its name in the catalogue. A person's own exercise has none: nothing that people write reaches a model.
    pub slug: Option<String>,
    /// The muscles that it is done for.
    pub muscles: Vec<MuscleGroup>,
    /// The muscles that help.
    pub secondary_muscles: Vec<MuscleGroup>,
    /// All that it needs.
    pub equipment: Vec<Equipment>,
    /// Who can do it.
    pub difficulty: Difficulty,
    /// How the body moves.
    pub pattern: MovementPattern,
    /// What is counted.
    pub measure: Measure,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> Details {
        Details {
            name: "Plank on a ball".to_owned(),
            description: String::new(),
            muscles: vec![MuscleGroup::Abs],
            secondary_muscles: vec![],
            equipment: vec![],
            difficulty: Difficulty::Beginner,
            pattern: None,
        }
    }

    #[test]
    fn the_own_body_is_named_only_where_nothing_else_is() {
        let equipment = |equipment| Details { equipment, ..details() }.checked("").unwrap().equipment;
        assert_eq!(equipment(vec![]), [Equipment::BodyWeight]);
        assert_eq!(equipment(vec![Equipment::BodyWeight, Equipment::Box]), [Equipment::Box]);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let wrong = Details {
            name: " ".to_owned(),
            description: "\0".to_owned(),
            muscles: vec![],
            secondary_muscles: vec![],
            ..details()
        };
        let fields: Vec<_> = wrong.checked("exercise.").unwrap_err().into_iter().map(|v| v.field).collect();
        assert_eq!(fields, ["exercise.name", "exercise.description", "exercise.muscle_groups"]);
        let twice = Details { secondary_muscles: vec![MuscleGroup::Abs], ..details() };
        assert_eq!(twice.checked("").unwrap_err()[0].field, "secondary_muscle_groups");
    }
}
