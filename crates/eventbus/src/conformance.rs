//! What every event bus promises, as tests over a [`Bus`].
//!
//! Each function makes topics and groups of its own, so they run side by side and on brokers that are kept. They panic
//! where a promise is broken. Each adapter brings its [`Bus`].

#![expect(
    clippy::disallowed_methods,
    reason = "tests live by the clock of the machine, on threads of their own"
)]

mod consuming;
mod dead_letters;
mod poison;
mod publishing;
mod rebalancing;
mod recorder;

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Envelope, Handler, Position, Publisher, TraceContext};

pub use consuming::{
    a_crash_before_the_commit_repeats_the_records, a_group_resumes_where_it_committed,
    a_hung_handler_is_a_retry, a_panic_is_a_retry, a_retry_holds_back_its_key_alone,
    records_of_a_key_keep_their_order, ten_thousand_records_arrive,
};
pub use dead_letters::{
    a_rejected_record_becomes_a_dead_letter, an_exhausted_record_becomes_a_dead_letter,
    an_undecodable_record_becomes_a_dead_letter,
};
pub use poison::{
    an_event_that_hangs_its_handler_holds_nothing_up, one_refused_event_costs_its_batch_nothing,
    poison_holds_up_neither_its_key_nor_its_partition, positions_never_go_back,
};
pub use publishing::{
    a_batch_is_acknowledged_in_its_order, a_refused_record_blocks_its_key_alone, the_trace_context_survives,
};
pub use rebalancing::{a_leaving_member_is_replaced_at_once, members_share_the_partitions};

/// Calls the macro `$run` with the names of all promises, so that no suite has a list of its own that falls behind.
#[macro_export]
macro_rules! for_each_promise {
    ($run:ident) => {
        $run! {
            a_batch_is_acknowledged_in_its_order
            a_refused_record_blocks_its_key_alone
            the_trace_context_survives
            records_of_a_key_keep_their_order
            a_crash_before_the_commit_repeats_the_records
            a_group_resumes_where_it_committed
            a_retry_holds_back_its_key_alone
            a_panic_is_a_retry
            a_hung_handler_is_a_retry
            ten_thousand_records_arrive
            a_rejected_record_becomes_a_dead_letter
            an_exhausted_record_becomes_a_dead_letter
            an_undecodable_record_becomes_a_dead_letter
            poison_holds_up_neither_its_key_nor_its_partition
            one_refused_event_costs_its_batch_nothing
            an_event_that_hangs_its_handler_holds_nothing_up
            positions_never_go_back
            members_share_the_partitions
            a_leaving_member_is_replaced_at_once
        }
    };
}

/// How long anything may take before a test gives up.
pub const LIMIT: Duration = Duration::from_mins(1);

/// An event bus under test.
pub trait Bus: Send + Sync {
    /// How it publishes.
    type Publisher: Publisher;

    /// A publisher.
    fn publisher(&self) -> Self::Publisher;

    /// Creates a topic that nobody else uses and returns its name.
    fn fresh_topic(&self, partitions: i32) -> impl Future<Output = String> + Send;

    /// Starts a member of `group` on `topic` whose records go to `handler`. A record is given up after three attempts,
    /// the handler is after a few seconds, and a stopped member does not wait long for it.
    fn subscribe<H: Handler>(&self, group: &str, topic: &str, handler: H) -> Subscription;

    /// Writes a record as somebody might who knows nothing of this bus.
    fn write(&self, topic: &str, record: RawRecord) -> impl Future<Output = ()> + Send;

    /// Waits until `topic` exists and holds at least `count` records, and returns them.
    fn read(&self, topic: &str, count: usize) -> impl Future<Output = Vec<RawRecord>> + Send;
}

/// A record as the broker holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawRecord {
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub payload: Option<Vec<u8>>,
    /// Its headers.
    pub headers: HashMap<String, Vec<u8>>,
}

impl RawRecord {
    fn header(&self, name: &str) -> &str {
        let value =
            self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers));
        std::str::from_utf8(value).expect("headers written by the bus are UTF-8")
    }

    /// Where a dead letter says that it came from.
    fn position(&self) -> Position {
        let number = |name| self.header(name).parse::<i64>().expect("a position is two numbers");
        let partition = number("__fitness.errors.partition");
        Position::new(partition as i32, number("__fitness.errors.offset"))
    }
}

/// A running member of a group.
pub struct Subscription {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Subscription {
    /// Wraps the task of a member that ends after `shutdown` is cancelled.
    pub fn new(shutdown: CancellationToken, task: JoinHandle<()>) -> Self {
        Self { shutdown, task }
    }

    /// Ends the member and waits until it has left the group.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.expect("a member ends without panic");
    }
}

fn fresh_group() -> String {
    format!("conformance-{}", Uuid::now_v7())
}

/// An envelope whose payload is `number`.
fn envelope(topic: &str, key: &str, number: usize) -> Envelope {
    Envelope {
        id: Uuid::now_v7(),
        event_type: "conformance.v1.Numbered".to_owned(),
        source: "conformance".to_owned(),
        subject: key.to_owned(),
        time: Utc::now(),
        topic: topic.to_owned(),
        key: key.to_owned(),
        payload: Bytes::from(number.to_string()),
        trace: TraceContext::default(),
    }
}

/// `count` envelopes, the keys taking turns.
fn envelopes(topic: &str, keys: usize, count: usize) -> Vec<Envelope> {
    (0..count).map(|number| envelope(topic, &format!("key-{}", number % keys), number)).collect()
}

/// Publishes a batch and answers where the broker says that it lies.
async fn publish_all(publisher: &impl Publisher, batch: &[Envelope]) -> Vec<Option<Position>> {
    let results =
        tokio::time::timeout(LIMIT, publisher.publish(batch)).await.expect("the broker answers in time");
    assert_eq!(results.len(), batch.len());
    results.into_iter().map(|result| result.expect("the broker takes every record").position).collect()
}
