//! How the days of a week share the muscles, so that none is tired on two days running.

use chrono::Weekday::{self, Fri, Mon, Sat, Sun, Thu, Tue, Wed};

use super::plan::DayFocus::{self, Conditioning, FullBody, Legs, Lower, Pull, Push, Upper};
use super::request::DaysPerWeek;

/// The training days of a week and what each is for.
pub(crate) fn week(days: DaysPerWeek) -> &'static [(Weekday, DayFocus)] {
    match days.get() {
        1 => &[(Mon, FullBody)],
        2 => &[(Mon, FullBody), (Thu, FullBody)],
        3 => &[(Mon, FullBody), (Wed, FullBody), (Fri, FullBody)],
        4 => &[(Mon, Upper), (Tue, Lower), (Thu, Upper), (Fri, Lower)],
        5 => &[(Mon, Push), (Tue, Pull), (Wed, Legs), (Fri, Upper), (Sat, Lower)],
        6 => &[(Mon, Push), (Tue, Pull), (Wed, Legs), (Thu, Push), (Fri, Pull), (Sat, Legs)],
        _ => &[
            (Mon, Push),
            (Tue, Pull),
            (Wed, Legs),
            (Thu, Push),
            (Fri, Pull),
            (Sat, Legs),
            (Sun, Conditioning),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::MuscleGroup;

    #[test]
    fn a_week_has_as_many_days_as_asked_for_in_order() {
        for number in 1..=7 {
            let days = week(DaysPerWeek::new(number).unwrap());
            assert_eq!(days.len(), number as usize);
            let order: Vec<_> = days.iter().map(|(day, _)| day.number_from_monday()).collect();
            assert!(order.is_sorted_by(|this, next| this < next), "{order:?}");
        }
    }

    #[test]
    fn no_muscle_that_needs_rest_is_on_two_days_running() {
        for number in 1..=7 {
            let days = week(DaysPerWeek::new(number).unwrap());
            for (day, focus) in days {
                let next = days.iter().find(|(other, _)| *other == day.succ());
                let Some((_, next)) = next else { continue };
                for muscle in MuscleGroup::ALL.iter().filter(|muscle| !muscle.recovers_overnight()) {
                    assert!(!(focus.has(*muscle) && next.has(*muscle)), "{muscle:?} after {day} of {number}");
                }
            }
        }
    }

    #[test]
    fn every_muscle_has_a_day() {
        for number in 1..=7 {
            for muscle in MuscleGroup::ALL {
                assert!(week(DaysPerWeek::new(number).unwrap()).iter().any(|(_, focus)| focus.has(*muscle)));
            }
        }
    }
}
