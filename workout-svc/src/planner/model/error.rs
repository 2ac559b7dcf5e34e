//! Why a model made no plan. None of it repeats what the model said: an endpoint could echo our key.

use crate::planner::validator::Violation;

/// A client that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The TLS settings do not fit.
    #[error("TLS cannot be set up for the planner's model")]
    Tls(#[from] rustls::Error),
    /// The HTTP client was not made.
    #[error("the HTTP client of the planner's model cannot be set up")]
    Http(#[from] http_client::Error),
}

/// Why a model made no plan.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The caller's deadline leaves no time to ask.
    #[error("the caller leaves no time to ask the model")]
    NoTime,
    /// It was away a moment ago.
    #[error("the model is left alone after an outage")]
    Paused,
    /// It took too long.
    #[error("the model took too long")]
    TimedOut,
    /// There was no connection.
    #[error("the model cannot be reached")]
    Unreachable(#[source] http_client::Error),
    /// The connection broke before the answer was complete.
    #[error("the model's answer broke off")]
    Broken(#[source] http_client::Error),
    /// It answered with an error.
    #[error("the model answered with status {0}")]
    Status(u16),
    /// It said more than a plan can be.
    #[error("the model's answer is too long")]
    TooLong,
    /// What it said is not what was asked for.
    #[error("the model's answer cannot be read")]
    Unreadable(#[from] AnswerError),
    /// Its plan breaks rules.
    #[error("the model's plan breaks {} rule(s), such as: {}", .violations.len(), first(.violations))]
    Refused {
        /// What it said.
        answer: String,
        /// Which rules.
        violations: Vec<Violation>,
    },
}

/// What is wrong with the form of an answer.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AnswerError {
    /// It is no completion as the API defines it.
    #[error("it is no chat completion")]
    NoCompletion,
    /// It is not the JSON that was asked for.
    #[error("it is not the JSON that was asked for, from line {line}, column {column} on")]
    NotOurJson {
        /// Line of the first difference.
        line: usize,
        /// Column of the first difference.
        column: usize,
    },
    /// The number of days is wrong.
    #[error("it has {found} days instead of {expected}")]
    Days {
        /// Asked for.
        expected: usize,
        /// Answered.
        found: usize,
    },
    /// An exercise is not in the list.
    #[error("day {day} has an exercise that is not in the list")]
    UnknownExercise {
        /// The day, counted from 1.
        day: usize,
    },
    /// An exercise has no target, or several.
    #[error("day {day} has an exercise without a clear target")]
    Target {
        /// The day, counted from 1.
        day: usize,
    },
}

fn first(violations: &[Violation]) -> String {
    violations.first().map(ToString::to_string).unwrap_or_default()
}

impl ModelError {
    /// The reason as a label of a metric and a log field.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoTime => "no_time",
            Self::Paused => "paused",
            Self::TimedOut => "timed_out",
            Self::Unreachable(_) => "unreachable",
            Self::Broken(_) => "broken",
            Self::Status(_) => "status",
            Self::TooLong => "too_long",
            Self::Unreadable(_) => "unreadable",
            Self::Refused { .. } => "refused",
        }
    }

    /// Whether asking at once again may help: not where the model is away or does not want us.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Broken(_) | Self::Unreadable(_) | Self::Refused { .. } => true,
            Self::Status(status) => *status >= 500,
            Self::NoTime | Self::Paused | Self::TimedOut | Self::Unreachable(_) | Self::TooLong => false,
        }
    }

    /// Whether the next caller would most likely fare the same.
    pub(super) fn is_outage(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Unreachable(_) | Self::Broken(_) | Self::Status(_))
    }
}
