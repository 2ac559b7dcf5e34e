//! Why an event was not handled, and what that means for it.
//!
//! There are three classes. What is **passing** is repeated for as long as it takes, with pauses that grow: a database
//! that is away refuses everything, and no event may be given up for it. What is **about the event** is never mended by a
//! repetition: the event goes to the dead letters at once. What is **about the code** may be about one event or about all:
//! a batch is split until the one is found, and that one is repeated and given up only while others get through. A panic, a
//! handler that hangs and one that loses count of its batch belong here too; the worker finds those by itself.

use std::error::Error;

use crate::Outcome;

/// Why an event was not handled. The texts go to logs and dead letters and hold nothing of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The moment is wrong; the same event may be handled later.
    Passing(String),
    /// The event cannot be handled by anybody: it cannot be decoded, or tables refuse its values.
    Event(String),
    /// Whoever handles it failed in a way that nobody has foreseen.
    Code(String),
}

/// The classes of SQLSTATE that are about the values of a statement and not about the moment: data exceptions (22),
/// integrity constraints (23), program limits such as the size of an index row (54).
const ABOUT_VALUES: [&str; 3] = ["22", "23", "54"];

impl Failure {
    /// The event cannot be handled by anybody, as `error` and its causes say.
    pub fn event(error: &(dyn Error + 'static)) -> Self {
        Self::Event(chain(error))
    }

    /// A database refuses values with this SQLSTATE; `None` where that is about the moment. It is asked before anything is
    /// repeated.
    pub fn refused(sqlstate: &str) -> Option<Self> {
        let about_values = ABOUT_VALUES.iter().any(|class| sqlstate.starts_with(class));
        about_values.then(|| Self::Event(format!("the database refuses its values (SQLSTATE {sqlstate})")))
    }

    /// Whether every other event would fail as well.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Passing(_))
    }
}

impl From<Result<(), Failure>> for Outcome {
    fn from(handled: Result<(), Failure>) -> Self {
        handled.map_or_else(Self::from, |()| Self::Done)
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Passing(reason) | Failure::Code(reason) => Self::Retry(reason),
            Failure::Event(reason) => Self::Reject(reason),
        }
    }
}

/// An error with its causes on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
