//! The words of the API and those of the domain.

use fitness_proto::fitness::workout::v1 as proto;

use crate::catalogue::{Difficulty, Equipment, Measure, MovementPattern, MuscleGroup};
use crate::model::routine::{Goal, PlannerKind};

/// A word of the API, which may be not set.
pub(super) trait Word {
    /// What it means in the domain.
    type Meaning;

    /// Answers the meaning, or nothing if the word is not set.
    fn meaning(self) -> Option<Self::Meaning>;
}

/// Declares which words mean the same, both ways. The compiler finds the ones that are left out.
macro_rules! words {
    ($api:ident, $domain:ident; $($word:ident => $meaning:ident),+ $(,)?) => {
        impl Word for proto::$api {
            type Meaning = $domain;

            fn meaning(self) -> Option<$domain> {
                match self {
                    Self::Unspecified => None,
                    $(Self::$word => Some($domain::$meaning),)+
                }
            }
        }

        impl From<$domain> for proto::$api {
            fn from(meaning: $domain) -> Self {
                match meaning { $($domain::$meaning => Self::$word,)+ }
            }
        }
    };
}

words! { MuscleGroup, MuscleGroup;
    Chest => Chest, UpperBack => UpperBack, Lats => Lats, LowerBack => LowerBack, Shoulders => Shoulders,
    Biceps => Biceps, Triceps => Triceps, Forearms => Forearms, Abs => Abs, Obliques => Obliques, Glutes => Glutes,
    Quadriceps => Quadriceps, Hamstrings => Hamstrings, Adductors => Adductors, Calves => Calves,
    FullBody => FullBody, Cardio => Cardio,
}

words! { Equipment, Equipment;
    Bodyweight => BodyWeight, Dumbbell => Dumbbell, Barbell => Barbell, Kettlebell => Kettlebell, Bench => Bench,
    PullUpBar => PullUpBar, DipBars => DipBars, Band => Band, Cable => Cable, Machine => Machine,
    CardioMachine => CardioMachine, MedicineBall => MedicineBall, StabilityBall => StabilityBall,
    SuspensionTrainer => SuspensionTrainer, Box => Box, JumpRope => JumpRope, AbWheel => AbWheel,
}

words! { Movement, MovementPattern;
    Squat => Squat, Hinge => Hinge, Lunge => Lunge, HorizontalPush => HorizontalPush, VerticalPush => VerticalPush,
    HorizontalPull => HorizontalPull, VerticalPull => VerticalPull, Carry => Carry, Core => Core,
    Isolation => Isolation, Cardio => Cardio, Mobility => Mobility,
}

words! { Level, Difficulty;
    Beginner => Beginner, Intermediate => Intermediate, Advanced => Advanced,
}

words! { Measure, Measure;
    Reps => Repetitions, Time => Time, Distance => Distance,
}

words! { Goal, Goal;
    Strength => Strength, Hypertrophy => Hypertrophy, Endurance => Endurance, FatLoss => FatLoss, General => General,
}

words! { Planner, PlannerKind;
    Rules => Rules, Model => Model,
}

/// What words mean; those that are not set are left out.
pub(super) fn meanings<W: Word>(words: impl Iterator<Item = W>) -> Vec<W::Meaning> {
    words.filter_map(Word::meaning).collect()
}

/// Words for meanings, as messages have them.
pub(super) fn numbers<M, W: From<M> + Into<i32>>(meanings: impl IntoIterator<Item = M>) -> Vec<i32> {
    meanings.into_iter().map(|meaning| W::from(meaning).into()).collect()
}

/// The word for a meaning, as a message has it; not set where there is none.
pub(super) fn number<M, W: From<M> + Into<i32> + Default>(meaning: Option<M>) -> i32 {
    meaning.map_or_else(W::default, W::from).into()
}
