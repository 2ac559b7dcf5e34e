//! Looking records up where a dead letter says that they lay.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use eventbus::{DeadLetter, OriginError, OriginalRecord, Origins, Record as _};
use futures::future::BoxFuture;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::metadata::MetadataTopic;
use rdkafka::{Offset, TopicPartitionList};

use crate::config::KafkaConfig;
use crate::record::KafkaRecord;

/// How long the look-up for a batch may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a poll waits.
const POLL: Duration = Duration::from_millis(100);
/// Records read over to reach the next one; a longer way is jumped.
const STRIDE: i64 = 200;

/// The topics on which the records of dead letters lie.
#[derive(Clone, Debug)]
pub struct KafkaOrigins {
    config: KafkaConfig,
    group: String,
    topics: Vec<String>,
}

/// The letters of a partition by the position that they name.
type Wanted<'a> = BTreeMap<i64, Vec<(usize, &'a DeadLetter)>>;

impl KafkaOrigins {
    /// Those of `topics`; letters from others are never confirmed. The group is not joined.
    pub fn new(kafka: &KafkaConfig, group: &str, topics: &[&str]) -> Self {
        let topics = topics.iter().copied().map(str::to_owned).collect();
        Self { config: kafka.clone(), group: group.to_owned(), topics }
    }

    fn look_up(&self, letters: &[DeadLetter]) -> Result<Vec<bool>, OriginError> {
        let mut partitions: BTreeMap<(&str, i32), Wanted<'_>> = BTreeMap::new();
        for (number, letter) in letters.iter().enumerate() {
            if self.topics.contains(&letter.topic) {
                let wanted = partitions.entry((letter.topic.as_str(), letter.partition)).or_default();
                wanted.entry(letter.offset).or_default().push((number, letter));
            }
        }
        let mut confirmed = vec![false; letters.len()];
        if partitions.is_empty() {
            return Ok(confirmed);
        }
        let deadline = Instant::now() + PATIENCE;
        let consumer: BaseConsumer = self.config.reader(&self.group).create().map_err(unreadable)?;
        for ((topic, partition), mut wanted) in partitions {
            // Asked for a partition that nobody has, the client would wait for it to come.
            let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).map_err(unreadable)?;
            let known = |name: &MetadataTopic| name.partitions().iter().any(|one| one.id() == partition);
            if !metadata.topics().iter().any(known) {
                continue;
            }
            let (low, high) = consumer.fetch_watermarks(topic, partition, PATIENCE).map_err(unreadable)?;
            wanted.retain(|offset, _| (low..high).contains(offset));
            read(&consumer, topic, partition, wanted, deadline, &mut confirmed)?;
        }
        Ok(confirmed)
    }
}

impl Origins for KafkaOrigins {
    fn confirm(&self, letters: Vec<DeadLetter>) -> BoxFuture<'_, Result<Vec<bool>, OriginError>> {
        Box::pin(async move {
            if letters.is_empty() {
                return Ok(Vec::new());
            }
            let origins = self.clone();
            let looked_up = tokio::task::spawn_blocking(move || origins.look_up(&letters)).await;
            looked_up.unwrap_or(Err(OriginError::Timeout))
        })
    }
}

fn unreadable(error: KafkaError) -> OriginError {
    OriginError::Client(error.into())
}

/// Reads a partition at the wanted positions and confirms the letters that hold what lies there.
fn read(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    mut wanted: Wanted<'_>,
    deadline: Instant,
    confirmed: &mut [bool],
) -> Result<(), OriginError> {
    let mut at: Option<i64> = None;
    while let Some(next) = wanted.keys().next().copied() {
        if at.is_none_or(|at| next - at > STRIDE) {
            let mut position = TopicPartitionList::new();
            position.add_partition_offset(topic, partition, Offset::Offset(next)).map_err(unreadable)?;
            consumer.assign(&position).map_err(unreadable)?;
            at = Some(next);
        }
        if Instant::now() > deadline {
            return Err(OriginError::Timeout);
        }
        match consumer.poll(POLL) {
            Some(Ok(message)) => {
                let record = KafkaRecord::new(topic.into(), &message);
                let found = record.position().offset();
                at = Some(found);
                for (number, letter) in wanted.remove(&found).into_iter().flatten() {
                    confirmed[number] = OriginalRecord::of(&record)
                        .is_ok_and(|original| original.same_record(&letter.record));
                }
                // What lay before it is gone.
                wanted.retain(|offset, _| *offset > found);
            }
            // Nothing lies there any more.
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
            Some(Err(error)) => tracing::debug!(%error, "the record of a dead letter is looked up again"),
            None => {}
        }
    }
    Ok(())
}
