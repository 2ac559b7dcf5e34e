//! The words that describe exercises. Each has one name, used in the file, the database and the API alike.

use std::str::FromStr;

/// A word that is none of the known ones.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{word:?} is no {kind}")]
pub struct UnknownWord {
    pub(crate) kind: &'static str,
    pub(crate) word: String,
}

/// Declares an enum whose variants have names, with the way from a name back to the variant.
macro_rules! vocabulary {
    (
        $(#[doc = $doc:literal])+ $name:ident, $kind:literal;
        $($(#[doc = $variant_doc:literal])+ $variant:ident, $text:literal;)+
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
        pub enum $name { $($(#[doc = $variant_doc])+ #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the catalogue, the database and the API.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl FromStr for $name {
            type Err = $crate::catalogue::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let known = Self::ALL.iter().copied().find(|known| known.name() == word);
                known.ok_or_else(|| $crate::catalogue::UnknownWord { kind: $kind, word: word.to_owned() })
            }
        }
    };
}
pub(crate) use vocabulary;

vocabulary! {
    /// A group of muscles, or the whole body, or heart and lungs.
    MuscleGroup, "muscle group";
    /// Chest.
    Chest, "chest";
    /// Upper back and neck.
    UpperBack, "upper_back";
    /// The broad muscles at the sides of the back.
    Lats, "lats";
    /// Lower back.
    LowerBack, "lower_back";
    /// Shoulders.
    Shoulders, "shoulders";
    /// Front of the upper arms.
    Biceps, "biceps";
    /// Back of the upper arms.
    Triceps, "triceps";
    /// Forearms and grip.
    Forearms, "forearms";
    /// Straight muscles of the belly.
    Abs, "abs";
    /// Slanting muscles of the belly.
    Obliques, "obliques";
    /// Glutes.
    Glutes, "glutes";
    /// Front of the thighs.
    Quadriceps, "quadriceps";
    /// Back of the thighs.
    Hamstrings, "hamstrings";
    /// Inside of the thighs.
    Adductors, "adductors";
    /// Calves.
    Calves, "calves";
    /// No muscle in particular.
    FullBody, "full_body";
    /// Heart and lungs.
    Cardio, "cardio";
}

vocabulary! {
    /// Something that an exercise needs.
    Equipment, "equipment";
    /// Nothing but one's own body.
    BodyWeight, "none";
    /// Dumbbells.
    Dumbbell, "dumbbell";
    /// A barbell with plates, and a rack where it takes one.
    Barbell, "barbell";
    /// Kettlebells.
    Kettlebell, "kettlebell";
    /// A bench.
    Bench, "bench";
    /// A bar to hang from.
    PullUpBar, "pull_up_bar";
    /// Parallel bars.
    DipBars, "dip_bars";
    /// A resistance band.
    Band, "band";
    /// A machine with a cable and pulleys.
    Cable, "cable";
    /// A machine with weights.
    Machine, "machine";
    /// A treadmill, bicycle, rower or the like.
    CardioMachine, "cardio_machine";
    /// A ball with weight.
    MedicineBall, "medicine_ball";
    /// A big ball with air.
    StabilityBall, "stability_ball";
    /// Straps that hang from above.
    SuspensionTrainer, "suspension_trainer";
    /// A box to step and jump on.
    Box, "box";
    /// A rope to jump over.
    JumpRope, "jump_rope";
    /// A wheel with handles.
    AbWheel, "ab_wheel";
}

vocabulary! {
    /// How much experience an exercise takes, or a person has; later ones are harder.
    Difficulty, "level";
    /// From the first day.
    Beginner, "beginner";
    /// With some months of practice.
    Intermediate, "intermediate";
    /// With years of practice.
    Advanced, "advanced";
}

vocabulary! {
    /// How the body moves.
    MovementPattern, "movement pattern";
    /// Knees and hips bend with both feet side by side.
    Squat, "squat";
    /// The hips bend while the back stays straight.
    Hinge, "hinge";
    /// One foot is ahead of, behind or beside the other.
    Lunge, "lunge";
    /// Hands away from the chest.
    HorizontalPush, "horizontal_push";
    /// Hands overhead, or the body up between them.
    VerticalPush, "vertical_push";
    /// Hands to the chest.
    HorizontalPull, "horizontal_pull";
    /// Hands down from overhead, or the body up to them.
    VerticalPull, "vertical_pull";
    /// Walking with a load, or on all fours.
    Carry, "carry";
    /// The trunk bends, turns or holds still.
    Core, "core";
    /// One joint moves.
    Isolation, "isolation";
    /// The heart works.
    Cardio, "cardio";
    /// Joints get to the end of their range.
    Mobility, "mobility";
}

vocabulary! {
    /// What is counted in a set.
    Measure, "measure";
    /// Repetitions.
    Repetitions, "reps";
    /// Seconds.
    Time, "time";
    /// Meters.
    Distance, "distance";
}
