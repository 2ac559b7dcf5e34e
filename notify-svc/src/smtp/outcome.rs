//! What became of a mail transaction, and how far it got.

use std::fmt;

use super::Reply;

/// How far a transaction got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`.
    Data,
    /// The message itself, before its final dot was out.
    Body,
    /// After the final dot.
    FinalDot,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Body => "the message",
            Self::FinalDot => "the final dot",
        })
    }
}

/// What became of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took responsibility.
    Accepted(Reply),
    /// The server said no.
    Refused {
        /// To what.
        stage: Stage,
        /// What it said.
        reply: Reply,
    },
    /// The server cannot carry this mail at all.
    Unsupported(&'static str),
    /// The connection broke before the final dot was out: the server has not got the mail.
    Lost {
        /// How far it got.
        stage: Stage,
        /// What happened.
        reason: String,
    },
    /// The connection broke after the final dot: nobody knows.
    InDoubt {
        /// What happened.
        reason: String,
    },
}
