use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use super::recorder::{Recorder, number};
use super::{Bus, envelope, envelopes, fresh_group, publish_all};
use crate::{Delivery, Handler, Outcome};

/// Every key arrives in the order in which it was published.
pub async fn records_of_a_key_keep_their_order<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(3).await;
    let publisher = bus.publisher();
    for batch in envelopes(&topic, 10, 600).chunks(100) {
        publish_all(&publisher, batch).await;
    }
    let recorder = Recorder::accepting();
    let member = bus.subscribe(&fresh_group(), &topic, recorder.clone());
    recorder.wait_for("all records", |seen| seen.len() >= 600).await;
    member.stop().await;
    let keys = recorder.done_by_key();
    assert_eq!(keys.len(), 10);
    for numbers in keys.values() {
        assert_eq!(numbers.len(), 60);
        assert!(numbers.is_sorted());
    }
}

/// A handler that never comes back, as when the process dies inside it.
struct Stuck {
    entered: watch::Sender<usize>,
}

impl Handler for Stuck {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        self.entered.send_modify(|records| *records += batch.len());
        pending().await
    }
}

/// Records whose effect was not confirmed come again.
pub async fn a_crash_before_the_commit_repeats_the_records<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let group = fresh_group();
    publish_all(&bus.publisher(), &envelopes(&topic, 3, 3)).await;

    let (entered, mut records) = watch::channel(0);
    let crashing = bus.subscribe(&group, &topic, Stuck { entered });
    let entered = tokio::time::timeout(super::LIMIT, records.wait_for(|records| *records > 0)).await;
    entered.expect("the handler is called in time").expect("the handler lives");
    crashing.stop().await;

    let recorder = Recorder::accepting();
    let member = bus.subscribe(&group, &topic, recorder.clone());
    recorder.wait_for("the repeated records", |seen| seen.len() >= 3).await;
    assert_eq!(recorder.numbers(), [0, 1, 2]);
    member.stop().await;
}

/// A member that leaves has committed what it finished; the next one starts behind it.
pub async fn a_group_resumes_where_it_committed<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(2).await;
    let group = fresh_group();
    let publisher = bus.publisher();
    let records = envelopes(&topic, 20, 200);
    publish_all(&publisher, &records[..100]).await;
    let first = Recorder::accepting();
    let member = bus.subscribe(&group, &topic, first.clone());
    first.wait_for("the first half", |seen| seen.len() >= 100).await;
    member.stop().await;

    publish_all(&publisher, &records[100..]).await;
    let second = Recorder::accepting();
    let member = bus.subscribe(&group, &topic, second.clone());
    second.wait_for("the second half", |seen| seen.len() >= 100).await;
    member.stop().await;
    assert_eq!(second.numbers().into_iter().collect::<HashSet<_>>(), (100..200).collect());
}

/// A record that has to be retried delays its key; the other keys of its partition go on.
pub async fn a_retry_holds_back_its_key_alone<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let group = fresh_group();
    let mut batch = vec![envelope(&topic, "slow", 0), envelope(&topic, "slow", 1)];
    batch.extend((2..50).map(|number| envelope(&topic, &format!("fast-{number}"), number)));
    publish_all(&bus.publisher(), &batch).await;

    // The slow key succeeds once all the others are through, which they can only be if it does not hold them back.
    let others_are_through = std::sync::Arc::new(AtomicBool::new(false));
    let gate = std::sync::Arc::clone(&others_are_through);
    let recorder = Recorder::new(move |delivery| {
        let slow = delivery.envelope.key == "slow";
        if slow && delivery.attempt < 3 && !gate.load(Ordering::Acquire) {
            Outcome::Retry("not yet".to_owned())
        } else {
            Outcome::Done
        }
    });
    let member = bus.subscribe(&group, &topic, recorder.clone());
    let fast = |seen: &[super::recorder::Seen]| seen.iter().filter(|seen| seen.key != "slow").count();
    recorder.wait_for("the other keys", |seen| fast(seen) == 48).await;
    others_are_through.store(true, Ordering::Release);
    let done =
        |seen: &[super::recorder::Seen]| seen.iter().filter(|seen| seen.outcome == Outcome::Done).count();
    recorder.wait_for("the slow key", |seen| done(seen) == 50).await;
    member.stop().await;
    assert_eq!(recorder.done_by_key()["slow"], [0, 1]);
    let attempts: Vec<u32> =
        recorder.seen().iter().filter(|seen| seen.number == 0).map(|seen| seen.attempt).collect();
    assert!(attempts.len() >= 2 && attempts.is_sorted(), "{attempts:?}");
}

/// A handler that panics is called again, and the records beside the one that caused it get through.
pub async fn a_panic_is_a_retry<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    publish_all(&bus.publisher(), &envelopes(&topic, 10, 10)).await;
    let recorder = Recorder::new(|delivery| {
        assert!(number(delivery) != 4 || delivery.attempt > 2, "the first two attempts at number 4 panic");
        Outcome::Done
    });
    let member = bus.subscribe(&fresh_group(), &topic, recorder.clone());
    recorder
        .wait_for("all records", |seen| {
            seen.iter().map(|seen| seen.number).collect::<HashSet<_>>().len() == 10
        })
        .await;
    member.stop().await;
}

/// A handler that does not come back is given up and called again, and the records beside the one that caused it get
/// through.
pub async fn a_hung_handler_is_a_retry<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    publish_all(&bus.publisher(), &envelopes(&topic, 10, 10)).await;
    let recorder = Recorder::accepting();
    let member = bus.subscribe(&fresh_group(), &topic, HangsAtNumber4(recorder.clone()));
    recorder
        .wait_for("all records", |seen| {
            seen.iter().map(|seen| seen.number).collect::<HashSet<_>>().len() == 10
        })
        .await;
    member.stop().await;
    let attempts: HashMap<_, _> = recorder.seen().iter().map(|seen| (seen.number, seen.attempt)).collect();
    assert_eq!(attempts[&4], 3, "{attempts:?}");
    let others_wait_once = attempts.iter().all(|(number, attempt)| *number == 4 || *attempt <= 2);
    assert!(others_wait_once, "number 4 hangs alone the second time: {attempts:?}");
}

/// Does not answer to the first two attempts at number 4.
struct HangsAtNumber4(Recorder);

impl Handler for HangsAtNumber4 {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        if batch.iter().any(|delivery| number(delivery) == 4 && delivery.attempt < 3) {
            pending::<()>().await;
        }
        self.0.handle(batch).await
    }
}

/// Nothing is lost in bulk, and order holds there too.
pub async fn ten_thousand_records_arrive<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(6).await;
    let publisher = bus.publisher();
    let recorder = Recorder::accepting();
    let member = bus.subscribe(&fresh_group(), &topic, recorder.clone());
    for batch in envelopes(&topic, 250, 10_000).chunks(1_000) {
        publish_all(&publisher, batch).await;
    }
    recorder.wait_for("10,000 records", |seen| seen.len() >= 10_000).await;
    member.stop().await;
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for number in recorder.numbers() {
        *counts.entry(number).or_default() += 1;
    }
    assert_eq!(counts.len(), 10_000);
    assert!(recorder.done_by_key().values().all(|numbers| numbers.is_sorted()));
}
