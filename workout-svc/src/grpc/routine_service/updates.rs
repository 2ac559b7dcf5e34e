//! What updates are about. A field that the mask names and the message lacks is asked to be emptied.

use fitness_proto::fitness::workout::v1 as proto;
use prost_types::FieldMask;

use crate::grpc::set_plan_message;
use crate::grpc::words::Word as _;
use crate::mask::Mask;
use crate::routines::{DayChanges, ExerciseChanges, RoutineChanges};
use crate::training::TrainingError;

/// Reads an update of a routine.
pub(super) fn routine(
    update: proto::RoutineUpdate,
    mask: Option<FieldMask>,
) -> Result<RoutineChanges, TrainingError> {
    let mask = Mask::parse(
        mask,
        &[
            ("name", update.name.is_some()),
            ("description", update.description.is_some()),
            ("goal", update.goal.is_some()),
            ("level", update.level.is_some()),
        ],
    )?;
    Ok(RoutineChanges {
        goal: mask.has("goal").then(|| update.goal().meaning()),
        level: mask.has("level").then(|| update.level().meaning()),
        name: mask.has("name").then(|| update.name.unwrap_or_default()),
        description: mask.has("description").then(|| update.description.unwrap_or_default()),
    })
}

/// Reads an update of a day. A place cannot be emptied.
pub(super) fn day(
    update: proto::RoutineDayUpdate,
    mask: Option<FieldMask>,
) -> Result<DayChanges, TrainingError> {
    let fields = [("name", update.name.is_some()), ("position", update.position.is_some())];
    let mask = Mask::parse(mask, &fields)?;
    Ok(DayChanges {
        name: mask.has("name").then(|| update.name.unwrap_or_default()),
        position: place(mask.has("position"), update.position, "day.position")?,
    })
}

/// Reads an update of an exercise of a day. A place cannot be emptied.
pub(super) fn exercise(
    update: proto::RoutineExerciseUpdate,
    mask: Option<FieldMask>,
) -> Result<ExerciseChanges, TrainingError> {
    let mask = Mask::parse(
        mask,
        &[
            ("notes", update.notes.is_some()),
            ("set_plans", !update.set_plans.is_empty()),
            ("position", update.position.is_some()),
        ],
    )?;
    Ok(ExerciseChanges {
        notes: mask.has("notes").then(|| update.notes.unwrap_or_default()),
        set_plans: mask.has("set_plans").then(|| set_plan_message::drafts(update.set_plans)),
        position: place(mask.has("position"), update.position, "exercise.position")?,
    })
}

fn place(wanted: bool, position: Option<i32>, field: &str) -> Result<Option<i32>, TrainingError> {
    if wanted && position.is_none() {
        return Err(TrainingError::invalid(field, "is required"));
    }
    Ok(position.filter(|_| wanted))
}
