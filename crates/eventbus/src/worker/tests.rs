use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::*;
use crate::headers;
use crate::metrics::ConsumerMetrics;
use crate::record::raw::RawRecord;
use crate::workers::Workers;
use crate::{BoxError, ConsumerConfig, Position, RetryPolicy, Terms, TraceContext, TrustedSigners};

const LIMIT: Duration = Duration::from_mins(1);
const TERMS: Terms = Terms { name: "Test", system: "test", offset: "test.offset" };

/// A partition that holds some records from the start; then one comes after the other without end.
struct Line {
    next: i64,
    ready: i64,
}

impl Partition for Line {
    type Record = RawRecord;

    fn topic(&self) -> &'static str {
        "test.events"
    }

    fn number(&self) -> i32 {
        0
    }

    fn next(&mut self) -> Option<RawRecord> {
        (self.next < self.ready).then(|| {
            self.next += 1;
            record(self.next - 1)
        })
    }

    async fn filled(&mut self) {
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.ready += 1;
    }
}

/// Keeps the offsets of what is buried.
#[derive(Clone, Default)]
struct Buried(Arc<Mutex<Vec<(i64, String)>>>);

impl DeadLetterTopic for Buried {
    type Record = RawRecord;

    async fn put(&self, record: &RawRecord, additions: &[(&'static str, String)]) -> Result<(), BoxError> {
        let reason = additions.iter().find(|(name, _)| name.ends_with("reason")).expect("a letter has one");
        let letter = (record.position().offset(), reason.1.clone());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
        Ok(())
    }
}

fn record(offset: i64) -> RawRecord {
    let envelope = Envelope {
        id: uuid::Uuid::from_u128(offset as u128),
        event_type: "test.v1.Event".to_owned(),
        source: "test".to_owned(),
        subject: "subject".to_owned(),
        time: Utc::now(),
        topic: "test.events".to_owned(),
        key: format!("key-{offset}"),
        payload: Bytes::new(),
        trace: TraceContext::default(),
    };
    let headers = headers::write(&envelope, &envelope.trace, None);
    RawRecord {
        position: Position::new(0, offset),
        key: Some(envelope.key.clone().into()),
        payload: Some(Bytes::new()),
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect(),
        ..RawRecord::default()
    }
}

/// Runs a worker until the first `count` records are finished, and answers the letters.
async fn run(count: i64, handler: impl Handler) -> Vec<(i64, String)> {
    let config = ConsumerConfig {
        retry: RetryPolicy {
            initial: Duration::from_millis(1),
            max: Duration::from_millis(5),
            max_attempts: None,
        },
        handler_timeout: Duration::from_millis(200),
        ..ConsumerConfig::new("test", &["test.events"])
    };
    let buried = Buried::default();
    let metrics = Arc::new(ConsumerMetrics::new(&config, &TERMS));
    let workers = Workers::new(&config, &TrustedSigners::default(), handler, buried.clone(), metrics, &TERMS);
    let worker = workers.start(Line { next: 0, ready: count });
    let mut progress = worker.progress.subscribe();
    let finished = progress.wait_for(|position| *position >= Some(count));
    tokio::time::timeout(LIMIT, finished).await.expect("everything is finished in time").expect("it runs");
    worker.stop.cancel();
    worker.task.await.expect("a worker ends without panic");
    buried.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Fails as a whole while one record is in the batch, as a transaction does.
struct AllOrNothing {
    bad: i64,
    done: Arc<Mutex<HashSet<i64>>>,
}

impl Handler for AllOrNothing {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        if batch.iter().any(|delivery| delivery.position.offset() == self.bad) {
            return vec![Outcome::Retry("something is wrong".to_owned()); batch.len()];
        }
        let offsets = batch.iter().map(|delivery| delivery.position.offset());
        self.done.lock().unwrap_or_else(PoisonError::into_inner).extend(offsets);
        vec![Outcome::Done; batch.len()]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_that_fails_its_whole_batch_is_found_and_the_others_get_through() {
    let done = Arc::default();
    let letters = run(500, AllOrNothing { bad: 7, done: Arc::clone(&done) }).await;
    assert_eq!(letters, [(7, "retries_exhausted".to_owned())]);
    let done = done.lock().unwrap_or_else(PoisonError::into_inner);
    assert!((0..500).all(|offset| done.contains(&offset) || offset == 7));
}

/// Never answers while this record is in the batch.
struct HangsAt(i64);

impl Handler for HangsAt {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        if batch.iter().any(|delivery| delivery.position.offset() == self.0) {
            std::future::pending::<()>().await;
        }
        vec![Outcome::Done; batch.len()]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_at_which_the_handler_always_hangs_is_given_up_once_others_got_through() {
    let letters = run(20, HangsAt(3)).await;
    assert_eq!(letters, [(3, "retries_exhausted".to_owned())]);
}
