//! What the members of a group handled together, and what may never show in it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use eventbus::{Delivery, Handler, Outcome};

use eventbus_kafka::KafkaConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::LIMIT;

/// What storing an effect takes; long enough for batches to be in hand when a member has to let go.
const EFFECT: Duration = Duration::from_millis(2);

#[derive(Clone, Debug)]
pub(crate) struct Handled {
    pub(crate) number: usize,
    pub(crate) key: String,
    pub(crate) partition: i32,
    pub(crate) member: usize,
    pub(crate) at: Instant,
}

#[derive(Default)]
struct Records {
    handled: Vec<Handled>,
    /// The highest committed offsets anyone has seen, by partition.
    committed: HashMap<i32, i64>,
    repeated_after_commit: Vec<String>,
}

/// The effects of a group, as a database would hold them. Clones share it.
#[derive(Clone)]
pub(crate) struct Ledger {
    records: Arc<Mutex<Records>>,
    changed: watch::Sender<()>,
    _watching: Arc<DropGuard>,
}

impl Ledger {
    /// An empty ledger that watches what `group` commits on `topic`.
    pub(crate) fn new(kafka: &KafkaConfig, group: &str, topic: &str, partitions: i32) -> Self {
        let stop = CancellationToken::new();
        let ledger = Self {
            records: Arc::default(),
            changed: watch::Sender::new(()),
            _watching: Arc::new(stop.clone().drop_guard()),
        };
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &kafka.brokers).set("group.id", group);
        let consumer: BaseConsumer = client.create().unwrap();
        let mut asked = TopicPartitionList::new();
        for partition in 0..partitions {
            asked.add_partition(topic, partition);
        }
        let records = Arc::clone(&ledger.records);
        std::thread::spawn(move || {
            while !stop.is_cancelled() {
                // While the broker is away nothing new is committed either.
                if let Ok(committed) = consumer.committed_offsets(asked.clone(), Duration::from_secs(1)) {
                    note_commits(&mut records.lock().unwrap(), &committed);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        ledger
    }

    /// The handler of a member.
    pub(crate) fn member(&self, member: usize) -> impl Handler + use<> {
        Member { ledger: self.clone(), member }
    }

    pub(crate) fn handled(&self) -> Vec<Handled> {
        self.lock().handled.clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().handled.len()
    }

    pub(crate) async fn wait_for(&self, what: &str, reached: impl Fn(&[Handled]) -> bool) {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            while !reached(&self.lock().handled) {
                changed.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(LIMIT, waiting).await;
        assert!(waited.is_ok(), "waited in vain for {what}; {} were handled", self.len());
    }

    /// Waits until `more` further records were handled.
    pub(crate) async fn progress(&self, more: usize) {
        let goal = self.len() + more;
        self.wait_for("progress", |handled| handled.len() >= goal).await;
    }

    /// Waits until each of `total` records was handled.
    pub(crate) async fn complete(&self, total: usize) {
        self.wait_for("the last records", |handled| handled.len() >= total && distinct(handled) == total)
            .await;
    }

    /// Panics if something was lost, out of order, or handled again after its offset was committed. Answers how many
    /// records were handled more than once before that.
    pub(crate) fn check(&self, total: usize) -> usize {
        let records = self.lock();
        let numbers: HashSet<usize> = records.handled.iter().map(|one| one.number).collect();
        assert_eq!(numbers, (0..total).collect(), "every record is handled");
        let mut highest: HashMap<&str, usize> = HashMap::new();
        let mut seen = HashSet::new();
        for one in records.handled.iter().filter(|one| seen.insert(one.number)) {
            let before = highest.insert(&one.key, one.number);
            assert!(before.is_none_or(|before| before < one.number), "{one:?} comes after {before:?}");
        }
        assert!(records.repeated_after_commit.is_empty(), "{:?}", records.repeated_after_commit);
        records.handled.len() - numbers.len()
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap()
    }
}

fn note_commits(records: &mut Records, committed: &TopicPartitionList) {
    for one in committed.elements() {
        if let Offset::Offset(offset) = one.offset() {
            let known = records.committed.entry(one.partition()).or_default();
            *known = offset.max(*known);
        }
    }
}

fn distinct(handled: &[Handled]) -> usize {
    handled.iter().map(|one| one.number).collect::<HashSet<_>>().len()
}

struct Member {
    ledger: Ledger,
    member: usize,
}

impl Handler for Member {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        {
            let mut records = self.ledger.lock();
            for one in batch {
                let committed = records.committed.get(&one.position.partition()).copied().unwrap_or_default();
                if one.position.offset() < committed {
                    let what = format!("{}, committed {committed}", one.position);
                    records.repeated_after_commit.push(what);
                }
            }
        }
        tokio::time::sleep(EFFECT).await;
        let at = Instant::now();
        self.ledger.lock().handled.extend(batch.iter().map(|one| Handled {
            number: std::str::from_utf8(&one.envelope.payload).unwrap().parse().unwrap(),
            key: one.envelope.key.clone(),
            partition: one.position.partition(),
            member: self.member,
            at,
        }));
        self.ledger.changed.send_replace(());
        vec![Outcome::Done; batch.len()]
    }
}
