//! Workouts and what follows from them as protobuf messages.

use fitness_proto::fitness::workout::v1 as proto;
use uuid::Uuid;

use super::set_plan_message;
use crate::model::one_rep_max::OneRepMax;
use crate::model::progress::Record;
use crate::model::quantity::{kilograms, metres};
use crate::model::workout::{Detailed, PlannedExercise, Workout, WorkoutSet};
use crate::progress::{Reached, Stats};
use crate::training::timestamp;

/// Answers the message of a workout with its sets.
pub(super) fn from_detailed(detailed: Detailed) -> proto::Workout {
    let sets = detailed.sets.into_iter().map(from_set).collect();
    proto::Workout { sets, ..from(detailed.workout) }
}

/// Answers the message of a workout without its sets.
pub(super) fn from(workout: Workout) -> proto::Workout {
    let state = match workout.finish_time {
        None => proto::WorkoutState::Started,
        Some(_) => proto::WorkoutState::Finished,
    };
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    proto::Workout {
        workout_id: workout.workout_id.to_string(),
        name: workout.name,
        note: workout.note,
        state: state.into(),
        start_time: Some(timestamp(workout.start_time)),
        finish_time: workout.finish_time.map(timestamp),
        training_date: workout.training_date.to_string(),
        routine_id: id(workout.routine_id),
        day_id: id(workout.day_id),
        set_count: workout.set_count as i32,
        volume_kg: kilograms(workout.volume_g),
        plan: workout.plan.into_iter().map(from_planned).collect(),
        sets: Vec::new(),
    }
}

fn from_planned(planned: PlannedExercise) -> proto::WorkoutPlanExercise {
    proto::WorkoutPlanExercise {
        exercise_id: planned.exercise_id.to_string(),
        notes: planned.notes,
        set_plans: planned.set_plans.into_iter().map(set_plan_message::from).collect(),
    }
}

/// Answers the message of a set.
pub(super) fn from_set(set: WorkoutSet) -> proto::WorkoutSet {
    proto::WorkoutSet {
        set_id: set.set_id.to_string(),
        workout_id: set.workout_id.to_string(),
        exercise_id: set.exercise_id.to_string(),
        number: set.number,
        reps: set.measures.reps,
        weight_kg: set.measures.weight_g.map(kilograms),
        duration_seconds: set.measures.duration_s,
        distance_m: set.measures.distance_mm.map(metres),
        rpe: set.measures.rpe,
        note: set.note,
        warm_up: set.warm_up,
        log_time: Some(timestamp(set.log_time)),
        estimated_one_rep_max_kg: set.one_rep_max.map(OneRepMax::kg),
    }
}

/// Answers the message of statistics.
pub(super) fn from_stats(stats: Stats) -> proto::Stats {
    let weeks = stats.weeks.into_iter().map(|week| proto::WeekStats {
        week_start: week.start.to_string(),
        workout_count: week.totals.workouts as i32,
        set_count: week.totals.sets as i32,
        volume_kg: kilograms(week.totals.volume_g),
    });
    let muscles = stats.muscles.into_iter().map(|done| proto::MuscleGroupStats {
        muscle_group: proto::MuscleGroup::from(done.muscle).into(),
        set_count: done.sets as i32,
    });
    proto::Stats {
        from_date: stats.period.from.to_string(),
        to_date: stats.period.to.to_string(),
        workout_count: stats.totals.workouts as i32,
        set_count: stats.totals.sets as i32,
        rep_count: stats.totals.reps as i32,
        volume_kg: kilograms(stats.totals.volume_g),
        weeks: weeks.collect(),
        muscle_groups: muscles.collect(),
    }
}

/// Answers the message of a record.
pub(super) fn from_record(record: Record) -> proto::Record {
    proto::Record {
        exercise_id: record.exercise_id.to_string(),
        exercise_name: record.exercise_name,
        estimated_one_rep_max_kg: record.one_rep_max.kg(),
        weight_kg: kilograms(record.weight_g),
        reps: record.reps,
        workout_id: record.workout_id.to_string(),
        set_id: record.set_id.to_string(),
        record_date: record.training_date.to_string(),
    }
}

/// Answers the message of an achievement.
pub(super) fn from_achievement(reached: &Reached) -> proto::Achievement {
    proto::Achievement {
        achievement: reached.achievement.name.to_owned(),
        title: reached.wording.title.to_owned(),
        description: reached.wording.description.to_owned(),
        unlocked: reached.unlock_time.is_some(),
        unlock_time: reached.unlock_time.map(timestamp),
        progress: reached.progress,
        goal: reached.achievement.goal as f64,
    }
}
