//! Planned sets as protobuf messages, and drafts of them from messages.

use fitness_proto::fitness::workout::v1 as proto;

use crate::model::set_plan::{Load, SetPlan, SetPlanDraft, Target};

/// Answers the message of a set plan.
pub(super) fn from(plan: SetPlan) -> proto::SetPlan {
    let (sets, rest_seconds) = (plan.sets, plan.rest_seconds);
    let load = plan.load.map(|load| match load {
        Load::Kilograms(weight) => proto::set_plan::Load::TargetWeightKg(weight),
        Load::Percent(part) => proto::set_plan::Load::TargetPercent(part),
    });
    let message = proto::SetPlan { sets, rest_seconds, load, ..proto::SetPlan::default() };
    match plan.target {
        Target::Reps { min, max } => proto::SetPlan { min_reps: min, max_reps: max, ..message },
        Target::Seconds(seconds) => proto::SetPlan { duration_seconds: seconds, ..message },
        Target::Metres(metres) => proto::SetPlan { distance_m: metres, ..message },
    }
}

/// Reads sets to do.
pub(super) fn drafts(plans: Vec<proto::SetPlan>) -> Vec<SetPlanDraft> {
    let drafts = plans.into_iter().map(|plan| SetPlanDraft {
        sets: plan.sets,
        min_reps: plan.min_reps,
        max_reps: plan.max_reps,
        duration_seconds: plan.duration_seconds,
        distance_m: plan.distance_m,
        rest_seconds: plan.rest_seconds,
        load: plan.load.map(|load| match load {
            proto::set_plan::Load::TargetWeightKg(weight) => Load::Kilograms(weight),
            proto::set_plan::Load::TargetPercent(part) => Load::Percent(part),
        }),
    });
    drafts.collect()
}
