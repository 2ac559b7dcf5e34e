//! Routines as protobuf messages, and drafts of them from messages.

use chassis::errors::Violation;
use chassis::grpc::id;
use fitness_proto::fitness::workout::v1 as proto;

use super::{set_plan_message, words};
use crate::model::routine::{Day, DayExercise, Routine, WholeRoutine};
use crate::routines::{DayDraft, ExerciseDraft};
use crate::training::timestamp;

/// Answers the message of a routine without its days.
pub(super) fn from(routine: Routine) -> proto::Routine {
    proto::Routine {
        routine_id: routine.routine_id.to_string(),
        name: routine.name,
        description: routine.description,
        goal: words::number::<_, proto::Goal>(routine.goal),
        level: words::number::<_, proto::Level>(routine.level),
        days: Vec::new(),
        day_count: routine.day_count as i32,
        assigned_by: routine.assigned_by.map(|trainer| trainer.to_string()).unwrap_or_default(),
        revision: routine.revision,
        create_time: Some(timestamp(routine.create_time)),
        update_time: Some(timestamp(routine.update_time)),
        planner: words::number::<_, proto::Planner>(routine.planner),
    }
}

/// Answers the message of a routine with its days.
pub(super) fn from_whole(whole: WholeRoutine) -> proto::Routine {
    let days = whole.days.into_iter().map(from_day).collect();
    proto::Routine { days, ..from(whole.routine) }
}

/// Answers the message of a day.
pub(super) fn from_day(day: Day) -> proto::RoutineDay {
    proto::RoutineDay {
        day_id: day.day_id.to_string(),
        name: day.name,
        position: day.position,
        exercises: day.exercises.into_iter().map(from_exercise).collect(),
    }
}

/// Answers the message of an exercise of a day.
pub(super) fn from_exercise(exercise: DayExercise) -> proto::RoutineExercise {
    proto::RoutineExercise {
        routine_exercise_id: exercise.routine_exercise_id.to_string(),
        exercise_id: exercise.exercise_id.to_string(),
        exercise_name: exercise.exercise_name,
        position: exercise.position,
        notes: exercise.notes,
        set_plans: exercise.set_plans.into_iter().map(set_plan_message::from).collect(),
    }
}

/// Reads a new day.
pub(super) fn day_draft(day: proto::NewRoutineDay) -> Result<DayDraft, Violation> {
    let exercises = day.exercises.into_iter().map(exercise_draft).collect::<Result<_, _>>()?;
    Ok(DayDraft { name: day.name, exercises })
}

/// Reads a new exercise of a day.
pub(super) fn exercise_draft(exercise: proto::NewRoutineExercise) -> Result<ExerciseDraft, Violation> {
    Ok(ExerciseDraft {
        exercise_id: id("exercise_id", &exercise.exercise_id)?,
        notes: exercise.notes,
        set_plans: set_plan_message::drafts(exercise.set_plans),
    })
}
