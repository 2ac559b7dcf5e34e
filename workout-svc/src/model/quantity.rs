//! Weights and distances in whole units, so that sums and comparisons are exact.

/// Kilograms in grams, to the nearest. The field rules have refused what is no number or out of range.
pub(crate) fn grams(kilograms: f64) -> i64 {
    (kilograms * 1_000.0).round() as i64
}

/// Grams in kilograms.
pub(crate) fn kilograms(grams: i64) -> f64 {
    grams as f64 / 1_000.0
}

/// Metres in millimetres, to the nearest. The field rules have refused what is no number or out of range.
pub(crate) fn millimetres(metres: f64) -> i64 {
    (metres * 1_000.0).round() as i64
}

/// Millimetres in metres.
pub(crate) fn metres(millimetres: i64) -> f64 {
    millimetres as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_stored_comes_back_as_it_was_given(grams_given in 0_i64..2_000_000) {
            prop_assert_eq!(grams(kilograms(grams_given)), grams_given);
            prop_assert_eq!(millimetres(metres(grams_given)), grams_given);
        }
    }

    #[test]
    fn a_weight_of_three_decimals_is_kept() {
        assert_eq!(grams(61.235), 61_235);
        assert_eq!(kilograms(grams(0.1 + 0.2)).to_string(), "0.3");
    }
}
