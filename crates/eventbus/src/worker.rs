//! The task that handles one partition.
//!
//! It reads into a bounded [`Window`], takes the batch that may be handled now, calls the handler, and moves the
//! position that the adapter commits. One batch is in flight at a time. A record that has to be repeated waits in the
//! window, and no record holds a partition for ever: one that fails while others get through, or that panics or hangs on
//! its own, is its own reason and goes to the dead letters ([`Trials`]). Where a whole batch fails, the next is half as
//! large, so that the one at fault comes to be alone. When the window is full the partition waits. A stopped worker
//! finishes the batch in its hands; everything else in its window was not committed and goes to the next owner.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use chrono::Utc;
use futures::FutureExt;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::dead_letter::{self, Cause, DeadLetterTopic};
use crate::headers::{self, MalformedRecord};
use crate::trials::{Fault, Sentence, Trials};
use crate::window::{Ticket, Window};
use crate::workers::{Partition, Progress, Shared};
use crate::{ConsumerRole, Delivery, Envelope, Handler, Outcome, Record, spans};

/// An unfinished record.
struct Item<R> {
    record: R,
    /// How it was tried.
    trials: Trials,
    next: Step,
}

/// What has to happen to a record next.
enum Step {
    Handle(Envelope),
    Bury(Cause),
}

pub(crate) struct Worker<H, D, P: Partition> {
    shared: Arc<Shared<H, D>>,
    partition: P,
    window: Window<Bytes, Item<P::Record>>,
    progress: Arc<Progress>,
    stop: CancellationToken,
    /// How many records the handler has finished.
    finished: u64,
    /// The most records of the next batch. Where all of a batch fail, one of them may be the reason: half as many are
    /// tried next, until those that can get through do.
    most: usize,
}

/// A record to be buried, and why.
type Burial<R> = (Ticket, R, Trials, Cause);

