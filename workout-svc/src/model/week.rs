//! A week that is over.

use super::progress::Totals;

/// What an athlete did in a week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnWeek {
    pub(crate) totals: Totals,
    pub(crate) records: i64,
}

/// What a followed athlete did in a week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Followed {
    pub(crate) display_name: String,
    pub(crate) workouts: i64,
    pub(crate) routine_changes: i64,
}
