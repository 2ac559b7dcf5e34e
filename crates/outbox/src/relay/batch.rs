//! One batch: publish all of it, await all of it, mark it in one statement.
//!
//! The order of a key holds because the batch is in the order of positions, the publisher stores the records of a key
//! in the order of the batch, and the next batch is not published before this one is answered. Where an event fails because
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

/// Events in the order of their positions.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) positions: Vec<i64>,
    envelopes: Vec<Envelope>,
}

/// The answers of the broker, sorted by what has to be marked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) published: Vec<i64>,
    refused: Vec<i64>,
    reasons: Vec<String>,
    /// The first reason why an event has to wait.
    trouble: Option<String>,
}

impl<P: Publisher> Relay<P> {
    /// The first pending events that are not `on_their_way`.
    pub(super) async fn read(
        &self,
        session: &mut Session,
        on_their_way: &[i64],
    ) -> Result<Batch, SessionError> {
        let pending = session.pending(self.config.batch_size, on_their_way).await?;
        let (positions, envelopes) =
            pending.into_iter().map(|event| (event.position, event.envelope)).unzip();
        Ok(Batch { positions, envelopes })
    }

    /// Publishes a batch; `None` if the shutdown did not wait for the broker's answer.
    pub(super) async fn publish(&self, batch: &Batch, shutdown: &CancellationToken) -> Option<Verdict> {
        let out_of_patience = async {
            shutdown.cancelled().await;
            sleep(self.config.drain_timeout).await;
        };
        let results = tokio::select! {
            results = self.publisher.publish(&batch.envelopes) => results,
            () = out_of_patience => return None,
        };
        let verdict = judge(batch, results);
        if let Some(reason) = &verdict.trouble {
            tracing::warn!(reason, "events could not be published and are tried again");
        }
        Some(verdict)
    }

    /// Writes down what the broker has answered.
    pub(super) async fn mark(&self, session: &mut Session, verdict: &Verdict) -> Result<(), SessionError> {
        if !verdict.published.is_empty() {
            session.mark_published(&verdict.published).await?;
        }
        if !verdict.refused.is_empty() {
            let max_attempts = self.config.max_attempts;
            for event in session.mark_refused(&verdict.refused, &verdict.reasons, max_attempts).await? {
                let (id, event_type) = (event.event_id, event.event_type);
                tracing::error!(%id, event_type, "the broker refuses an event for good, it is parked");
            }
        }
        Ok(())
    }
}

fn judge(batch: &Batch, results: Vec<Result<Ack, PublishError>>) -> Verdict {
    let mut verdict = Verdict::default();
    let mut waiting: HashSet<(&str, &str)> = HashSet::new();
    for ((position, envelope), result) in batch.positions.iter().zip(&batch.envelopes).zip(results) {
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

    fn batch(keys: &[&str]) -> Batch {
        Batch {
            positions: (1..).take(keys.len()).collect(),
            envelopes: keys.iter().copied().map(envelope).collect(),
        }
    }

    fn unavailable() -> PublishError {
        PublishError::Unavailable("the broker is away".into())
    }

    #[test]
    fn what_follows_a_failure_of_its_key_stays_pending() {
        let verdict =
            judge(&batch(&["a", "b", "a", "b"]), vec![Err(unavailable()), Ok(ACK), Ok(ACK), Ok(ACK)]);
        assert_eq!(verdict.published, [2, 4]);
        assert_eq!(verdict.trouble.as_deref(), Some("the broker is away"));
    }

    #[test]
    fn a_refused_event_is_counted_and_those_behind_it_are_not() {
        let refused = PublishError::Refused("too large".into());
        let verdict =
            judge(&batch(&["a", "a", "b"]), vec![Err(refused), Err(PublishError::Blocked), Ok(ACK)]);
        let expected = Verdict {
            published: vec![3],
            refused: vec![1],
            reasons: vec!["too large".to_owned()],
            trouble: None,
        };
        assert_eq!(verdict, expected);
    }
}
