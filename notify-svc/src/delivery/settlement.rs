//! What the outcome of an attempt means for the ledger.

use std::time::Duration;

use crate::ledger::attempts::{Lease, Settlement};
use crate::ledger::claims::Claim;
use crate::notification::{InDoubtRule, State, Template};
use crate::render::RenderError;
use crate::schedule::pause_after;
use crate::smtp::{Outcome, Reply};

/// How soon a mail is due again that could not be tried because the relay went away. Others go first, so a mail that
/// makes the relay go away does not do it again at once.
const AFTER_OUTAGE: Duration = Duration::from_secs(1);

pub(super) fn lease(claim: &Claim) -> Lease {
    Lease { notification_id: claim.notification_id, fence: claim.fence }
}

/// Settles an attempt that was begun. `random` is uniform in 0..1.
pub(super) fn settle(claim: &Claim, outcome: Outcome, random: f64) -> Settlement {
    let attempt = claim.attempts + 1;
    match outcome {
        Outcome::Accepted(reply) => Settlement { reply: Some(reply), ..ended(claim, State::Sent) },
        Outcome::Refused { stage, reply } if reply.is_about_the_server() => {
            Settlement { reply: Some(reply), ..not_tried(claim, &format!("the relay went away at {stage}")) }
        }
        Outcome::Refused { stage, reply } if reply.is_transient() => Settlement {
            reply: Some(reply),
            ..tried(claim, attempt, format!("refused for now at {stage}"), random)
        },
        Outcome::Refused { stage, reply } => Settlement {
            reply: Some(reply),
            detail: Some(format!("refused for good at {stage}")),
            ..ended(claim, State::Failed)
        },
        Outcome::Unsupported(reason) => {
            Settlement { detail: Some(reason.to_owned()), ..ended(claim, State::Failed) }
        }
        Outcome::Lost { stage, reason } => {
            tried(claim, attempt, format!("the connection was lost at {stage}: {reason}"), random)
        }
        Outcome::InDoubt { reason } => {
            let rule = claim.in_doubt_rule.parse().unwrap_or(InDoubtRule::Resend);
            let retry_in = match rule {
                InDoubtRule::Resend => pause(claim, attempt, random),
                InDoubtRule::GiveUp => None,
            };
            let detail = Some(format!("the connection was lost after the final dot: {reason}"));
            Settlement { retry_in, detail, ..ended(claim, State::InDoubt) }
        }
    }
}

/// Settles an attempt that was begun and then could not be made: it does not count.
pub(super) fn not_tried(claim: &Claim, why: &str) -> Settlement {
    let state = if claim.attempts == 0 { State::Pending } else { State::Deferred };
    Settlement {
        retry_in: Some(AFTER_OUTAGE),
        attempts_change: -1,
        detail: Some(why.to_owned()),
        ..ended(claim, state)
    }
}

/// Settles a mail that cannot be written, without an attempt having begun.
pub(super) fn not_rendered(claim: &Claim, error: &RenderError, random: f64) -> Settlement {
    let why = chassis::lifecycle::chain(error);
    if error.is_transient() {
        Settlement { attempts_change: 1, ..tried(claim, claim.attempts + 1, why, random) }
    } else {
        Settlement { attempts_change: 1, detail: Some(why), ..ended(claim, State::Failed) }
    }
}

/// A short name of the outcome for metrics and spans, and the reply code.
pub(super) fn label(outcome: &Outcome) -> (&'static str, Option<u16>) {
    let code = |reply: &Reply| Some(reply.code);
    match outcome {
        Outcome::Accepted(reply) => ("accepted", code(reply)),
        Outcome::Refused { reply, .. } => ("refused", code(reply)),
        Outcome::Unsupported(_) => ("unsupported", None),
        Outcome::Lost { .. } => ("lost", None),
        Outcome::InDoubt { .. } => ("in_doubt", None),
    }
}

fn tried(claim: &Claim, attempt: i32, why: String, random: f64) -> Settlement {
    match pause(claim, attempt, random) {
        Some(pause) => {
            Settlement { retry_in: Some(pause), detail: Some(why), ..ended(claim, State::Deferred) }
        }
        None => Settlement {
            detail: Some(format!("given up after {attempt} attempts: {why}")),
            ..ended(claim, State::Failed)
        },
    }
}

fn pause(claim: &Claim, attempt: i32, random: f64) -> Option<Duration> {
    let template: Template = claim.template.parse().ok()?;
    pause_after(template.category(), attempt.unsigned_abs(), random)
}

fn ended(claim: &Claim, state: State) -> Settlement {
    Settlement {
        lease: lease(claim),
        state,
        retry_in: None,
        attempts_change: 0,
        reply: None,
        detail: None,
        report: None,
    }
}

#[cfg(test)]
mod tests;
