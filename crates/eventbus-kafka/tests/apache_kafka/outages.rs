//! Brokers that go away under load: in order, by force, or without a word.

use std::time::{Duration, Instant};

use embedded::apache_kafka::{ApacheKafka, Config};
use eventbus::BusState;
use eventbus::conformance::Bus as _;
use eventbus_kafka::conformance::KafkaBus;
use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use tokio::sync::watch;

use crate::ledger::Ledger;
use crate::load::{Load, stored};
use crate::member::Member;
use crate::{LIMIT, report};

const PARTITIONS: i32 = 3;
const SOME: usize = 500;
/// Longer than the session of a group's member and than a producer waits for an answer.
const OUTAGE: Duration = Duration::from_secs(15);

/// A broker of its own with a load and two members on it.
struct Scene {
    broker: ApacheKafka,
    kafka: KafkaConfig,
    topic: String,
    ledger: Ledger,
    publisher: watch::Receiver<BusState>,
    load: Load,
    members: Vec<Member>,
}

impl Scene {
    async fn set() -> Self {
        let broker = crate::start(Config::default()).await;
        let brokers = broker.addr().to_string();
        let kafka = KafkaConfig::new(&brokers, "outage");
        let topic = KafkaBus::new(&brokers).fresh_topic(PARTITIONS).await;
        let ledger = Ledger::new(&kafka, "outage", &topic, PARTITIONS);
        let publisher = KafkaPublisher::new(&kafka).unwrap();
        let state = publisher.state();
        let load = Load::start(publisher, &topic);
        let members = (0..2).map(|number| Member::join(&kafka, "outage", &topic, &ledger, number)).collect();
        ledger.progress(SOME).await;
        Self { broker, kafka, topic, ledger, publisher: state, load, members }
    }

    fn states(&self) -> impl Iterator<Item = watch::Receiver<BusState>> {
        std::iter::once(&self.publisher).chain(self.members.iter().map(|member| &member.state)).cloned()
    }

    async fn all_see(&self, expected: fn(&BusState) -> bool) {
        for mut state in self.states() {
            let reached = tokio::time::timeout(LIMIT, state.wait_for(expected)).await;
            reached.expect("the state changes in time").unwrap();
        }
    }

    /// Ends the load and checks all of it.
    async fn check(self, what: &str) {
        let drained = Instant::now();
        let total = self.load.finish().await;
        self.ledger.complete(total).await;
        let drained = drained.elapsed();
        for member in self.members {
            member.leave().await;
        }
        let copies = stored(&self.kafka, &self.topic, PARTITIONS).await - total;
        let repeated = self.ledger.check(total);
        report(&format!(
            "{what}: {total} records handled, the last {drained:.1?} after the load ended; {copies} were stored twice, \
             {repeated} handled more than once"
        ));
        assert_eq!(copies, 0, "the producer's number keeps its records single");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_a_broker_is_away() {
    let mut scene = Scene::set().await;
    let stopped = Instant::now();
    scene.broker.stop().await;
    scene.all_see(|state| matches!(state, BusState::Down(_))).await;
    tokio::time::sleep_until((stopped + OUTAGE).into()).await;
    scene.broker.start_again().await.unwrap();
    let back = Instant::now();
    scene.all_see(|state| *state == BusState::Up).await;
    scene.ledger.progress(SOME).await;
    report(&format!("broker stopped for {OUTAGE:?}: records flow {:.1?} after it is back", back.elapsed()));
    scene.check("broker stopped").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_a_broker_is_killed_again_and_again() {
    let mut scene = Scene::set().await;
    for _ in 0..3 {
        scene.broker.kill().await;
        scene.broker.start_again().await.unwrap();
        let back = Instant::now();
        scene.ledger.progress(SOME).await;
        report(&format!("broker killed: records flow {:.1?} after it is back", back.elapsed()));
    }
    scene.check("broker killed three times").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_a_broker_says_nothing() {
    let scene = Scene::set().await;
    let paused = Instant::now();
    scene.broker.pause().unwrap();
    tokio::time::sleep_until((paused + OUTAGE).into()).await;
    scene.broker.resume().unwrap();
    let back = Instant::now();
    scene.ledger.progress(SOME).await;
    report(&format!("broker paused for {OUTAGE:?}: records flow {:.1?} after it goes on", back.elapsed()));
    scene.check("broker paused").await;
}
