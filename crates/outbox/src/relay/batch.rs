//! One batch: publish all of it, await all of it, mark it in one statement.
//!
//! The order of a key holds because the batch is in the order of positions, the publisher stores the records of a key
//! in the order of the batch, and the next batch is not published before this one is answered. Where an event fails because
//! the broker is in trouble, later ones of its key stay pending even if they were stored: they are repeated behind it,
//! so that the last word on a key is the right one. An event that the broker refuses for itself is tried a few times
//! and then parked with the reason. It holds back its key until then, and nothing else: what was sent along with it is
//! repeated behind it, and once it was refused nothing of its key is sent before it is stored or parked.

use std::collections::HashSet;

use eventbus::{Ack, Envelope, PublishError, Publisher, chain};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Relay;
use super::session::{Session, SessionError};
use crate::store::Pending;

/// Events in the order of their positions.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) positions: Vec<i64>,
    /// Whether more may be pending behind it.
    pub(super) full: bool,
    /// What is sent of it; the rest waits for one of its key that was refused.
    sent: Vec<i64>,
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

impl Batch {
    fn of(pending: Vec<Pending>) -> Self {
        let mut batch = Self::default();
        let mut refused: HashSet<(String, String)> = HashSet::new();
        for Pending { position, refusals, envelope } in pending {
            batch.positions.push(position);
            let key = || (envelope.topic.clone(), envelope.key.clone());
            if !refused.is_empty() && refused.contains(&key()) {
                continue;
            }
            if refusals > 0 {
                refused.insert(key());
            }
            batch.sent.push(position);
            batch.envelopes.push(envelope);
        }
        batch
    }
}

impl<P: Publisher> Relay<P> {
    /// The first pending events that are not `on_their_way`.
    pub(super) async fn read(
        &self,
        session: &mut Session,
        on_their_way: &[i64],
    ) -> Result<Batch, SessionError> {
        let (size, bytes) = (self.config.batch_size, self.config.batch_bytes);
        let pending = session.pending(size, bytes, on_their_way).await?;
        let read: usize = pending.iter().map(|event| event.envelope.payload.len()).sum();
        let full = pending.len() >= usize::from(size) || read >= bytes as usize;
        Ok(Batch { full, ..Batch::of(pending) })
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
    for ((position, envelope), result) in batch.sent.iter().zip(&batch.envelopes).zip(results) {
        let key = (envelope.topic.as_str(), envelope.key.as_str());
        match result {
            Ok(_) if waiting.is_empty() || !waiting.contains(&key) => verdict.published.push(*position),
            Ok(_) | Err(PublishError::Blocked) => {}
            Err(PublishError::Refused(reason)) => {
                waiting.insert(key);
                verdict.refused.push(*position);
                verdict.reasons.push(storable(&chain(&*reason)));
            }
            Err(PublishError::Unavailable(reason)) => {
                waiting.insert(key);
                verdict.trouble.get_or_insert_with(|| chain(&*reason));
            }
        }
    }
    verdict
}

/// What a broker says may be anything, and a reason that the table refuses would hold up everything.
fn storable(reason: &str) -> String {
    reason.chars().filter(|c| !c.is_control()).take(1_000).collect()
}

#[cfg(test)]
mod tests {
    use eventbus::TraceContext;
    use uuid::Uuid;

    use super::*;

    const ACK: Ack = Ack { position: None };

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
        Batch::of(pending(keys.iter().map(|key| (*key, 0))))
    }

    fn pending<'a>(events: impl IntoIterator<Item = (&'a str, i32)>) -> Vec<Pending> {
        let event = |(position, (key, refusals))| Pending { position, refusals, envelope: envelope(key) };
        (1..).zip(events).map(event).collect()
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
    fn what_was_stored_behind_a_refused_event_is_repeated_behind_it() {
        let refused = PublishError::Refused("the topic\0 takes less".into());
        let verdict = judge(&batch(&["a", "a", "b"]), vec![Err(refused), Ok(ACK), Ok(ACK)]);
        assert_eq!((verdict.published, verdict.refused), (vec![3], vec![1]));
        assert_eq!(verdict.reasons, ["the topic takes less"]);
    }

    #[test]
    fn behind_an_event_that_was_refused_before_nothing_of_its_key_is_sent() {
        let batch = Batch::of(pending([("a", 0), ("b", 2), ("a", 1), ("b", 0), ("a", 0), ("c", 0)]));
        assert_eq!(batch.positions, [1, 2, 3, 4, 5, 6]);
        assert_eq!(batch.sent, [1, 2, 3, 6]);
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
