//! What follows from finished workouts: statistics, records, achievements.
//!
//! Results, statistics and records are always what the sets say now, also after corrections and deletions. Achievements
//! stay: what was reached once was announced.

mod achievement;
mod get_stats;
mod list_achievements;
mod list_records;
mod settle;

pub use self::achievement::{ACHIEVEMENTS, Achievement, Wording};
pub(crate) use self::get_stats::Stats;
pub(crate) use self::list_achievements::Reached;
