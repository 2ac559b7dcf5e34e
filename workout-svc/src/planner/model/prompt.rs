//! What a model is told: the rules with their numbers, the days, and the exercises by their catalogue names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::catalogue::{Measure, MovementPattern, MuscleGroup};
use crate::model::exercise::ExerciseChoice;
use crate::planner::dosage::{Dosage, Kind, dosage};
use crate::planner::plan::DayFocus;
use crate::planner::provider::Task;
use crate::planner::validator::Violation;
use crate::planner::{limits, session_time, split};

/// A message of the conversation.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Message {
    role: &'static str,
    content: String,
}

impl Message {
    pub(super) fn assistant(content: String) -> Self {
        Self { role: "assistant", content }
    }

    pub(super) fn user(content: String) -> Self {
        Self { role: "user", content }
    }
}

const INSTRUCTIONS: &str = "\
You plan a week of strength and conditioning training. The user message is a JSON object with the goal, the days, the \
limits and the exercises that may be used. Answer with one JSON object and nothing else:
{\"days\":[{\"exercises\":[{\"exercise\":\"<id>\",\"sets\":3,\"reps_min\":8,\"reps_max\":12,\"rest_seconds\":90}]}]}
Give one element of `days` for each of the given days, in their order. For an exercise whose measure is `time` write \
`seconds`, for `distance` write `meters`, in place of `reps_min` and `reps_max`.
Rules:
- Use only ids from `exercises`, none twice on a day. An exercise may be on a day only if that day's `muscles` has all \
of its `muscles`; exercises of the patterns `cardio` and `mobility` may be on any day.
- Keep sets, repetitions, seconds, meters and rest within the ranges of the exercise's `kind` in `kinds`.
- Keep the number of exercises and the seconds of every day within `exercises_per_day` and `seconds_per_day`. A day \
takes `warm_up_seconds` plus, for each exercise, 60 + sets × work + (sets - 1) × rest_seconds, where work is 3 seconds \
a repetition at `reps_max`, the seconds themselves, 1 second a meter for the pattern `carry`, or half a second a meter.
- A set counts 2 for each of the exercise's `muscles` and 1 for each of its `secondary`; no muscle's sum over the week \
exceeds `most_volume`, or `most_volume_first` for a muscle in `first_muscles`. Cardio and mobility do not count.
- Each of `first_muscles` gets at least 2 sets a week.
- Over the week train legs (squat, lunge and hinge), pushes, pulls and core; for endurance and fat loss also cardio. \
Sets of pushes are at most twice the sets of pulls plus 4, and the other way round.
- Put exercises for several joints first.";

/// The first messages of a conversation.
pub(super) fn opening(task: &Task<'_>) -> Vec<Message> {
    let brief = serde_json::to_string(&Brief::new(task)).expect("the brief has only string keys");
    vec![Message { role: "system", content: INSTRUCTIONS.to_owned() }, Message::user(brief)]
}

/// What was wrong with a plan, in the names that the model knows.
pub(super) fn correction(violations: &[Violation], choices: &[ExerciseChoice]) -> String {
    let mut text = String::from("The plan breaks these rules. Answer with a corrected plan.\n");
    for violation in violations.iter().take(20) {
        writeln!(text, "- {violation}").expect("a string takes everything");
    }
    for choice in choices {
        if let Some(slug) = &choice.slug {
            text = text.replace(&choice.exercise_id.to_string(), slug);
        }
    }
    text
}

/// All that a model gets to know.
#[derive(Serialize)]
struct Brief<'a> {
    goal: &'static str,
    level: &'static str,
    first_muscles: Vec<&'static str>,
    days: Vec<Day>,
    exercises_per_day: [usize; 2],
    seconds_per_day: [u64; 2],
    warm_up_seconds: u64,
    most_volume: u32,
    most_volume_first: u32,
    kinds: BTreeMap<Kind, Ranges>,
    exercises: Vec<Exercise<'a>>,
}

#[derive(Serialize)]
struct Day {
    focus: &'static str,
    muscles: Vec<&'static str>,
}

#[derive(Serialize)]
struct Ranges {
    sets: [u32; 2],
    reps: [u32; 2],
    seconds: [u32; 2],
    meters: [u32; 2],
    rest_seconds: [u32; 2],
}

#[derive(Serialize)]
struct Exercise<'a> {
    id: &'a str,
    kind: Kind,
    pattern: &'static str,
    muscles: Vec<&'static str>,
    secondary: Vec<&'static str>,
    measure: &'static str,
}

impl<'a> Brief<'a> {
    fn new(task: &Task<'a>) -> Self {
        let request = task.request;
        let session = request.session;
        let suitable = task.choices.iter().filter(|choice| choice.suits(request));
        Self {
            goal: request.goal.name(),
            level: request.level.name(),
            first_muscles: request.focus.iter().map(MuscleGroup::name).collect(),
            days: split::week(request.days_per_week).iter().map(|(_, focus)| Day::new(*focus)).collect(),
            exercises_per_day: [limits::min_exercises(session), limits::max_exercises(session)],
            seconds_per_day: [limits::min_session_seconds(session), session_time::available_seconds(session)],
            warm_up_seconds: session_time::warm_up_seconds(session),
            most_volume: limits::usual_half_sets(request.level),
            most_volume_first: limits::focus_half_sets(request.level),
            kinds: Kind::ALL
                .into_iter()
                .map(|kind| (kind, Ranges::from(dosage(request.goal, request.level, kind))))
                .collect(),
            exercises: suitable.filter_map(Exercise::new).collect(),
        }
    }
}

impl Day {
    fn new(focus: DayFocus) -> Self {
        let muscles = MuscleGroup::ALL.iter().filter(|muscle| focus.has(**muscle));
        Self { focus: focus.name(), muscles: muscles.map(|muscle| muscle.name()).collect() }
    }
}

impl From<Dosage> for Ranges {
    fn from(dosage: Dosage) -> Self {
        let both = |range: std::ops::RangeInclusive<u32>| [*range.start(), *range.end()];
        Self {
            sets: both(dosage.sets),
            reps: both(dosage.repetitions),
            seconds: both(dosage.seconds),
            meters: both(dosage.meters),
            rest_seconds: both(dosage.rest_seconds),
        }
    }
}

impl<'a> Exercise<'a> {
    /// Answers nothing for a person's own exercise.
    fn new(choice: &'a ExerciseChoice) -> Option<Self> {
        let names = |muscles: &[MuscleGroup]| muscles.iter().map(|muscle| muscle.name()).collect();
        Some(Self {
            id: choice.slug.as_deref()?,
            kind: Kind::of(choice),
            pattern: MovementPattern::name(choice.pattern),
            muscles: names(&choice.muscles),
            secondary: names(&choice.secondary_muscles),
            measure: Measure::name(choice.measure),
        })
    }
}
