use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use tokio::time::timeout;

use super::*;

const LIMIT: Duration = Duration::from_mins(1);

/// What happened, in the order in which it did.
#[derive(Clone, Default)]
struct Story(Arc<Mutex<Vec<&'static str>>>);

impl Story {
    fn tell(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn so_far(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

async fn frame(drain: DrainConfig) -> Frame {
    Frame::bind(([127, 0, 0, 1], 0).into(), "OPS_ADDR", drain).await.unwrap()
}

fn drain(delay: Duration) -> DrainConfig {
    DrainConfig { delay, deadline: LIMIT }
}

async fn is_watched(ops: SocketAddr) -> bool {
    tokio::net::TcpStream::connect(ops).await.is_ok()
}

#[tokio::test]
async fn a_stop_says_so_first_then_ends_the_front_then_the_rear_and_can_be_watched_until_there() {
    let mut frame = frame(drain(Duration::from_millis(1))).await;
    let (story, health, ops) = (Story::default(), frame.health(), frame.ops_addr().unwrap());
    let last_work = Arc::new(Notify::new());
    let (told, at_work, of) = (story.clone(), Arc::clone(&last_work), health.clone());
    frame.front("work", |stop| async move {
        stop.cancelled().await;
        assert!(of.report().draining, "it said so before");
        told.tell("the front takes no more work");
        at_work.notified().await;
        told.tell("the front has ended");
    });
    let told = story.clone();
    frame.rear("relay", |stop| async move {
        stop.cancelled().await;
        told.tell("the rear ends");
    });
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(frame.run_until(shutdown.clone()));

    assert!(is_watched(ops).await);
    shutdown.cancel();
    timeout(LIMIT, health.watch().wait_for(|report| report.draining)).await.unwrap().unwrap();
    timeout(LIMIT, async {
        while story.so_far().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(story.so_far(), ["the front takes no more work"], "the rear waits for the front");
    assert!(is_watched(ops).await, "the drain can be watched");
    last_work.notify_one();
    timeout(LIMIT, running).await.unwrap().unwrap().unwrap();
    assert_eq!(story.so_far(), ["the front takes no more work", "the front has ended", "the rear ends"]);
    assert!(!is_watched(ops).await, "nothing is left");
}

#[tokio::test]
async fn work_goes_on_during_the_delay() {
    let mut frame = frame(drain(LIMIT)).await;
    let (health, stopping) = (frame.health(), frame.stopping());
    frame.front("work", |stop| async move { stop.cancelled().await });
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let over = timeout(Duration::from_millis(50), frame.run_until(shutdown)).await;
    assert!(over.is_err(), "the delay is not over");
    assert!(health.report().draining && !stopping.is_cancelled());
}

#[tokio::test]
async fn a_task_that_fails_stops_the_others_and_is_the_reason() {
    for in_the_rear in [false, true] {
        let mut frame = frame(drain(LIMIT)).await;
        let broken = |_| async { Err(std::io::Error::other("boom")) };
        if in_the_rear {
            frame.rear("broken", broken);
        } else {
            frame.front("broken", broken);
        }
        frame.front("work", |stop| async move { stop.cancelled().await });
        frame.rear("relay", |stop| async move { stop.cancelled().await });
        let stopped = timeout(LIMIT, frame.run_until(CancellationToken::new())).await;
        assert_eq!(stopped.expect("nothing has to be asked for").unwrap_err().to_string(), "broken: boom");
    }
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off_and_the_rear_still_ends() {
    let mut frame = frame(DrainConfig::within(Duration::from_millis(10))).await;
    let story = Story::default();
    let told = story.clone();
    frame.front("stuck", |_| std::future::pending::<()>());
    frame.rear("relay", |stop| async move {
        stop.cancelled().await;
        told.tell("the rear ends");
    });
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let error = timeout(LIMIT, frame.run_until(shutdown)).await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "some work was cut off at the drain deadline");
    assert_eq!(story.so_far(), ["the rear ends"]);
}
