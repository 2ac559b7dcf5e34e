//! Where a record lies.

use std::cmp::Ordering;
use std::fmt::{self, Display, Formatter};

/// The place of a record on its topic, as its broker tells it.
///
/// The partition is the part of the topic within which order holds; the offset is the number by which the broker counts
/// there. Only its adapter knows what the number means: on Kafka it is the offset in the log. Positions are stored, shown
/// and compared for equality; they have an order within their partition and none beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    partition: i32,
    offset: i64,
}

impl Position {
    /// The place `offset` in `partition`.
    pub const fn new(partition: i32, offset: i64) -> Self {
        Self { partition, offset }
    }

    /// The part of the topic.
    pub const fn partition(self) -> i32 {
        self.partition
    }

    /// The number in it.
    pub const fn offset(self) -> i64 {
        self.offset
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.partition == other.partition).then(|| self.offset.cmp(&other.offset))
    }
}

impl Display for Position {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.partition, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_have_an_order_within_their_partition_and_none_beyond_it() {
        assert!(Position::new(1, 7) < Position::new(1, 8));
        assert_eq!(Position::new(1, 7).partial_cmp(&Position::new(2, 8)), None);
        assert_eq!(Position::new(1, 7).to_string(), "1/7");
    }
}
