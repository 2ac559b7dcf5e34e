use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::recorder::Recorder;
use super::{Bus, envelopes, fresh_group, publish_all};

/// Members that join a group take part of its partitions, and nothing is lost or reordered on the way.
pub async fn members_share_the_partitions<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(4).await;
    let group = fresh_group();
    let publisher = bus.publisher();
    // Both members write into one record, so order is judged over both.
    let recorder = Recorder::accepting();
    let (first, second) = (Recorder::accepting(), Recorder::accepting());
    let one = bus.subscribe(&group, &topic, (recorder.clone(), first));
    let records = envelopes(&topic, 40, 40_000);
    let mut rounds = records.chunks(40);
    let mut total = 0;
    let started = Instant::now();
    let mut two = None;
    while second.seen().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(40), "the second member gets no partition");
        let round = rounds.next().expect("a thousand rounds take longer than a rebalance");
        publish_all(&publisher, round).await;
        total += round.len();
        recorder.wait_for("this round", |seen| distinct(seen) >= total).await;
        two.get_or_insert_with(|| bus.subscribe(&group, &topic, (recorder.clone(), second.clone())));
    }
    one.stop().await;
    two.expect("the second member saw records").stop().await;
    assert_eq!(recorder.numbers().into_iter().collect::<HashSet<_>>(), (0..total).collect());
}

/// A member that stops leaves the group, so the next one need not wait for its session to time out.
pub async fn a_leaving_member_is_replaced_at_once<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(2).await;
    let group = fresh_group();
    let publisher = bus.publisher();
    let records = envelopes(&topic, 10, 20);
    let first = Recorder::accepting();
    let member = bus.subscribe(&group, &topic, first.clone());
    publish_all(&publisher, &records[..10]).await;
    first.wait_for("the first member", |seen| seen.len() >= 10).await;
    member.stop().await;

    let left = Instant::now();
    publish_all(&publisher, &records[10..]).await;
    let second = Recorder::accepting();
    let member = bus.subscribe(&group, &topic, second.clone());
    second.wait_for("the second member", |seen| seen.len() >= 10).await;
    let took = left.elapsed();
    member.stop().await;
    assert!(took < Duration::from_secs(6), "the partitions were free after {took:?}");
}

fn distinct(seen: &[super::recorder::Seen]) -> usize {
    seen.iter().map(|seen| seen.number).collect::<HashSet<_>>().len()
}
