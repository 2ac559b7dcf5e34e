//! Failures that no repetition mends.

use std::error::Error;

use eventbus::Failure;

use crate::lifecycle::chain;

/// The SQLSTATE by which the database refuses the values it was given, if that is among the causes of `error`: the same
/// values are refused for ever. Everything that repeats asks this before it does.
pub fn refused_values(error: &(dyn Error + 'static)) -> Option<String> {
    causes(error).find_map(|error| match error {
        sqlx::Error::Database(error) => {
            error.code().map(std::borrow::Cow::into_owned).filter(|code| Failure::refused(code).is_some())
        }
        // The value has no form in which it could be sent.
        sqlx::Error::Encode(_) => Some("22000".to_owned()),
        _ => None,
    })
}

/// The class of an `error` in handling an event: it is about the event if the database refuses its values, about the code
/// if an answer of the database does not fit what was asked, and else it comes again because of what `waits`. No text holds
/// anything of the event.
pub fn failure(error: &(dyn Error + 'static), waits: &str) -> Failure {
    if let Some(refused) = refused_values(error).as_deref().and_then(Failure::refused) {
        return refused;
    }
    tracing::warn!(error = %chain(error), "{waits}");
    if causes(error).any(misfit) {
        return Failure::Code("the database answers what the code does not expect".to_owned());
    }
    Failure::Passing(waits.to_owned())
}

fn misfit(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    matches!(
        error,
        E::Decode(_)
            | E::ColumnDecode { .. }
            | E::ColumnNotFound(_)
            | E::ColumnIndexOutOfBounds { .. }
            | E::RowNotFound
    )
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a sqlx::Error> {
    std::iter::successors(Some(error), |&cause| cause.source())
        .filter_map(|cause| cause.downcast_ref::<sqlx::Error>())
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
    fn a_failure_is_about_the_event_the_code_or_the_moment() {
        let error = Wrapped(sqlx::Error::Database(Box::new(State("22021"))));
        let expected = "the database refuses its values (SQLSTATE 22021)".to_owned();
        assert_eq!(failure(&error, "later"), Failure::Event(expected));
        assert!(matches!(failure(&Wrapped(sqlx::Error::RowNotFound), "later"), Failure::Code(_)));
        let away = Wrapped(sqlx::Error::PoolTimedOut);
        assert_eq!(failure(&away, "later"), Failure::Passing("later".to_owned()));
    }
}
