//! The estimated one-repetition maximum, by which sets of different weights and repetitions compare.

/// Most repetitions of a set that is estimated from. Beyond, the formula promises more than anybody lifts.
pub const MAX_REPS: i32 = 12;

/// An estimate, in thirtieths of a gram: Epley divides by thirty, and in this unit every estimate is a whole number,
/// so that comparing two of them is exact in Rust as in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OneRepMax(i64);

impl OneRepMax {
    /// Epley's estimate, weight × (1 + reps / 30), and the weight itself for a single repetition.
    ///
    /// Answers nothing for a set that says nothing about strength: no weight, or more than [`MAX_REPS`].
    pub fn estimate(weight_g: i64, reps: i32) -> Option<Self> {
        match reps {
            _ if weight_g <= 0 => None,
            1 => Some(Self(weight_g * 30)),
            2..=MAX_REPS => Some(Self(weight_g * (30 + i64::from(reps)))),
            _ => None,
        }
    }

    /// The estimate as the tables have it.
    pub(crate) fn from_stored(thirtieths_g: i64) -> Self {
        Self(thirtieths_g)
    }

    /// The estimate for the tables.
    pub(crate) fn stored(self) -> i64 {
        self.0
    }

    /// In kilograms, to the gram.
    pub fn kg(self) -> f64 {
        ((self.0 + 15) / 30) as f64 / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kg(weight_g: i64, reps: i32) -> Option<f64> {
        OneRepMax::estimate(weight_g, reps).map(OneRepMax::kg)
    }

    #[test]
    fn the_estimate_is_that_of_the_formula() {
        assert_eq!(kg(100_000, 1), Some(100.0));
        assert_eq!(kg(100_000, 5), Some(116.667));
        assert_eq!(kg(60_000, 10), Some(80.0));
        assert_eq!(kg(62_500, 12), Some(87.5));
    }

    #[test]
    fn sets_that_say_nothing_about_strength_have_none() {
        for (weight_g, reps) in [(0, 5), (100_000, 0), (100_000, 13), (100_000, -1)] {
            assert_eq!(kg(weight_g, reps), None, "{weight_g} g × {reps}");
        }
    }

    proptest! {
        #[test]
        fn more_weight_or_more_repetitions_never_estimate_less(
            weight_g in 1_i64..2_000_000, reps in 1_i32..MAX_REPS, more in 0_i64..1_000,
        ) {
            let base = OneRepMax::estimate(weight_g, reps);
            prop_assert!(base <= OneRepMax::estimate(weight_g + more, reps));
            prop_assert!(base < OneRepMax::estimate(weight_g, reps + 1));
        }

        #[test]
        fn the_estimate_is_within_a_gram_of_the_formula(weight_g in 1_i64..2_000_000, reps in 2_i32..=MAX_REPS) {
            let formula = weight_g as f64 / 1_000.0 * (1.0 + f64::from(reps) / 30.0);
            let estimate = kg(weight_g, reps).expect("these sets have an estimate");
            prop_assert!((formula - estimate).abs() <= 0.000_51, "{formula} and {estimate}");
        }
    }
}
