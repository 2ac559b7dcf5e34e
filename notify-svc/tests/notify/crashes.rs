//! Workers that die, and leases that run out.

use std::time::Duration;

use chrono::TimeDelta;
use embedded::mailbox::{Command, Fault};
use notify_svc::ledger::attempts::{self, Lease, Recorded, Settlement};
use notify_svc::ledger::claims::{self, Claim};
use notify_svc::notification::State;
use uuid::Uuid;

use crate::stage::{Stage, TRACEPARENT, eventually, start, verified};

const LEASE: Duration = Duration::from_millis(300);

fn lease(claim: &Claim) -> Lease {
    Lease { notification_id: claim.notification_id, fence: claim.fence }
}

fn sent(claim: &Claim) -> Settlement {
    let lease = lease(claim);
    Settlement {
        lease,
        state: State::Sent,
        retry_in: None,
        attempts_change: 0,
        reply: None,
        detail: None,
        report: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_had_claimed_but_not_begun_is_sent_once_by_another() {
    let stage = Stage::new().await;
    let people = stage.people(5, "en").await;
    stage.take_all(&people.iter().map(verified).collect::<Vec<_>>()).await;
    let dead = Uuid::now_v7();
    assert_eq!(claims::claim(&stage.pool, dead, 10, LEASE).await.unwrap().len(), 5);
    let workers = stage.start(stage.config(2));
    assert!(eventually(async || stage.count("state = 'sent' AND attempts = 1").await == 5).await);
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 5);
    assert_eq!(stage.published("NotificationInDoubt").await, 0);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_was_sending_is_in_doubt_and_sent_again() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    stage.take_all(&[stage.code(&person, "111111", TimeDelta::minutes(15))]).await;
    let dead = Uuid::now_v7();
    let claims = claims::claim(&stage.pool, dead, 10, LEASE).await.unwrap();
    let mut connection = stage.pool.acquire().await.unwrap();
    let leases = [lease(&claims[0])];
    let begun = attempts::record(&mut connection, dead, &[], &leases, LEASE).await.unwrap().begun;
    assert_eq!(begun, [claims[0].notification_id]);
    // The worker repeats what it got no answer to.
    let again = attempts::record(&mut connection, dead, &[], &leases, LEASE).await.unwrap().begun;
    assert_eq!(again, begun);
    let workers = stage.start(stage.config(1));
    stage.wait_for_state(&person, "sent").await;
    assert_eq!(stage.timeline(&person).await, ["pending", "sending", "in_doubt", "sending", "sent"]);
    assert_eq!(stage.published("NotificationInDoubt").await, 1);
    assert_eq!(stage.published_traces().await, [TRACEPARENT; 2]);

    // Should the dead one turn out to be merely slow, it changes nothing any more.
    let late = Settlement { state: State::Failed, ..sent(&claims[0]) };
    let settled = attempts::record(&mut connection, dead, &[late], &[], LEASE).await.unwrap().settled;
    assert_eq!(settled, []);
    assert_eq!(stage.standing(&person).await.0, "sent");
    drop(connection);
    workers.stop().await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_lease_was_taken_over_may_neither_send_nor_write() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    stage.take_all(&[verified(&person)]).await;
    let (slow, quick) = (Uuid::now_v7(), Uuid::now_v7());
    let old = claims::claim(&stage.pool, slow, 1, Duration::ZERO).await.unwrap();
    assert!(
        eventually(async || !claims::claim(&stage.pool, quick, 1, LEASE).await.unwrap().is_empty()).await
    );
    let mut connection = stage.pool.acquire().await.unwrap();
    let written = attempts::record(&mut connection, slow, &[sent(&old[0])], &[lease(&old[0])], LEASE).await;
    assert_eq!(written.unwrap(), Recorded::default());
    assert_eq!(stage.standing(&person).await, ("pending".to_owned(), 0));
    drop(connection);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_gives_claims_back_at_once() {
    let stage = Stage::new().await;
    let slow = Fault::Delay { at: Command::FinalDot, duration: Duration::from_millis(500) };
    stage.mailbox.inject(slow, 100);
    let people = stage.people(50, "en").await;
    stage.take_all(&people.iter().map(verified).collect::<Vec<_>>()).await;
    let workers = stage.start(stage.config(2));
    assert!(eventually(async || stage.count("lease_owner IS NOT NULL").await == 50).await);
    workers.stop().await;
    assert_eq!(stage.count("lease_owner IS NOT NULL").await, 0);
    assert_eq!(stage.count("state NOT IN ('pending', 'sent')").await, 0);
    assert_eq!(stage.count("state = 'sent'").await, stage.mailbox.messages().len() as i64);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_in_the_middle_loses_nothing_and_doubles_at_most_one_mail_a_connection() {
    const CONNECTIONS: usize = 4;
    const MAILS: usize = 200;
    let stage = Stage::new().await;
    let people = stage.people(MAILS, "en").await;
    stage.take_all(&people.iter().map(verified).collect::<Vec<_>>()).await;

    // A runtime that is dropped without a word to anybody is as near to kill -9 as one process gets.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (url, keys, wake, config) =
        (stage.database_url.clone(), stage.keys.clone(), stage.wake.clone(), stage.config(CONNECTIONS));
    runtime.spawn(async move {
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        let running = start(pool, keys, wake, config);
        running.tasks.shutdown().cancelled().await;
    });
    assert!(eventually(async || stage.mailbox.messages().len() > 40).await);
    runtime.shutdown_background();

    let workers = stage.start(stage.config(CONNECTIONS));
    assert!(eventually(async || stage.count("state = 'sent'").await == MAILS as i64).await);
    workers.stop().await;
    let arrived = stage.mailbox.messages().len();
    assert!((MAILS..=MAILS + CONNECTIONS).contains(&arrived), "{arrived} mails arrived");
    for person in &people {
        assert!(!stage.mailbox.messages_to(&person.email).is_empty());
    }
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_stopped_in_the_middle_of_a_mail_does_not_send_it_once_more_when_it_goes_on() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    stage.take_all(&[verified(&person)]).await;
    stage.mailbox.inject(Fault::Delay { at: Command::Data, duration: Duration::from_secs(2) }, 1);

    // A runtime with one thread, which is kept busy, is as near to SIGSTOP as a part of a process gets.
    let (url, keys, wake, config) =
        (stage.database_url.clone(), stage.keys.clone(), stage.wake.clone(), stage.config(1));
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let (halt, halted) = tokio::sync::oneshot::channel::<()>();
    let slow = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let pool = sqlx::PgPool::connect(&url).await.unwrap();
            let running = start(pool, keys, wake, config);
            halted.await.unwrap();
            stopped.recv().unwrap();
            // What lies on the connection by now is read before the end.
            running.stop().await;
        });
    });
    stage.wait_for_state(&person, "sending").await;
    halt.send(()).unwrap();

    let workers = stage.start(stage.config(1));
    stage.wait_for_state(&person, "sent").await;
    assert_eq!(stage.timeline(&person).await, ["pending", "sending", "in_doubt", "sending", "sent"]);
    stop.send(()).unwrap();
    tokio::task::spawn_blocking(move || slow.join().unwrap()).await.unwrap();
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 1);
    assert_eq!(stage.standing(&person).await.0, "sent");
    stage.finish().await;
}
