//! Reads what a model answered. Strictly: a field too many is a misunderstanding.

use serde::Deserialize;

use super::error::AnswerError;
use crate::planner::plan::{Plan, PlanDay, PlanExercise, Target};
use crate::planner::provider::Task;
use crate::planner::split;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    days: Vec<Day>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    exercises: Vec<Exercise>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exercise {
    #[serde(rename = "exercise")]
    id: String,
    sets: u32,
    reps_min: Option<u32>,
    reps_max: Option<u32>,
    seconds: Option<u32>,
    meters: Option<u32>,
    rest_seconds: u32,
}

/// Makes a plan of the answer, by the days that the model was given.
pub(super) fn read(text: &str, task: &Task<'_>) -> Result<Plan, AnswerError> {
    let answer: Answer = serde_json::from_str(text)
        .map_err(|error| AnswerError::NotOurJson { line: error.line(), column: error.column() })?;
    let week = split::week(task.request.days_per_week);
    if answer.days.len() != week.len() {
        return Err(AnswerError::Days { expected: week.len(), found: answer.days.len() });
    }
    let days = (1..).zip(answer.days).zip(week).map(|((number, day), &(weekday, focus))| {
        let exercises = day.exercises.into_iter().map(|exercise| exercise.planned(number, task));
        Ok(PlanDay { weekday, focus, exercises: exercises.collect::<Result<_, _>>()? })
    });
    Ok(Plan { days: days.collect::<Result<_, _>>()? })
}

impl Exercise {
    fn planned(self, day: usize, task: &Task<'_>) -> Result<PlanExercise, AnswerError> {
        let known = task.choices.iter().find(|choice| choice.slug.as_ref() == Some(&self.id));
        let choice = known.ok_or(AnswerError::UnknownExercise { day })?;
        let target = match (self.reps_min, self.reps_max, self.seconds, self.meters) {
            (Some(min), Some(max), None, None) => Target::Repetitions { min, max },
            (None, None, Some(seconds), None) => Target::Seconds(seconds),
            (None, None, None, Some(meters)) => Target::Meters(meters),
            _ => return Err(AnswerError::Target { day }),
        };
        Ok(PlanExercise {
            exercise_id: choice.exercise_id,
            sets: self.sets,
            target,
            rest_seconds: self.rest_seconds,
        })
    }
}
