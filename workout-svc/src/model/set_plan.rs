//! The sets of an exercise as they are planned.

use chassis::errors::Violation;
use serde::{Deserialize, Serialize};

use crate::catalogue::Measure;

/// Most sets of an exercise of a day.
const MAX_SETS: i32 = 20;

/// Equal sets, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetPlan {
    /// How many.
    pub sets: i32,
    /// What each of them is.
    pub target: Target,
    /// The pause after each of them.
    pub rest_seconds: i32,
    /// How heavy; nothing leaves it to the athlete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
}

/// What a set is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A number of repetitions within this range.
    Reps {
        /// At least.
        min: i32,
        /// At most.
        max: i32,
    },
    /// So many seconds.
    Seconds(i32),
    /// So many metres.
    Metres(f64),
}

/// How heavy a set is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// A weight in kilograms.
    Kilograms(f64),
    /// A part of the one-repetition maximum in per cent.
    Percent(f64),
}

/// Sets as somebody wrote them down; each number is within its limits already.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SetPlanDraft {
    /// How many.
    pub sets: i32,
    /// Fewest repetitions; 0 if not set.
    pub min_reps: i32,
    /// Most repetitions; 0 means as many as the fewest.
    pub max_reps: i32,
    /// Time in seconds; 0 if not set.
    pub duration_seconds: i32,
    /// Distance in metres; 0 if not set.
    pub distance_m: f64,
    /// The pause after each set.
    pub rest_seconds: i32,
    /// How heavy.
    pub load: Option<Load>,
}

impl SetPlanDraft {
    /// Checks that the draft says what is to be counted in the exercise, and nothing else. `path` is where it stands in
    /// the request.
    fn check(self, measure: Measure, path: &str) -> Result<SetPlan, Violation> {
        let violation = |field: &str, text: &str| Err(Violation::new(format!("{path}.{field}"), text));
        let other = "does not fit what is counted in this exercise";
        let missing = "is required, because it is counted in this exercise";
        let max_reps = if self.max_reps == 0 { self.min_reps } else { self.max_reps };
        if measure != Measure::Repetitions && self.min_reps.max(max_reps) > 0 {
            return violation("min_reps", other);
        }
        if measure != Measure::Time && self.duration_seconds > 0 {
            return violation("duration_seconds", other);
        }
        if measure != Measure::Distance && self.distance_m > 0.0 {
            return violation("distance_m", other);
        }
        let target = match measure {
            Measure::Repetitions if self.min_reps == 0 => return violation("min_reps", missing),
            Measure::Repetitions if max_reps < self.min_reps => {
                return violation("max_reps", "must be at least min_reps");
            }
            Measure::Repetitions => Target::Reps { min: self.min_reps, max: max_reps },
            Measure::Time if self.duration_seconds == 0 => {
                return violation("duration_seconds", missing);
            }
            Measure::Time => Target::Seconds(self.duration_seconds),
            Measure::Distance if self.distance_m == 0.0 => return violation("distance_m", missing),
            Measure::Distance => Target::Metres(self.distance_m),
        };
        Ok(SetPlan { sets: self.sets, target, rest_seconds: self.rest_seconds, load: self.load })
    }
}

/// Checks all sets of an exercise. `path` is where the list stands in the request.
pub(crate) fn check_all(
    drafts: &[SetPlanDraft],
    measure: Measure,
    path: &str,
) -> Result<Vec<SetPlan>, Vec<Violation>> {
    let (mut plans, mut violations) = (Vec::with_capacity(drafts.len()), Vec::new());
    for (index, draft) in drafts.iter().enumerate() {
        match draft.check(measure, &format!("{path}[{index}]")) {
            Ok(plan) => plans.push(plan),
            Err(violation) => violations.push(violation),
        }
    }
    if drafts.iter().map(|draft| draft.sets).sum::<i32>() > MAX_SETS {
        violations.push(Violation::new(path, format!("must have at most {MAX_SETS} sets in all")));
    }
    if violations.is_empty() { Ok(plans) } else { Err(violations) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPS: SetPlanDraft = SetPlanDraft {
        sets: 3,
        min_reps: 8,
        max_reps: 12,
        duration_seconds: 0,
        distance_m: 0.0,
        rest_seconds: 90,
        load: None,
    };

    fn field(draft: SetPlanDraft, measure: Measure) -> String {
        check_all(&[draft], measure, "set_plans").unwrap_err()[0].field.clone()
    }

    #[test]
    fn a_plan_says_what_is_counted_in_the_exercise() {
        let target = |draft, measure| check_all(&[draft], measure, "").unwrap()[0].target;
        assert_eq!(target(REPS, Measure::Repetitions), Target::Reps { min: 8, max: 12 });
        let five = SetPlanDraft { min_reps: 5, max_reps: 0, ..REPS };
        assert_eq!(target(five, Measure::Repetitions), Target::Reps { min: 5, max: 5 });
        let timed = SetPlanDraft { sets: 2, duration_seconds: 60, ..SetPlanDraft::default() };
        assert_eq!(target(timed, Measure::Time), Target::Seconds(60));
        let far = SetPlanDraft { sets: 1, distance_m: 1500.0, ..SetPlanDraft::default() };
        assert_eq!(target(far, Measure::Distance), Target::Metres(1500.0));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert_eq!(field(REPS, Measure::Time), "set_plans[0].min_reps");
        assert_eq!(
            field(SetPlanDraft { max_reps: 7, ..REPS }, Measure::Repetitions),
            "set_plans[0].max_reps"
        );
        assert_eq!(
            field(SetPlanDraft { min_reps: 0, ..REPS }, Measure::Repetitions),
            "set_plans[0].min_reps"
        );
        let mixed = SetPlanDraft { distance_m: 1.0, ..REPS };
        assert_eq!(field(mixed, Measure::Repetitions), "set_plans[0].distance_m");
        let nothing = SetPlanDraft { sets: 1, ..SetPlanDraft::default() };
        assert_eq!(field(nothing, Measure::Time), "set_plans[0].duration_seconds");
        assert_eq!(field(nothing, Measure::Distance), "set_plans[0].distance_m");
    }

    #[test]
    fn twenty_sets_are_the_most() {
        let drafts = [SetPlanDraft { sets: 11, ..REPS }; 2];
        assert_eq!(check_all(&drafts, Measure::Repetitions, "set_plans").unwrap_err()[0].field, "set_plans");
    }

    #[test]
    fn a_plan_is_kept_as_readable_json() {
        let plan = SetPlan {
            sets: 3,
            target: Target::Reps { min: 5, max: 5 },
            rest_seconds: 180,
            load: Some(Load::Percent(82.5)),
        };
        let json = serde_json::to_value(plan).unwrap();
        let expected = serde_json::json!({
            "sets": 3, "target": {"reps": {"min": 5, "max": 5}}, "rest_seconds": 180, "load": {"percent": 82.5}
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<SetPlan>(json).unwrap(), plan);
    }
}