impl<H: Handler, D: DeadLetterTopic, P: Partition<Record = D::Record>> Worker<H, D, P> {
    pub(crate) fn new(
        shared: Arc<Shared<H, D>>,
        partition: P,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Self {
        let most = shared.config.max_batch;
        Self { shared, partition, window: Window::default(), progress, stop, finished: 0, most }
    }

    pub(crate) async fn run(mut self) {
        while !self.stop.is_cancelled() {
            self.read();
            let batch = self.window.take(Instant::now(), self.most, self.shared.config.max_batch_bytes);
            if batch.is_empty() {
                self.wait().await;
                continue;
            }
            self.process(batch).await;
            if let Some(position) = self.window.position() {
                self.progress.set(position);
            }
        }
    }

    /// Fills the window with what has arrived.
    fn read(&mut self) {
        while self.has_room() {
            let Some(record) = self.partition.next() else { return };
            let next = match self.envelope(&record) {
                Ok(envelope) => Step::Handle(envelope),
                Err(error) => Step::Bury(Cause { reason: error.reason(), message: error.to_string() }),
            };
            let (offset, key, bytes) = (record.position().offset(), record.key().cloned(), record.size());
            self.window.push(offset, key, bytes, Item { record, trials: Trials::default(), next });
        }
    }

    /// What the handler gets of a record.
    #[expect(
        clippy::disallowed_methods,
        reason = "a signature is judged by the time at which its record is read"
    )]
    fn envelope(&self, record: &P::Record) -> Result<Envelope, MalformedRecord> {
        match self.shared.config.role {
            ConsumerRole::Worker | ConsumerRole::Listener => {
                headers::read_trusted(record, &self.shared.trusted, Utc::now())
            }
            ConsumerRole::Collector => dead_letter::read(record),
        }
    }

    fn has_room(&self) -> bool {
        let config = &self.shared.config;
        self.window.len() < config.max_in_flight && self.window.bytes() < config.max_in_flight_bytes
    }

    /// Waits for a new record, if there is room for one, or for a delayed one to become due.
    async fn wait(&mut self) {
        let room = self.has_room();
        let due = self.window.next_due();
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.partition.filled(), if room => {}
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
        }
    }

    async fn process(&mut self, batch: Vec<(Ticket, Item<P::Record>)>) {
        let mut deliveries = Vec::with_capacity(batch.len());
        let mut origins = Vec::with_capacity(batch.len());
        let mut burials = Vec::new();
        for (ticket, item) in batch {
            match item.next {
                Step::Handle(envelope) => {
                    deliveries.push(self.delivery(envelope, &item.record, item.trials.attempts + 1));
                    origins.push((ticket, item.record, item.trials));
                }
                Step::Bury(cause) => burials.push((ticket, item.record, item.trials, cause)),
            }
        }
        if !deliveries.is_empty() {
            self.handle(deliveries, origins, &mut burials).await;
        }
        for (ticket, record, trials, cause) in burials {
            self.bury(ticket, record, trials, cause).await;
        }
    }

    fn delivery(&self, envelope: Envelope, record: &P::Record, attempt: u32) -> Delivery {
        let (position, Shared { config, terms, .. }) = (record.position(), &*self.shared);
        let span = spans::process(&envelope, terms, &config.group, position, attempt);
        Delivery { envelope, position, attempt, span }
    }

    async fn handle(
        &mut self,
        deliveries: Vec<Delivery>,
        origins: Vec<(Ticket, P::Record, Trials)>,
        burials: &mut Vec<Burial<P::Record>>,
    ) {
        let started = Instant::now();
        // The block makes a panic before the first await part of the future.
        let handling = async {
            timeout(self.shared.config.handler_timeout, self.shared.handler.handle(&deliveries)).await
        };
        let outcomes = AssertUnwindSafe(handling).catch_unwind().await;
        self.shared.metrics.processed(self.partition.topic(), deliveries.len(), started.elapsed());
        // One of the records may be the reason; alone it cannot hold up the others again.
        let one_by_one = !matches!(outcomes, Ok(Ok(_)));
        let fault = match &outcomes {
            Err(_) if deliveries.len() == 1 => Fault::Panicked,
            Ok(Err(_)) if deliveries.len() == 1 => Fault::Hung,
            _ => Fault::Told,
        };
        let all_again = |reason: &str| vec![Outcome::Retry(reason.to_owned()); deliveries.len()];
        let outcomes = match outcomes {
            Ok(Ok(outcomes)) if outcomes.len() == deliveries.len() => outcomes,
            Ok(Ok(_)) => all_again("the handler lost count of its batch"),
            Ok(Err(_)) => all_again("the handler took too long"),
            Err(_) => all_again("the handler panicked"),
        };

        let nothing_through = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Retry(_)));
        if !nothing_through {
            self.most = self.most.saturating_mul(2).min(self.shared.config.max_batch);
        } else if deliveries.len() > 1 {
            self.most = deliveries.len() / 2;
        }
        self.finished += outcomes.iter().filter(|outcome| **outcome == Outcome::Done).count() as u64;
        let mut delayed = 0;
        let mut first_reason = None;
        for ((delivery, (ticket, record, trials)), outcome) in
            deliveries.into_iter().zip(origins).zip(outcomes)
        {
            let Delivery { envelope, attempt, span, .. } = delivery;
            let mut trials = trials;
            trials.attempts = attempt;
            match outcome {
                Outcome::Done => self.window.finish(ticket),
                Outcome::Reject(message) => {
                    spans::fail(&span, "rejected");
                    burials.push((ticket, record, trials, Cause { reason: "rejected", message }));
                }
                Outcome::Retry(message) => {
                    let sentence = trials.failed(self.finished, fault);
                    if sentence == Sentence::Bury || self.shared.config.retry.exhausted(attempt) {
                        spans::fail(&span, "retries_exhausted");
                        burials.push((
                            ticket,
                            record,
                            trials,
                            Cause { reason: "retries_exhausted", message },
                        ));
                        continue;
                    }
                    spans::fail(&span, "retry");
                    delayed += 1;
                    first_reason.get_or_insert(message);
                    let item = Item { record, trials, next: Step::Handle(envelope) };
                    // One that others have overtaken would spoil their batch again.
                    let alone = one_by_one || trials.was_overtaken();
                    self.window.put_back(ticket, item, self.due(attempt), alone);
                }
            }
        }
        if let Some(reason) = first_reason {
            let (topic, partition) = (self.partition.topic(), self.partition.number());
            tracing::warn!(topic, partition, records = delayed, reason, "records are tried again later");
        }
    }

    /// A record counts as finished when the broker has its dead letter; until then it is tried like any other.
    async fn bury(&mut self, ticket: Ticket, record: P::Record, trials: Trials, cause: Cause) {
        match self.shared.bury(&record, &cause, trials.attempts).await {
            Ok(()) => self.window.finish(ticket),
            Err(error) => {
                tracing::warn!(
                    error = &*error as &dyn std::error::Error,
                    "a dead letter is tried again later"
                );
                let due = self.due(trials.attempts);
                let item = Item { record, trials, next: Step::Bury(cause) };
                self.window.put_back(ticket, item, due, false);
            }
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "pauses grow with a jitter, so that not all come back at one time"
    )]
    fn due(&self, attempts: u32) -> Instant {
        Instant::now() + self.shared.config.retry.delay(attempts, rand::random())
    }
}

#[cfg(test)]
mod tests;
