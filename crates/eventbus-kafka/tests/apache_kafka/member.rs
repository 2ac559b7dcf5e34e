//! A member of a group, as a service runs it.

use std::time::{Duration, Instant};

use eventbus::{BusState, ConsumerConfig, ConsumerError};

use eventbus_kafka::{KafkaConfig, KafkaConsumer};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::ledger::Ledger;

pub(crate) struct Member {
    pub(crate) number: usize,
    pub(crate) state: watch::Receiver<BusState>,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ConsumerError>>,
}

impl Member {
    pub(crate) fn join(
        kafka: &KafkaConfig,
        group: &str,
        topic: &str,
        ledger: &Ledger,
        number: usize,
    ) -> Self {
        let consumer = KafkaConsumer::new(kafka, ConsumerConfig::new(group, &[topic])).unwrap();
        let (state, shutdown) = (consumer.state(), CancellationToken::new());
        let task = tokio::spawn(consumer.run(ledger.member(number), shutdown.clone()));
        Self { number, state, shutdown, task }
    }

    /// Asks it to stop, as SIGTERM does; answers when, and how long it took to leave.
    pub(crate) async fn leave(self) -> (Instant, Duration) {
        let asked = Instant::now();
        self.shutdown.cancel();
        self.task.await.unwrap().expect("the group is left in time");
        (asked, asked.elapsed())
    }
}
