//! Exercises as protobuf messages.

use fitness_proto::fitness::workout::v1 as proto;

use super::words;
use crate::exercises::MuscleGroupName;
use crate::model::exercise::Exercise;
use crate::training::timestamp;

/// Answers the message of an exercise.
pub(super) fn from(exercise: Exercise) -> proto::Exercise {
    let own = exercise.owner_id.is_some();
    let details = exercise.details;
    proto::Exercise {
        exercise_id: exercise.exercise_id.to_string(),
        name: details.name,
        description: details.description,
        muscle_groups: words::numbers::<_, proto::MuscleGroup>(details.muscles),
        secondary_muscle_groups: words::numbers::<_, proto::MuscleGroup>(details.secondary_muscles),
        equipment: words::numbers::<_, proto::Equipment>(details.equipment),
        level: proto::Level::from(details.difficulty).into(),
        movement: words::number::<_, proto::Movement>(details.pattern),
        measure: proto::Measure::from(exercise.measure).into(),
        own,
        create_time: own.then(|| timestamp(exercise.create_time)),
        update_time: own.then(|| timestamp(exercise.update_time)),
    }
}

/// Answers the message of a muscle group.
pub(super) fn from_muscle_group(named: MuscleGroupName) -> proto::MuscleGroupName {
    proto::MuscleGroupName { muscle_group: proto::MuscleGroup::from(named.muscle).into(), name: named.name }
}
