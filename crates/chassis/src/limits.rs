//! How many of a thing there may be where people make them: whatever somebody can add to without end has a limit.
//!
//! Each service has one file that states its limits; docs/limits.md shows them, and tests compare the two.

use crate::errors::{ErrorCode, Failure, Violation};

/// The most of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What it counts, in the plural: `open workouts`.
    pub of: &'static str,
    /// The field that a violation names.
    pub field: &'static str,
    /// How many there may be.
    pub most: u64,
    /// What to do at the limit: a clause in plain words.
    pub advice: &'static str,
}

/// There are as many as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} {} are the most", .0.most, .0.of)]
pub struct LimitReached(pub Limit);

impl Limit {
    /// Whether `more` fit beside those that are there. Whoever asks holds the lock under which they are counted.
    pub fn check(self, present: i64, more: u64) -> Result<(), LimitReached> {
        let wanted = u64::try_from(present).unwrap_or(0).saturating_add(more);
        if wanted > self.most { Err(LimitReached(self)) } else { Ok(()) }
    }

    /// Its row on the page of limits.
    pub fn row(self) -> String {
        let Self { of, most, advice, .. } = self;
        format!("| {of} | {most} | {advice} |")
    }
}

impl From<LimitReached> for Failure {
    fn from(LimitReached(limit): LimitReached) -> Self {
        let Limit { of, field, most, advice } = limit;
        let violation = Violation::new(field, format!("at most {most} {of}; {advice}"));
        Self::new(ErrorCode::LimitReached)
            .because(format!("at most {most} {of}; {advice}"))
            .violating(vec![violation])
            .with_metadata("limit", most.to_string())
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::StatusExt as _;

    use super::*;

    const PETS: Limit = Limit { of: "pets", field: "pets", most: 3, advice: "give one away first" };

    #[test]
    fn as_many_fit_as_the_limit_says() {
        assert_eq!(PETS.check(2, 1), Ok(()));
        assert_eq!(PETS.check(3, 0), Ok(()));
        assert_eq!(PETS.check(3, 1), Err(LimitReached(PETS)));
        assert_eq!(PETS.check(0, u64::MAX), Err(LimitReached(PETS)));
    }

    #[test]
    fn a_client_is_told_the_field_the_limit_and_what_to_do() {
        let status = Status::from(Failure::from(LimitReached(PETS)));
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(status.message().ends_with("at most 3 pets; give one away first"), "{}", status.message());
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.metadata["limit"].as_str()), ("LIMIT_REACHED", "3"));
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, "pets");
        assert!(details.retry_info().is_none(), "waiting does not help");
    }
}
