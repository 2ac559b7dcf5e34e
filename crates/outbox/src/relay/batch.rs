//! One batch: publish all of it, await all of it, mark it in one statement.
//!
//! The order of a key holds because the batch is in the order of positions, the publisher stores the records of a key
//! in the order of the batch, and the next batch is not read before this one is answered. Where an event fails because
//! the broker is in trouble, later ones of its key stay pending even if they were stored: they are repeated behind it,
//! so that the last word on a key is the right one. An event that the broker refuses for itself is tried a few times
//! and then parked with the reason; it holds back its key until then, and nothing else.

use std::collections::HashSet;
use std::error::Error;

use eventbus::{Ack, Envelope, PublishError, Publisher};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Relay;
use super::session::{Session, SessionError};
use crate::store::Pending;

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Every event is published.
    Complete,
    /// Some have to be tried again.
    Partial,
    /// The shutdown did not wait for the broker's answer.
    GivenUp,
}

/// The answers of the broker, sorted by what has to be marked.
#[derive(Debug, Default, PartialEq, Eq)]
struct Verdict {
    published: Vec<i64>,
    refused: Vec<i64>,
    reasons: Vec<String>,
    /// The first reason why an event has to wait.
    trouble: Option<String>,
}

impl<P: Publisher> Relay<P> {
    pub(super) async fn publish(
        &self,
        session: &mut Session,
        pending: Vec<Pending>,
        shutdown: &CancellationToken,
    ) -> Result<Progress, SessionError> {
        if pending.is_empty() {
            return Ok(Progress::Complete);
        }
        let (positions, envelopes): (Vec<i64>, Vec<Envelope>) =
            pending.into_iter().map(|pending| (pending.position, pending.envelope)).unzip();
        let out_of_patience = async {
            shutdown.cancelled().await;
            sleep(self.config.drain_timeout).await;
        };
        let results = tokio::select! {
            results = self.publisher.publish(&envelopes) => results,
            () = out_of_patience => return Ok(Progress::GivenUp),
        };

        let verdict = judge(&positions, &envelopes, results);
        if !verdict.published.is_empty() {
            session.mark_published(&verdict.published).await?;
        }
        if !verdict.refused.is_empty() {
            let max_attempts = self.config.max_attempts;
            let parked = session.mark_refused(&verdict.refused, &verdict.reasons, max_attempts).await?;
            for event in parked {
                let (id, event_type) = (event.event_id, event.event_type);
                tracing::error!(%id, event_type, "the broker refuses an event for good, it is parked");
            }
        }
        if let Some(reason) = &verdict.trouble {
            tracing::warn!(reason, "events could not be published and are tried again");
        }
        let complete = verdict.published.len() == positions.len();
        Ok(if complete { Progress::Complete } else { Progress::Partial })
    }
}

fn judge(positions: &[i64], envelopes: &[Envelope], results: Vec<Result<Ack, PublishError>>) -> Verdict {
    let mut verdict = Verdict::default();
    let mut waiting: HashSet<(&str, &str)> = HashSet::new();
    for ((position, envelope), result) in positions.iter().zip(envelopes).zip(results) {
        let key = (envelope.topic.as_str(), envelope.key.as_str());
        match result {
            Ok(_) if waiting.is_empty() || !waiting.contains(&key) => verdict.published.push(*position),
            Ok(_) | Err(PublishError::Blocked) => {}
            Err(PublishError::Refused(reason)) => {
                verdict.refused.push(*position);
                verdict.reasons.push(chain(&*reason));
            }
            Err(PublishError::Unavailable(reason)) => {
                waiting.insert(key);
                verdict.trouble.get_or_insert_with(|| chain(&*reason));
            }
        }
    }
    verdict
}

/// An error with its causes on one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use eventbus::TraceContext;
    use uuid::Uuid;

    use super::*;

    const ACK: Ack = Ack { partition: 0, offset: 0 };

    fn envelope(key: &str) -> Envelope {
        Envelope {
            id: Uuid::nil(),
            event_type: "test.v1.Event".to_owned(),
            source: "test".to_owned(),
            subject: key.to_owned(),
            time: chrono::DateTime::UNIX_EPOCH,
            topic: "test.events".to_owned(),
            key: key.to_owned(),
            payload: Vec::new().into(),
            trace: TraceContext::default(),
        }
    }

    fn unavailable() -> PublishError {
        PublishError::Unavailable("the broker is away".into())
    }

    #[test]
    fn what_follows_a_failure_of_its_key_stays_pending() {
        let envelopes = ["a", "b", "a", "b"].map(envelope);
        let verdict = judge(&[1, 2, 3, 4], &envelopes, vec![Err(unavailable()), Ok(ACK), Ok(ACK), Ok(ACK)]);
        assert_eq!(verdict.published, [2, 4]);
        assert_eq!(verdict.trouble.as_deref(), Some("the broker is away"));
    }

    #[test]
    fn a_refused_event_is_counted_and_those_behind_it_are_not() {
        let envelopes = ["a", "a", "b"].map(envelope);
        let refused = PublishError::Refused("too large".into());
        let verdict = judge(&[1, 2, 3], &envelopes, vec![Err(refused), Err(PublishError::Blocked), Ok(ACK)]);
        let expected = Verdict {
            published: vec![3],
            refused: vec![1],
            reasons: vec!["too large".to_owned()],
            trouble: None,
        };
        assert_eq!(verdict, expected);
    }
}
