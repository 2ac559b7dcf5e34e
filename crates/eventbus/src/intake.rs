//! What handlers of events have in common.

use tracing::Instrument as _;

use crate::{Delivery, Envelope, Failure, Outcome};

/// Handles one event.
pub trait EventHandler: Sync {
    /// Handles an event; one of a type that means nothing here is left alone.
    fn take(&self, envelope: &Envelope) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Handles the events of a batch one after the other, each in its span, and answers what became of them.
pub async fn one_by_one(handler: &impl EventHandler, batch: &[Delivery]) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(batch.len());
    for delivery in batch {
        let taken = handler.take(&delivery.envelope).instrument(delivery.span().clone()).await;
        outcomes.push(taken.into());
    }
    outcomes
}

/// Work that is done for many items at once, all or nothing.
pub trait Together: Sync {
    /// What it is done for.
    type Item: Send + Sync;
    /// What comes of it.
    type Done: Send;

    /// Does it for all of them.
    fn attempt(&self, items: &[Self::Item]) -> impl Future<Output = Result<Self::Done, Failure>> + Send;
}

/// Does the work for all items, and answers what came of it for which of them.
///
/// Where an item is at fault, it is found by halves, so that it costs the others a few more attempts and nothing else. What
/// is passing ails all items and is not tried for the rest.
pub async fn by_halves<W: Together>(
    work: &W,
    items: Vec<W::Item>,
) -> Vec<(Vec<W::Item>, Result<W::Done, Failure>)> {
    let (mut results, mut parts) = (Vec::new(), vec![items]);
    while let Some(mut part) = parts.pop() {
        match work.attempt(&part).await {
            Err(failure) if !failure.is_passing() && part.len() > 1 => {
                let second = part.split_off(part.len() / 2);
                parts.extend([second, part]);
            }
            Err(failure) => {
                if failure.is_passing() {
                    part.extend(std::mem::take(&mut parts).into_iter().rev().flatten());
                }
                results.push((part, Err(failure)));
            }
            Ok(done) => results.push((part, Ok(done))),
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A table that refuses one value, for a reason.
    struct Refusing(usize, Failure, AtomicUsize);

    impl Together for Refusing {
        type Item = usize;
        type Done = usize;

        async fn attempt(&self, items: &[usize]) -> Result<usize, Failure> {
            self.2.fetch_add(1, Ordering::Relaxed);
            if items.contains(&self.0) { Err(self.1.clone()) } else { Ok(items.len()) }
        }
    }

    #[tokio::test]
    async fn one_of_five_hundred_that_is_refused_is_found_in_a_few_attempts() {
        for failure in [Failure::Event("refused".to_owned()), Failure::Code("unforeseen".to_owned())] {
            let work = Refusing(123, failure.clone(), AtomicUsize::new(0));
            let results = by_halves(&work, (0..500).collect()).await;
            let done: usize = results.iter().filter_map(|(_, result)| result.as_ref().ok()).sum();
            assert_eq!(done, 499);
            assert!(results.contains(&(vec![123], Err(failure))));
            assert!(results.iter().flat_map(|(items, _)| items).copied().eq(0..500), "in their order");
            assert!(work.2.into_inner() < 20);
        }
    }

    #[tokio::test]
    async fn what_is_passing_is_tried_once() {
        let work = Refusing(123, Failure::Passing("away".to_owned()), AtomicUsize::new(0));
        let results = by_halves(&work, (0..500).collect()).await;
        assert_eq!((results.len(), results[0].0.len(), work.2.into_inner()), (1, 500, 1));
    }
}
