//! How much of everything an athlete may have: the one place that says so. docs/limits.md shows it.
//!
//! They are counted under a lock (of the athlete, the routine or the workout), so that calls at one time do not get past
//! a limit together. What has no line here has one row for an account (profile, weekly summary), one for each of a fixed
//! list (achievements), follows from rows that are counted (results, records), or is pruned (news of routines).

use chassis::limits::Limit;

/// Workouts that go on.
pub(crate) const OPEN_WORKOUTS: Limit =
    Limit { of: "open workouts", field: "workouts", most: 5, advice: "finish or delete one first" };
/// Workouts in all: ten years with three on every day.
pub(crate) const WORKOUTS: Limit =
    Limit { of: "workouts", field: "workouts", most: 10_000, advice: "delete some first" };
/// Sets of a workout. Numbers are never given again, so deleted ones count.
pub(crate) const SETS: Limit = Limit {
    of: "sets of a workout, deleted ones included",
    field: "sets",
    most: 500,
    advice: "start another workout",
};
/// Own exercises that are in use.
pub(crate) const EXERCISES: Limit =
    Limit { of: "exercises of your own", field: "exercises", most: 500, advice: "delete some first" };
/// Own exercises with the deleted ones, which stay for the workouts that have them.
pub(crate) const EXERCISES_EVER: Limit = Limit {
    of: "exercises of your own, deleted ones included",
    field: "exercises",
    most: 2_000,
    advice: "change one that you have",
};
/// Routines, generated and assigned ones included.
pub(crate) const ROUTINES: Limit =
    Limit { of: "routines", field: "routines", most: 200, advice: "delete some first" };
/// Days of a routine.
pub(crate) const DAYS: Limit =
    Limit { of: "days of a routine", field: "days", most: 14, advice: "delete one or start another routine" };
/// Exercises of a day.
pub(crate) const DAY_EXERCISES: Limit =
    Limit { of: "exercises of a day", field: "exercises", most: 30, advice: "delete one or add a day" };
/// Reminders.
pub(crate) const REMINDERS: Limit =
    Limit { of: "reminders", field: "reminders", most: 50, advice: "delete or change one" };
/// Trainers whom an athlete follows. How many athletes follow a trainer is theirs to decide, not the trainer's.
pub(crate) const TRAINERS: Limit =
    Limit { of: "trainers that you follow", field: "trainer_id", most: 20, advice: "unfollow one first" };

/// All of them, in the order of the page.
#[cfg(test)]
const ALL: [Limit; 10] = [
    OPEN_WORKOUTS,
    WORKOUTS,
    SETS,
    EXERCISES,
    EXERCISES_EVER,
    ROUTINES,
    DAYS,
    DAY_EXERCISES,
    REMINDERS,
    TRAINERS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_limits_says_what_holds() {
        let page = include_str!("../../docs/limits.md");
        let (_, section) = page.split_once("## Training\n").unwrap();
        let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        assert_eq!(rows, ALL.map(Limit::row));
    }
}
