//! Services that are away: what needs them answers at once, what does not goes on, and all of it comes back.

use std::time::{Duration, Instant};

use crate::stage::{Stage, eventually, problem};

const EXERCISES: &str = "/v1/exercises";
const NOTIFICATIONS: &str = "/v1/notifications";

impl Stage {
    /// Checks that a path answers 503, and soon; answers how soon.
    async fn is_away(&self, path: &str) -> Duration {
        let start = Instant::now();
        let response = self.get(path).send().await.unwrap();
        let took = start.elapsed();
        assert!(response.headers().contains_key("retry-after"), "{path}");
        problem(response, 503, "DEPENDENCY_UNAVAILABLE").await;
        took
    }

    async fn works(&self, path: &str) -> bool {
        self.get(path).send().await.unwrap().status() == 200
    }
}

#[tokio::test]
async fn without_workout_svc_everything_else_works_and_it_comes_back() {
    let mut stage = Stage::start().await;
    assert!(stage.works(EXERCISES).await);
    stage.workout_svc.stop().await;
    let took = stage.is_away(EXERCISES).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(stage.works(NOTIFICATIONS).await && stage.works("/v1/users/me").await);
    eventually("the outage to be noticed", || async { stage.dependency("workout-svc").await == "down" })
        .await;
    let took = stage.is_away(EXERCISES).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(stage.ops("/readyz").await.status(), 200);

    stage.workout_svc.restart().await;
    eventually("the service to be found", || stage.works(EXERCISES)).await;
    stage.stop().await;
}

#[tokio::test]
async fn calls_that_wait_for_a_service_that_hangs_are_given_up_and_later_ones_refused_at_once() {
    let stage = Stage::start().await;
    assert!(stage.works(NOTIFICATIONS).await);
    stage.notify_svc.script.hang(true);
    let took = stage.is_away(NOTIFICATIONS).await;
    assert!(took < Duration::from_secs(5), "a caller waited for {took:?}");
    let took = stage.is_away(NOTIFICATIONS).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(stage.works(EXERCISES).await);

    stage.notify_svc.script.hang(false);
    eventually("the service to be found", || stage.works(NOTIFICATIONS)).await;
    stage.stop().await;
}

#[tokio::test]
async fn without_user_svc_the_gateway_is_not_ready_and_files_are_away_too() {
    let mut stage = Stage::start().await;
    stage.user_svc.stop().await;
    for path in ["/v1/users/me", "/v1/files", "/v1/files/00000000-0000-0000-0000-000000000001"] {
        let took = stage.is_away(path).await;
        assert!(took < Duration::from_secs(1), "{path}: {took:?}");
    }
    let upload = stage.post("/v1/files?purpose=avatar").header("content-type", "image/png").body("x");
    problem(upload.send().await.unwrap(), 503, "DEPENDENCY_UNAVAILABLE").await;
    eventually("the outage to be noticed", || async { stage.ops("/readyz").await.status() == 503 }).await;
    assert!(stage.works(EXERCISES).await);

    stage.user_svc.restart().await;
    eventually("the service to be found", || stage.works("/v1/users/me")).await;
    eventually("the gateway to be ready", || async { stage.ops("/readyz").await.status() == 200 }).await;
    stage.stop().await;
}
