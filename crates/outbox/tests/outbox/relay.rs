//! The outbox on a real PostgreSQL.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::fixture::{LIMIT, Recorder, Running, commit, config, database, event, eventually, number};
use chrono::DateTime;
use eventbus::{Ack, PublishError};
use outbox::{Outbox, RelayConfig, backlog, erase, prune, replay};

const ACK: Ack = Ack { position: None };

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_published_if_and_only_if_its_transaction_commits() {
    let (pool, outbox, published) = (database().await, Outbox::new("test"), Recorder::accepting());
    let relay = Running::start(&pool, published.clone(), &outbox, config());
    let mut lost = pool.begin().await.unwrap();
    outbox.enqueue(&mut lost, &event("a", 1)).await.unwrap();
    lost.rollback().await.unwrap();
    let mut kept = pool.begin().await.unwrap();
    let id = outbox.enqueue(&mut kept, &event("a", 2)).await.unwrap();
    kept.commit().await.unwrap();
    outbox.committed();
    published.wait_for(1).await;
    relay.stop().await;

    let taken = published.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].id, number(&taken[0])), (id, 2));
    assert_eq!((taken[0].source.as_str(), taken[0].event_type.as_str()), ("test", "test.v1.Numbered"));
    assert_eq!((taken[0].topic.as_str(), taken[0].key.as_str()), ("test.events", "a"));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_key_keep_their_order_over_many_batches() {
    let (pool, outbox, published) = (database().await, Outbox::new("test"), Recorder::accepting());
    let relay = Running::start(&pool, published.clone(), &outbox, RelayConfig { batch_size: 7, ..config() });
    for start in (0..200).step_by(10) {
        let events: Vec<_> =
            (start..start + 10).map(|number| event(&format!("k{}", number % 3), number)).collect();
        commit(&pool, &outbox, &events).await;
    }
    published.wait_for(200).await;
    relay.stop().await;
    assert_eq!(published.numbers(), (0..200).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_late_is_not_skipped() {
    let (pool, outbox, published) = (database().await, Outbox::new("test"), Recorder::accepting());
    let relay = Running::start(&pool, published.clone(), &outbox, config());
    let mut early = pool.begin().await.unwrap();
    outbox.enqueue(&mut early, &event("a", 1)).await.unwrap();
    commit(&pool, &outbox, &[event("b", 2)]).await;
    published.wait_for(1).await;
    early.commit().await.unwrap();
    outbox.committed();
    published.wait_for(2).await;
    relay.stop().await;
    assert_eq!(published.numbers(), [2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_relays_is_active_and_the_other_takes_over() {
    let pool = database().await;
    let outbox = Outbox::new("test");
    let (first, second) = (Recorder::accepting(), Recorder::accepting());
    let active = Running::start(&pool, first.clone(), &outbox, config());
    commit(&pool, &outbox, &[event("a", 1)]).await;
    first.wait_for(1).await;
    let standby = Running::start(&pool, second.clone(), &outbox, config());
    for number in 2..20 {
        commit(&pool, &outbox, &[event("a", number)]).await;
        first.wait_for(number as usize).await;
    }
    assert!(second.taken().is_empty());

    // Commits of an event are marked a moment after they are published.
    eventually("all is marked", async || backlog(&pool).await.unwrap().pending == 0).await;
    active.crash().await;
    commit(&pool, &outbox, &[event("a", 20)]).await;
    second.wait_for(1).await;
    assert_eq!(second.numbers(), [20]);
    standby.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_whose_connection_breaks_comes_back() {
    let (pool, outbox, published) = (database().await, Outbox::new("test"), Recorder::accepting());
    let relay = Running::start(&pool, published.clone(), &outbox, config());
    commit(&pool, &outbox, &[event("a", 1)]).await;
    published.wait_for(1).await;
    sqlx::query(
        "SELECT pg_terminate_backend(pid)
         FROM pg_stat_activity
         WHERE application_name LIKE 'outbox %'
         AND datname = current_database()",
    )
    .execute(&pool)
    .await
    .unwrap();
    commit(&pool, &outbox, &[event("a", 2)]).await;
    eventually("the second event is there", async || published.numbers().contains(&2)).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_passes_commits_of_its_process_on() {
    let pool = database().await;
    let (here, there) = (Outbox::new("test"), Outbox::new("test"));
    let (first, second) = (Recorder::accepting(), Recorder::accepting());
    // The active one does not poll within the time this test has.
    let patient = RelayConfig { poll_interval: LIMIT * 2, ..config() };
    let active = Running::start(&pool, first.clone(), &here, patient);
    commit(&pool, &here, &[event("a", 1)]).await;
    first.wait_for(1).await;
    let standby = Running::start(&pool, second.clone(), &there, config());
    commit(&pool, &there, &[event("a", 2)]).await;
    first.wait_for(2).await;
    assert!(second.taken().is_empty());
    standby.stop().await;
    active.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_publishing_and_marking_repeats_the_event_with_its_id() {
    let (pool, outbox) = (database().await, Outbox::new("test"));
    let (before, after) = (Recorder::mute(), Recorder::accepting());
    let crashing = Running::start(&pool, before.clone(), &outbox, config());
    commit(&pool, &outbox, &[event("a", 1)]).await;
    before.wait_for(1).await;
    crashing.crash().await;
    let relay = Running::start(&pool, after.clone(), &outbox, config());
    after.wait_for(1).await;
    relay.stop().await;
    assert_eq!(*before.taken(), *after.taken());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_does_not_wait_for_a_silent_broker() {
    let (pool, outbox, published) = (database().await, Outbox::new("test"), Recorder::mute());
    let relay = Running::start(&pool, published.clone(), &outbox, config());
    commit(&pool, &outbox, &[event("a", 1)]).await;
    published.wait_for(1).await;
    let asked = std::time::Instant::now();
    relay.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert_eq!(backlog(&pool).await.unwrap().pending, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_refused_for_good_is_parked_and_lets_its_key_go_on() {
    let (pool, outbox) = (database().await, Outbox::new("test"));
    let attempts = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&attempts);
    let published = Recorder::new(move |envelope| match number(envelope) {
        1 => {
            counter.fetch_add(1, Ordering::Relaxed);
            Err(PublishError::Refused("too large".into()))
        }
        // As a publisher has to do while the event before it fails.
        2 if counter.load(Ordering::Relaxed) < 3 => Err(PublishError::Blocked),
        _ => Ok(ACK),
    });
    let relay = Running::start(&pool, published.clone(), &outbox, config());
    commit(&pool, &outbox, &[event("a", 1), event("a", 2), event("b", 3)]).await;
    published.wait_for(2).await;
    eventually("the rest is marked", async || backlog(&pool).await.unwrap().pending == 0).await;
    relay.stop().await;
    assert_eq!(published.numbers(), [3, 2]);
    assert_eq!(attempts.load(Ordering::Relaxed), 3);
    assert_eq!(backlog(&pool).await.unwrap().parked, 1);
    let reason: String =
        sqlx::query_scalar("SELECT reason FROM outbox.parked").fetch_one(&pool).await.unwrap();
    assert_eq!(reason, "too large");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_broker_burns_no_attempts() {
    let (pool, outbox) = (database().await, Outbox::new("test"));
    let away = Arc::new(AtomicBool::new(true));
    let (gate, refusals) = (Arc::clone(&away), Arc::new(AtomicU32::new(0)));
    let counter = Arc::clone(&refusals);
    let published = Recorder::new(move |_| {
        if gate.load(Ordering::Acquire) {
            counter.fetch_add(1, Ordering::Relaxed);
            return Err(PublishError::Unavailable("away".into()));
        }
        Ok(ACK)
    });
    let relay = Running::start(&pool, published.clone(), &outbox, config());
    commit(&pool, &outbox, &[event("a", 1), event("a", 2)]).await;
    // More often than an event may be refused.
    eventually("it was tried often", async || refusals.load(Ordering::Relaxed) > 10).await;
    let waiting = backlog(&pool).await.unwrap();
    assert_eq!((waiting.pending, waiting.parked), (2, 0));
    assert!(waiting.oldest_age.is_some());
    away.store(false, Ordering::Release);
    published.wait_for(2).await;
    relay.stop().await;
    assert_eq!(published.numbers(), [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn published_events_can_be_replayed_until_they_are_pruned() {
    let (pool, outbox, published) = (database().await, Outbox::new("test"), Recorder::accepting());
    let relay = Running::start(&pool, published.clone(), &outbox, config());
    commit(&pool, &outbox, &(1..=20).map(|number| event("a", number)).collect::<Vec<_>>()).await;
    published.wait_for(20).await;
    eventually("all is marked", async || backlog(&pool).await.unwrap().pending == 0).await;
    assert_eq!(prune(&pool, Duration::from_hours(1)).await.unwrap(), 0);

    assert_eq!(replay(&pool, DateTime::UNIX_EPOCH).await.unwrap(), 20);
    published.wait_for(40).await;
    eventually("all is marked again", async || backlog(&pool).await.unwrap().pending == 0).await;
    relay.stop().await;
    let taken = published.taken().clone();
    assert_eq!(taken[..20], taken[20..]);

    // Pruning looks at whole milliseconds.
    eventually("all is pruned", async || {
        prune(&pool, Duration::ZERO).await.unwrap();
        replay(&pool, DateTime::UNIX_EPOCH).await.unwrap() == 0
    })
    .await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox.events").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_lose_nothing_and_each_keeps_its_order() {
    let (pool, outbox, published) = (database().await, Outbox::new("test"), Recorder::accepting());
    let relay = Running::start(&pool, published.clone(), &outbox, RelayConfig { batch_size: 13, ..config() });
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let (pool, outbox) = (pool.clone(), outbox.clone());
            tokio::spawn(async move {
                for number in 0..50 {
                    commit(&pool, &outbox, &[event(&format!("w{writer}"), number)]).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    published.wait_for(300).await;
    relay.stop().await;
    let mut keys: HashMap<String, Vec<u32>> = HashMap::new();
    for envelope in published.taken().iter() {
        keys.entry(envelope.key.clone()).or_default().push(number(envelope));
    }
    assert_eq!(keys.len(), 6);
    for numbers in keys.values() {
        assert_eq!(*numbers, (0..50).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_twice_changes_nothing() {
    let pool = database().await;
    outbox::migrate(&pool).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_schema || '.' || table_name
         FROM information_schema.tables
         WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
         ORDER BY 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(tables, ["outbox.events", "outbox.migrations", "outbox.parked", "outbox.pending"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_a_key_takes_its_events_away_whether_they_were_published_or_not() {
    let (pool, outbox, published) = (database().await, Outbox::new("test"), Recorder::accepting());
    let relay = Running::start(&pool, published.clone(), &outbox, config());
    commit(&pool, &outbox, &[event("erased", 1), event("kept", 2)]).await;
    published.wait_for(2).await;
    relay.stop().await;
    commit(&pool, &outbox, &[event("erased", 3), event("kept", 4)]).await;

    let mut transaction = pool.begin().await.unwrap();
    assert_eq!(erase(&mut transaction, "erased").await.unwrap(), 2);
    outbox.enqueue(&mut transaction, &event("erased", 5)).await.unwrap();
    transaction.commit().await.unwrap();
    replay(&pool, DateTime::UNIX_EPOCH).await.unwrap();

    let published = Recorder::accepting();
    let relay = Running::start(&pool, published.clone(), &outbox, config());
    published.wait_for(3).await;
    relay.stop().await;
    assert_eq!(published.numbers(), [2, 4, 5]);
    assert_eq!(backlog(&pool).await.unwrap().pending, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_overtakes_an_event_that_the_broker_refuses_for_a_while() {
    let (pool, outbox) = (database().await, Outbox::new("test"));
    let refusals = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&refusals);
    let recorder = Recorder::new(move |envelope| {
        if number(envelope) == 1 && counted.fetch_add(1, Ordering::Relaxed) < 2 {
            return Err(PublishError::Refused("not yet".into()));
        }
        Ok(Ack { position: None })
    });
    commit(&pool, &outbox, &[event("a", 1), event("a", 2), event("b", 3), event("a", 4)]).await;
    let relay = Running::start(&pool, recorder.clone(), &outbox, config());
    eventually("everything is published", async || backlog(&pool).await.unwrap().pending == 0).await;
    relay.stop().await;
    let of_a: Vec<_> = recorder.numbers().into_iter().filter(|number| *number != 3).collect();
    // What was on its way together with the refused event is there again behind it; after that nothing passes it.
    assert_eq!(of_a, [2, 4, 1, 2, 4]);
    assert_eq!(refusals.load(Ordering::Relaxed), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_bounded_in_bytes_and_what_is_behind_it_follows_at_once() {
    let (pool, outbox) = (database().await, Outbox::new("test"));
    let events: Vec<_> = (0..50).map(|number| event(&"k".repeat(1_000), number)).collect();
    commit(&pool, &outbox, &events).await;
    let recorder = Recorder::accepting();
    let config = RelayConfig { batch_bytes: 3_000, poll_interval: LIMIT, ..config() };
    let relay = Running::start(&pool, recorder.clone(), &outbox, config);
    recorder.wait_for(50).await;
    assert_eq!(recorder.numbers(), (0..50).collect::<Vec<_>>());
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_beside_an_erasure_leaves_nothing_pending_without_its_event() {
    let (pool, outbox) = (database().await, Outbox::new("test"));
    for round in 0..20 {
        let events: Vec<_> = (0..20).map(|number| event("a", number)).collect();
        commit(&pool, &outbox, &events).await;
        sqlx::query("DELETE FROM outbox.pending").execute(&pool).await.unwrap();
        let erasure = async {
            let mut transaction = pool.begin().await.unwrap();
            outbox::erase(&mut transaction, "a").await.unwrap();
            transaction.commit().await.unwrap();
        };
        let replay = async { outbox::replay(&pool, DateTime::UNIX_EPOCH).await.unwrap() };
        if round % 2 == 0 {
            tokio::join!(erasure, replay);
        } else {
            tokio::join!(replay, erasure);
        }
        let left: i64 =
            sqlx::query_scalar("SELECT count(*) FROM outbox.pending").fetch_one(&pool).await.unwrap();
        assert_eq!(left, 0, "in round {round}");
    }
    // One that was left behind by something else goes with the next pruning and stands in nobody's way.
    sqlx::query("INSERT INTO outbox.pending (position, event_id) VALUES (0, gen_random_uuid())")
        .execute(&pool)
        .await
        .unwrap();
    outbox::prune(&pool, LIMIT).await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox.pending").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
}
