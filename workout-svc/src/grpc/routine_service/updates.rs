//! What updates are about. A field that the mask names and the message lacks is asked to be emptied.

use chassis::errors::Failure;
use chassis::mask::Mask;
use fitness_proto::fitness::workout::v1 as proto;
use prost_types::FieldMask;

use crate::grpc::set_plan_message;
use crate::grpc::words::Word as _;
use crate::routines::{DayChanges, ExerciseChanges, RoutineChanges};

/// Reads an update of a routine.
pub(super) fn routine(
    update: proto::RoutineUpdate,
    mask: Option<FieldMask>,
) -> Result<RoutineChanges, Failure> {
    let mask = Mask::of(mask, &update)?;
    Ok(RoutineChanges {
        goal: mask.has("goal").then(|| update.goal().meaning()),
        level: mask.has("level").then(|| update.level().meaning()),
        name: mask.has("name").then(|| update.name.unwrap_or_default()),
        description: mask.has("description").then(|| update.description.unwrap_or_default()),
    })
}

/// Reads an update of a day. A place cannot be emptied.
pub(super) fn day(update: proto::RoutineDayUpdate, mask: Option<FieldMask>) -> Result<DayChanges, Failure> {
    let mask = Mask::of(mask, &update)?;
    Ok(DayChanges {
        name: mask.has("name").then(|| update.name.unwrap_or_default()),
        position: place(mask.has("position"), update.position, "day.position")?,
    })
}

/// Reads an update of an exercise of a day. A place cannot be emptied.
pub(super) fn exercise(
    update: proto::RoutineExerciseUpdate,
    mask: Option<FieldMask>,
) -> Result<ExerciseChanges, Failure> {
    let mask = Mask::of(mask, &update)?;
    Ok(ExerciseChanges {
        notes: mask.has("notes").then(|| update.notes.unwrap_or_default()),
        set_plans: mask.has("set_plans").then(|| set_plan_message::drafts(update.set_plans)),
        position: place(mask.has("position"), update.position, "exercise.position")?,
    })
}

fn place(wanted: bool, position: Option<i32>, field: &str) -> Result<Option<i32>, Failure> {
    if wanted && position.is_none() {
        return Err(Failure::invalid_field(field, "is required"));
    }
    Ok(position.filter(|_| wanted))
}
