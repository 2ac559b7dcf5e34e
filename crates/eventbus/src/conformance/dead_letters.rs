use std::collections::HashMap;

use super::recorder::{Recorder, number};
use super::{Bus, RawRecord, envelope, fresh_group, publish_all};
use crate::Outcome;

/// A rejected record is kept byte by byte with the reason, and the partition goes on.
pub async fn a_rejected_record_becomes_a_dead_letter<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let group = fresh_group();
    let batch: Vec<_> = (0..3).map(|number| envelope(&topic, "a", number)).collect();
    let positions = publish_all(&bus.publisher(), &batch).await;
    let recorder = Recorder::new(|delivery| match number(delivery) {
        1 => Outcome::Reject("no such thing".to_owned()),
        _ => Outcome::Done,
    });
    let member = bus.subscribe(&group, &topic, recorder.clone());
    recorder.wait_for("the record behind", |seen| seen.iter().any(|seen| seen.number == 2)).await;
    member.stop().await;

    let letter = read_letter(bus, &group).await;
    let original = &batch[1];
    assert_eq!(letter.payload.as_deref(), Some(&original.payload[..]));
    assert_eq!(letter.key.as_deref(), Some(&b"a"[..]));
    assert_eq!(letter.header("ce_id"), original.id.to_string());
    assert_eq!(letter.header("ce_type"), original.event_type);
    assert_eq!(letter.header("__fitness.errors.group"), group);
    assert_eq!(letter.header("__fitness.errors.topic"), topic);
    let position = letter.position();
    assert!(positions[1].is_none_or(|published| published == position), "{positions:?} {position}");
    assert_eq!(letter.header("__fitness.errors.reason"), "rejected");
    assert_eq!(letter.header("__fitness.errors.attempts"), "1");
    assert_eq!(letter.header("__fitness.errors.message"), "no such thing");

    // Its offset counts as finished: the group does not see it again.
    publish_all(&bus.publisher(), &[envelope(&topic, "a", 3)]).await;
    let next = Recorder::accepting();
    let member = bus.subscribe(&group, &topic, next.clone());
    next.wait_for("the next record", |seen| !seen.is_empty()).await;
    member.stop().await;
    assert_eq!(next.numbers(), [3]);
}

/// A record that fails more often than the policy allows becomes a dead letter too.
pub async fn an_exhausted_record_becomes_a_dead_letter<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let group = fresh_group();
    publish_all(&bus.publisher(), &[envelope(&topic, "a", 0)]).await;
    let recorder = Recorder::new(|_| Outcome::Retry("still not".to_owned()));
    let member = bus.subscribe(&group, &topic, recorder.clone());
    let letter = read_letter(bus, &group).await;
    member.stop().await;
    assert_eq!(recorder.seen().len(), 3);
    assert_eq!(letter.header("__fitness.errors.reason"), "retries_exhausted");
    assert_eq!(letter.header("__fitness.errors.attempts"), "3");
    assert_eq!(letter.header("__fitness.errors.message"), "still not");
}

/// Records of strangers become dead letters without reaching the handler, and the partition goes on.
pub async fn an_undecodable_record_becomes_a_dead_letter<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let group = fresh_group();
    let foreign = RawRecord {
        key: Some(b"k\xff".to_vec()),
        payload: Some(b"{\"json\": true}".to_vec()),
        headers: HashMap::from([("x-foreign".to_owned(), b"\xfe".to_vec())]),
    };
    bus.write(&topic, foreign.clone()).await;
    publish_all(&bus.publisher(), &[envelope(&topic, "a", 1)]).await;
    let recorder = Recorder::accepting();
    let member = bus.subscribe(&group, &topic, recorder.clone());
    recorder.wait_for("the record behind", |seen| !seen.is_empty()).await;
    let letter = read_letter(bus, &group).await;
    member.stop().await;

    assert_eq!(recorder.numbers(), [1]);
    assert_eq!((&letter.key, &letter.payload), (&foreign.key, &foreign.payload));
    assert_eq!(letter.headers["x-foreign"], b"\xfe");
    assert_eq!(letter.header("__fitness.errors.reason"), "undecodable");
    assert_eq!(letter.header("__fitness.errors.attempts"), "0");
    letter.position();
}

async fn read_letter<B: Bus>(bus: &B, group: &str) -> RawRecord {
    let mut letters = bus.read(&format!("{group}.dead-letters"), 1).await;
    assert_eq!(letters.len(), 1);
    letters.remove(0)
}
