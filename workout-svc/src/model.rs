//! What the tables, the use cases and the answers speak of: plain values with the rules that hold for them alone.

pub mod athlete;
pub mod exercise;
pub mod routine;
pub mod set_plan;
