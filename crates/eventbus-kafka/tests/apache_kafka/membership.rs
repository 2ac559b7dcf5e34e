//! Members that join and leave a group under load.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use eventbus::conformance::Bus as _;
use eventbus_kafka::conformance::KafkaBus;
use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use uuid::Uuid;

use crate::ledger::Ledger;
use crate::load::{Load, stored};
use crate::member::Member;
use crate::{LIMIT, report};

/// How soon somebody else has to handle the records of a partition whose member leaves in order.
const TAKEN_OVER: Duration = Duration::from_secs(3);
const SOME: usize = 300;

struct Group {
    kafka: KafkaConfig,
    name: String,
    topic: String,
    partitions: i32,
    ledger: Ledger,
    joined: usize,
}

impl Group {
    async fn new(partitions: i32) -> Self {
        let brokers = crate::shared_broker().await.addr().to_string();
        let kafka = KafkaConfig::new(&brokers, "membership");
        let topic = KafkaBus::new(&brokers).fresh_topic(partitions).await;
        let name = format!("membership-{}", Uuid::now_v7());
        let ledger = Ledger::new(&kafka, &name, &topic, partitions);
        Self { kafka, name, topic, partitions, ledger, joined: 0 }
    }

    /// Adds a member and waits until it works, if there is a partition left for it beside `others`.
    async fn join(&mut self, others: i32) -> Member {
        let number = self.joined;
        self.joined += 1;
        let member = Member::join(&self.kafka, &self.name, &self.topic, &self.ledger, number);
        if others < self.partitions {
            let works = |handled: &[crate::ledger::Handled]| handled.iter().any(|one| one.member == number);
            self.ledger.wait_for("the new member", works).await;
        }
        self.ledger.progress(SOME).await;
        member
    }

    /// Lets a member go and waits until others work on each of its partitions.
    async fn leave(&self, member: Member) {
        let leaver = member.number;
        let owners: HashMap<i32, usize> =
            self.ledger.handled().iter().map(|one| (one.partition, one.member)).collect();
        let left: Vec<i32> =
            owners.into_iter().filter(|(_, owner)| *owner == leaver).map(|(one, _)| one).collect();
        let (asked, took) = member.leave().await;
        let taken = |handled: &[crate::ledger::Handled], partition: i32| {
            handled
                .iter()
                .find(|one| one.partition == partition && one.member != leaver && one.at > asked)
                .map(|one| one.at)
        };
        self.ledger
            .wait_for("the heirs of a member", |handled| {
                left.iter().all(|one| taken(handled, *one).is_some())
            })
            .await;
        let handled = self.ledger.handled();
        let latest = left.iter().filter_map(|one| taken(&handled, *one)).max();
        let Some(latest) = latest else { return };
        let gap = latest - asked;
        report(&format!(
            "{} partitions: a member left in {took:.1?}, its {} were taken over {gap:.1?} after the request",
            self.partitions,
            left.len(),
        ));
        assert!(gap <= TAKEN_OVER, "the partitions were taken over after {gap:?}");
    }
}

async fn members_come_and_go(partitions: i32) {
    let mut group = Group::new(partitions).await;
    let load = Load::start(KafkaPublisher::new(&group.kafka).unwrap(), &group.topic);
    let one = group.join(0).await;
    let two = group.join(1).await;
    let three = group.join(2).await;
    group.leave(one).await;
    let four = group.join(2).await;
    group.leave(two).await;
    group.leave(three).await;
    group.ledger.progress(SOME).await;

    let total = load.finish().await;
    group.ledger.complete(total).await;
    four.leave().await;
    assert_eq!(stored(&group.kafka, &group.topic, partitions).await, total);
    let repeated = group.ledger.check(total);
    report(&format!("{partitions} partitions: {total} records handled, {repeated} of them more than once"));
    assert_eq!(repeated, 0, "members that leave in order commit what they did");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_and_go_on_a_topic_of_one_partition() {
    members_come_and_go(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_and_go_on_a_topic_of_three_partitions() {
    members_come_and_go(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_and_go_on_a_topic_of_twelve_partitions() {
    members_come_and_go(12).await;
}

/// The members of a group that is not rebalancing, as the broker counts them.
async fn members_of(group: &Group) -> Option<usize> {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &group.kafka.brokers);
    let name = group.name.clone();
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = client.create().unwrap();
        let groups = consumer.fetch_group_list(Some(&name), LIMIT).unwrap();
        groups.groups().iter().find(|found| found.state() == "Stable").map(|found| found.members().len())
    });
    asked.await.unwrap()
}

async fn is_counted(group: &Group, members: usize, limit: Duration) {
    let started = Instant::now();
    while members_of(group).await != Some(members) {
        assert!(started.elapsed() < limit, "the group has not got {members} members after {limit:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_member_that_left_without_ever_having_a_partition() {
    let mut group = Group::new(1).await;
    let load = Load::start(KafkaPublisher::new(&group.kafka).unwrap(), &group.topic);
    let one = group.join(0).await;
    let two = group.join(1).await;
    is_counted(&group, 2, LIMIT).await;
    two.leave().await;
    is_counted(&group, 1, TAKEN_OVER).await;
    let total = load.finish().await;
    group.ledger.complete(total).await;
    one.leave().await;
    assert_eq!(group.ledger.check(total), 0);
}
