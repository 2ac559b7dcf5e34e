use std::collections::HashMap;
use std::future::pending;

use super::recorder::{Recorder, number};
use super::{Bus, RawRecord, envelope, fresh_group, publish_all};
use crate::{Delivery, Failure, Handler, Outcome, Together, by_halves};

/// Poison of both kinds, beside good events of the same key and the same partition: it goes to the dead letters, and
/// everything else arrives once and in order.
pub async fn poison_holds_up_neither_its_key_nor_its_partition<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let group = fresh_group();
    let publisher = bus.publisher();
    let key = |number: usize| if number.is_multiple_of(2) { "poisoned" } else { "beside" };
    let batch: Vec<_> = (0..20).map(|number| envelope(&topic, key(number), number)).collect();
    publish_all(&publisher, &batch[..10]).await;
    let undecodable = RawRecord {
        key: Some(b"poisoned".to_vec()),
        payload: Some(b"no event".to_vec()),
        headers: HashMap::default(),
    };
    bus.write(&topic, undecodable).await;
    publish_all(&publisher, &batch[10..]).await;

    let recorder = Recorder::new(|delivery| match number(delivery) {
        4 => Outcome::Reject("no such thing".to_owned()),
        _ => Outcome::Done,
    });
    let member = bus.subscribe(&group, &topic, recorder.clone());
    recorder.wait_for("everything that can be read", |seen| seen.len() >= 20).await;
    let letters = bus.read(&format!("{group}.dead-letters"), 2).await;
    member.stop().await;
    let reasons: Vec<_> = letters.iter().map(|letter| letter.header("__fitness.errors.reason")).collect();
    assert_eq!(reasons, ["rejected", "undecodable"]);
    let done = recorder.done_by_key();
    assert_eq!(done["poisoned"], [0, 2, 6, 8, 10, 12, 14, 16, 18]);
    assert_eq!(done["beside"], [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
}

/// Stores batches as a transaction does: all of it or nothing, and the tables refuse number 123.
struct Table(Recorder);

impl Together for Table {
    type Item = usize;
    type Done = ();

    async fn attempt(&self, numbers: &[usize]) -> Result<(), Failure> {
        if numbers.contains(&123) { Err(Failure::Event("the tables refuse it".to_owned())) } else { Ok(()) }
    }
}

impl Handler for Table {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        self.0.handle(batch).await;
        let mut outcomes: HashMap<usize, Outcome> = HashMap::new();
        for (numbers, stored) in by_halves(self, batch.iter().map(number).collect()).await {
            outcomes.extend(numbers.into_iter().map(|number| (number, stored.clone().into())));
        }
        batch.iter().map(|delivery| outcomes[&number(delivery)].clone()).collect()
    }
}

/// Of a batch of five hundred the tables refuse one: that one is a dead letter, and the rest needs no second delivery.
pub async fn one_refused_event_costs_its_batch_nothing<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let group = fresh_group();
    let batch: Vec<_> = (0..500).map(|number| envelope(&topic, &format!("key-{number}"), number)).collect();
    publish_all(&bus.publisher(), &batch).await;
    let recorder = Recorder::accepting();
    let member = bus.subscribe(&group, &topic, Table(recorder.clone()));
    recorder.wait_for("five hundred events", |seen| seen.len() >= 500).await;
    let letters = bus.read(&format!("{group}.dead-letters"), 1).await;
    member.stop().await;
    assert_eq!(letters[0].payload.as_deref(), Some(&b"123"[..]));
    assert_eq!(letters[0].header("__fitness.errors.message"), "the tables refuse it");
    assert_eq!(recorder.numbers(), (0..500).collect::<Vec<_>>(), "each comes once and in its order");
}

/// Never answers to number 4.
struct HangsAtNumber4(Recorder);

impl Handler for HangsAtNumber4 {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        if batch.iter().any(|delivery| number(delivery) == 4) {
            pending::<()>().await;
        }
        self.0.handle(batch).await
    }
}

/// An event at which the handler hangs for ever is given up; those of its key and of its partition get through.
pub async fn an_event_that_hangs_its_handler_holds_nothing_up<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let group = fresh_group();
    let mut batch: Vec<_> =
        (0..10).map(|number| envelope(&topic, &format!("key-{number}"), number)).collect();
    batch.push(envelope(&topic, "key-4", 10));
    publish_all(&bus.publisher(), &batch).await;
    let recorder = Recorder::accepting();
    let member = bus.subscribe(&group, &topic, HangsAtNumber4(recorder.clone()));
    recorder.wait_for("the event behind it", |seen| seen.iter().any(|seen| seen.number == 10)).await;
    let letters = bus.read(&format!("{group}.dead-letters"), 1).await;
    member.stop().await;
    assert_eq!(letters[0].header("__fitness.errors.reason"), "retries_exhausted");
    assert_eq!(letters[0].payload.as_deref(), Some(&b"4"[..]));
    let mut numbers = recorder.numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3, 5, 6, 7, 8, 9, 10]);
}

/// Positions rise within a partition, whatever fails in between, and what was finished does not come again after a stop.
pub async fn positions_never_go_back<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(3).await;
    let group = fresh_group();
    let batch: Vec<_> =
        (0..200).map(|number| envelope(&topic, &format!("key-{}", number % 20), number)).collect();
    publish_all(&bus.publisher(), &batch).await;
    let flaky = || {
        Recorder::new(|delivery| {
            let fails = number(delivery).is_multiple_of(7) && delivery.attempt == 1;
            if fails { Outcome::Retry("not yet".to_owned()) } else { Outcome::Done }
        })
    };
    let first = flaky();
    let member = bus.subscribe(&group, &topic, first.clone());
    first
        .wait_for("all of them", |seen| {
            seen.iter().filter(|seen| seen.outcome == Outcome::Done).count() == 200
        })
        .await;
    member.stop().await;
    let mut last = HashMap::new();
    for seen in first.seen().iter().filter(|seen| seen.outcome == Outcome::Done) {
        if let Some(before) = last.insert(seen.key.clone(), seen.position) {
            assert!(before < seen.position, "{} comes after {before} of its key", seen.position);
        }
    }

    publish_all(&bus.publisher(), &[envelope(&topic, "key-0", 200)]).await;
    let second = flaky();
    let member = bus.subscribe(&group, &topic, second.clone());
    second.wait_for("the one behind them", |seen| seen.iter().any(|seen| seen.number == 200)).await;
    member.stop().await;
    assert_eq!(second.numbers(), [200]);
}
