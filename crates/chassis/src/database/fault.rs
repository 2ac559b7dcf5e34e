//! Failures that no repetition mends.

use std::error::Error;

use eventbus::Outcome;

use crate::lifecycle::chain;

/// The classes of SQLSTATE that are about the values of a statement and not about the moment: data exceptions (22),
/// integrity constraints (23), program limits such as the size of an index row (54).
const ABOUT_VALUES: [&str; 3] = ["22", "23", "54"];

/// The SQLSTATE by which the database refuses the values it was given, if that is among the causes of `error`: the same
/// values are refused for ever. Everything that repeats asks this before it does.
pub fn refused_values(error: &(dyn Error + 'static)) -> Option<String> {
    std::iter::successors(Some(error), |&cause| cause.source())
        .filter_map(|cause| cause.downcast_ref::<sqlx::Error>())
        .find_map(|error| match error {
            sqlx::Error::Database(error) => {
                let code = error.code()?;
                ABOUT_VALUES.iter().any(|class| code.starts_with(class)).then(|| code.into_owned())
            }
            // The value has no form in which it could be sent.
            sqlx::Error::Encode(_) => Some("22000".to_owned()),
            _ => None,
        })
}

/// What becomes of a record whose handling ended with `error`: it is refused if its values are, and else it comes again
/// because of what `waits`. Neither text holds anything of the record.
pub fn outcome(error: &(dyn Error + 'static), waits: &str) -> Outcome {
    if let Some(state) = refused_values(error) {
        Outcome::Reject(format!("the database refuses its values (SQLSTATE {state})"))
    } else {
        tracing::warn!(error = %chain(error), "{waits}");
        Outcome::Retry(waits.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::fmt;

    use sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    #[derive(Debug)]
    struct State(&'static str);

    impl fmt::Display for State {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(self.0)
        }
    }

    impl Error for State {}

    impl DatabaseError for State {
        fn message(&self) -> &'static str {
            "no"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the event could not be stored")]
    struct Wrapped(#[source] sqlx::Error);

    fn refused(state: &'static str) -> Option<String> {
        refused_values(&Wrapped(sqlx::Error::Database(Box::new(State(state)))))
    }

    #[test]
    fn values_are_told_from_the_moment_at_any_depth() {
        // NUL in a text, no JSON, a time or a number out of range, NULL, a foreign key, twice, a check, an index row.
        for state in ["22021", "22P05", "22008", "22003", "23502", "23503", "23505", "23514", "54000"] {
            assert_eq!(refused(state).as_deref(), Some(state));
        }
        // Deadlock, connection, too many of them, shutting down, statement cancelled, table missing, read-only.
        for state in ["40P01", "08006", "53300", "57P01", "57014", "42P01", "25006"] {
            assert_eq!(refused(state), None);
        }
        assert_eq!(refused_values(&sqlx::Error::PoolTimedOut), None);
        assert!(refused_values(&sqlx::Error::Encode("no".into())).is_some());
    }

    #[test]
    fn a_record_is_refused_or_comes_again() {
        let error = Wrapped(sqlx::Error::Database(Box::new(State("22021"))));
        let expected = "the database refuses its values (SQLSTATE 22021)".to_owned();
        assert_eq!(outcome(&error, "later"), Outcome::Reject(expected));
        assert_eq!(outcome(&Wrapped(sqlx::Error::PoolTimedOut), "later"), Outcome::Retry("later".to_owned()));
    }
}
