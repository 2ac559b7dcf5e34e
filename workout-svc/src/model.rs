//! What the tables, the use cases and the answers speak of: plain values with the rules that hold for them alone.

pub mod athlete;
pub mod exercise;
pub(crate) mod measures;
pub mod one_rep_max;
pub mod progress;
pub(crate) mod quantity;
pub(crate) mod reminder;
pub mod routine;
pub mod schedule;
pub mod set_plan;
pub mod trainer;
pub(crate) mod week;
pub(crate) mod workout;
