use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn window(keys: &[&'static str]) -> Window<&'static str, i64> {
    let mut window = Window::default();
    for (offset, key) in keys.iter().enumerate() {
        window.push(offset as i64, Some(*key), 1, offset as i64);
    }
    window
}

fn records(batch: &[(Ticket, i64)]) -> Vec<i64> {
    batch.iter().map(|(_, record)| *record).collect()
}

#[test]
fn a_batch_holds_each_key_once() {
    let mut window = window(&["a", "b", "a", "c", "b"]);
    let now = Instant::now();
    assert_eq!(records(&window.take(now, 10, usize::MAX)), [0, 1, 3]);
    assert!(window.take(now, 10, usize::MAX).is_empty());
}

#[test]
fn the_position_stops_at_the_first_unfinished_record() {
    let mut window = window(&["a", "b", "c"]);
    let batch = window.take(Instant::now(), 10, usize::MAX);
    window.finish(batch[1].0);
    assert_eq!(window.position(), None);
    window.finish(batch[0].0);
    assert_eq!(window.position(), Some(2));
    window.finish(batch[2].0);
    assert_eq!((window.position(), window.len()), (Some(3), 0));
}

#[test]
fn a_record_put_back_holds_back_its_key_only() {
    let mut window = window(&["a", "b", "a", "b"]);
    let now = Instant::now();
    let due = now + Duration::from_secs(1);
    let batch = window.take(now, 10, usize::MAX);
    window.put_back(batch[0].0, 0, due, false);
    window.finish(batch[1].0);
    assert_eq!(records(&window.take(now, 10, usize::MAX)), [3]);
    assert_eq!(window.next_due(), Some(due));
    assert_eq!(records(&window.take(due, 10, usize::MAX)), [0]);
}

#[test]
fn a_record_that_goes_alone_is_a_batch_of_its_own() {
    let mut window = window(&["a", "b", "c"]);
    let now = Instant::now();
    let batch = window.take(now, 2, usize::MAX);
    for (ticket, record) in batch {
        window.put_back(ticket, record, now, true);
    }
    assert_eq!(records(&window.take(now, 10, usize::MAX)), [0]);
    assert_eq!(records(&window.take(now, 10, usize::MAX)), [1]);
    assert_eq!(records(&window.take(now, 10, usize::MAX)), [2]);
}

#[test]
fn records_without_key_wait_for_nobody() {
    let mut window: Window<&str, i64> = Window::default();
    window.push(0, None, 1, 0);
    window.push(1, None, 1, 1);
    assert_eq!(records(&window.take(Instant::now(), 10, usize::MAX)), [0, 1]);
}

#[test]
fn a_batch_is_bounded_in_bytes_and_one_record_always_fits() {
    let mut window = Window::default();
    for (offset, bytes) in [(0, 900), (1, 90), (2, 20), (3, 5)] {
        window.push(offset, Some(offset), bytes, offset);
    }
    let now = Instant::now();
    assert_eq!(window.bytes(), 1015);
    let batch = window.take(now, 10, 100);
    assert_eq!(records(&batch), [0]);
    window.finish(batch[0].0);
    assert_eq!(window.bytes(), 115);
    assert_eq!(records(&window.take(now, 10, 100)), [1]);
    assert_eq!(records(&window.take(now, 10, 100)), [2, 3]);
}

proptest! {
    /// Whatever fails and in whatever sizes it is taken: each key is finished in order, nothing is lost, and the
    /// position never passes an unfinished record.
    #[test]
    fn keys_stay_in_order_and_the_position_is_safe(
        keys in prop::collection::vec(0u8..5, 1..60),
        choices in prop::collection::vec((any::<bool>(), any::<bool>(), 1usize..8), 1..200),
    ) {
        let mut window = Window::default();
        for (offset, key) in keys.iter().enumerate() {
            window.push(offset as i64, Some(*key), 1, offset);
        }
        let now = Instant::now();
        let mut finished = Vec::new();
        let mut choices = choices.into_iter();
        while !window.is_empty() {
            let (fails, alone, max) = choices.next().unwrap_or((false, false, 8));
            let batch = window.take(now, max, usize::MAX);
            prop_assert!(!batch.is_empty());
            for (index, (ticket, record)) in batch.into_iter().enumerate() {
                if fails && index % 2 == 0 {
                    window.put_back(ticket, record, now, alone);
                } else {
                    window.finish(ticket);
                    finished.push(record);
                }
            }
            let position = window.position().unwrap_or(0) as usize;
            prop_assert!((0..position).all(|offset| finished.contains(&offset)));
        }
        prop_assert_eq!(window.position(), Some(keys.len() as i64));
        prop_assert_eq!(finished.len(), keys.len());
        let mut last: HashMap<u8, usize> = HashMap::new();
        for record in finished {
            let before = last.insert(keys[record], record);
            prop_assert!(before.is_none_or(|before| before < record));
        }
    }
}
