//! The thread that belongs to a consumer.
//!
//! Rebalances, commits and the farewell to the group all happen while a consumer is polled, and they block: waiting
//! for workers, for the coordinator, for the leave request. On a thread of their own they stall nobody. Records do not
//! pass through here; they go from librdkafka's partition queues to the workers.
//!
//! While no broker can be reached the member keeps its partitions. A broker that comes back remembers it and gives it a
//! fresh session, so it goes on at once. After `session.timeout.ms` without a broker librdkafka gives the membership up;
//! the member then joins anew, and the broker lets it wait until its old self has timed out as well. A
//! `group.instance.id` would spare that wait, but a broker that is killed at the wrong moment then fences the member for
//! good. A broker that forgot the group says so, and the member joins without a wait.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use eventbus::{ConsumerConfig, ConsumerError};
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::Offset;
use tokio_util::sync::CancellationToken;

use crate::group::GroupContext;

/// How soon a request to stop is noticed. librdkafka ends the wait for whatever comes earlier.
const POLL: Duration = Duration::from_millis(500);
/// The same while the group is being left.
const POLL_AT_END: Duration = Duration::from_millis(50);
const SEEK_TIMEOUT: Duration = Duration::from_secs(1);

/// Polls until `stop` is cancelled or the client breaks down, then leaves the group.
pub(crate) fn run(
    consumer: Arc<BaseConsumer<GroupContext>>,
    config: &ConsumerConfig,
    stop: &CancellationToken,
) -> Result<(), ConsumerError> {
    let topics: Vec<&str> = config.topics.iter().map(String::as_str).collect();
    let mut result = consumer.subscribe(&topics).map_err(gave_up);
    let mut committed_at = Instant::now();
    while result.is_ok() && !stop.is_cancelled() {
        match consumer.poll(POLL) {
            None => {}
            Some(Ok(message)) => {
                // Queues are split off before fetching starts, so this should not happen; if it does, fetch it again.
                let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
                tracing::warn!(
                    topic,
                    partition,
                    offset,
                    "a record took the common queue and is fetched again"
                );
                if let Err(error) = consumer.seek(topic, partition, Offset::Offset(offset), SEEK_TIMEOUT) {
                    result = Err(gave_up(error));
                }
            }
            Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                result = Err(gave_up(error));
            }
            // Connection errors are reported by the context; librdkafka goes on by itself.
            Some(Err(error)) => tracing::debug!(%error, "poll"),
        }
        if committed_at.elapsed() >= config.commit_interval {
            consumer.context().commit_progress(&consumer);
            committed_at = Instant::now();
        }
    }
    close(consumer, Instant::now() + config.close_timeout);
    result
}

fn gave_up(error: KafkaError) -> ConsumerError {
    ConsumerError::Client(error.into())
}

/// Leaves the group, so that its partitions go to others at once and not after the session timeout.
///
/// Unsubscribing says goodbye. Closing alone does not where librdkafka 2.12 closes a member without partitions: the group
/// would wait for that one until its session is over.
fn close(consumer: Arc<BaseConsumer<GroupContext>>, deadline: Instant) {
    consumer.unsubscribe();
    // This serves the revocation of everything, which drains the workers and commits.
    while !consumer.context().is_idle() && Instant::now() < deadline {
        consumer.poll(POLL_AT_END);
    }
    // With nothing left to give back, this one says goodbye before it returns, if that has not happened yet.
    consumer.unsubscribe();
    match consumer.close_queue() {
        Ok(()) => {
            // This waits for the answer to the goodbye.
            while !consumer.closed() && Instant::now() < deadline {
                consumer.poll(POLL_AT_END);
            }
        }
        Err(error) => tracing::warn!(%error, "the consumer group could not be left"),
    }
    // Workers that were cut off may hold their queues until they reach an await.
    while Arc::strong_count(&consumer) > 1 && Instant::now() < deadline {
        #[expect(clippy::disallowed_methods, reason = "the thread is the consumer's own")]
        thread::sleep(Duration::from_millis(5));
    }
    if let Err(in_use) = Arc::try_unwrap(consumer) {
        // Destroying a client under a queue that is still read is not allowed: rather leak it at the end.
        tracing::warn!("a handler blocks its thread; the consumer is left behind");
        std::mem::forget(in_use);
    }
}
