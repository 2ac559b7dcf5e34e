//! What was measured of a set.

use chassis::errors::Violation;

use super::one_rep_max::OneRepMax;
use super::quantity::{grams, millimetres};

/// The figures of a set, in whole units. The field rules keep each of them in its range.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Measures {
    pub(crate) reps: Option<i32>,
    pub(crate) weight_g: Option<i64>,
    pub(crate) duration_s: Option<i32>,
    pub(crate) distance_mm: Option<i64>,
    pub(crate) rpe: Option<f64>,
}

impl Measures {
    /// The figures as a caller gives them.
    pub(crate) fn new(
        reps: Option<i32>,
        weight_kg: Option<f64>,
        duration_seconds: Option<i32>,
        distance_m: Option<f64>,
        rpe: Option<f64>,
    ) -> Self {
        Self {
            reps,
            weight_g: weight_kg.map(grams),
            duration_s: duration_seconds,
            distance_mm: distance_m.map(millimetres),
            rpe,
        }
    }

    /// Says what is wrong with the figures together; `prefix` stands before the names of fields.
    pub(crate) fn check(&self, prefix: &str) -> Vec<Violation> {
        let mut violations = Vec::new();
        if self.reps.is_none()
            && self.duration_s.is_none()
            && self.distance_mm.is_none_or(|distance| distance == 0)
        {
            let description = "must be given, or duration_seconds or distance_m";
            violations.push(Violation::new(format!("{prefix}reps"), description));
        }
        if self.rpe.is_some_and(|rpe| (rpe * 2.0).fract() != 0.0) {
            violations.push(Violation::new(format!("{prefix}rpe"), "must be in half steps"));
        }
        violations
    }

    /// The estimated one-repetition maximum, if the set counts for records.
    pub(crate) fn one_rep_max(&self, warm_up: bool) -> Option<OneRepMax> {
        if warm_up { None } else { OneRepMax::estimate(self.weight_g?, self.reps?) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(measures: Measures) -> Vec<String> {
        measures.check("set.").into_iter().map(|violation| violation.field).collect()
    }

    #[test]
    fn a_set_says_how_much_of_something_was_done() {
        assert_eq!(fields(Measures::new(None, Some(100.0), None, None, None)), ["set.reps"]);
        assert_eq!(fields(Measures::new(None, None, None, Some(0.0), None)), ["set.reps"]);
        assert!(fields(Measures::new(Some(5), None, None, None, None)).is_empty());
        assert!(fields(Measures::new(None, None, Some(60), None, None)).is_empty());
        assert!(fields(Measures::new(None, None, None, Some(0.5), None)).is_empty());
    }

    #[test]
    fn exertion_comes_in_half_steps() {
        assert!(fields(Measures::new(Some(5), None, None, None, Some(8.5))).is_empty());
        assert_eq!(fields(Measures::new(Some(5), None, None, None, Some(8.25))), ["set.rpe"]);
    }

    #[test]
    fn warm_ups_count_for_no_record() {
        let set = Measures::new(Some(5), Some(100.0), None, None, None);
        assert!(set.one_rep_max(false).is_some() && set.one_rep_max(true).is_none());
        assert!(Measures::new(Some(5), None, None, None, None).one_rep_max(false).is_none());
    }
}
