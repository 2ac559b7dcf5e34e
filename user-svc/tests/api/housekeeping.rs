//! What is over is removed.

use std::time::Duration;

use chassis::time::Clock as _;
use chrono::TimeDelta;

use crate::fixture::{Options, PASSWORD, Service, within};

#[tokio::test]
async fn ended_windows_sessions_and_old_used_tokens_are_removed_and_the_rest_stays() {
    let options = Options { housekeeping_interval: Duration::from_millis(20), ..Options::usual().await };
    let service = Service::start_ready(options).await;
    let token = service.open_account("anna@example.org").await.refresh_token;
    let lasting = service.login("anna@example.org", PASSWORD).await.unwrap().refresh_token;
    service.login("anna@example.org", "wrong password").await.unwrap_err();
    service.refresh(&token).await.unwrap();
    // More than one batch of windows.
    sqlx::query(
        "INSERT INTO rate_limits (limit_key, spent, allowed, expire_time)
         SELECT sha256(number::text::bytea), 1, 1, now() FROM generate_series(1, 2500) AS number",
    )
    .execute(&service.pool)
    .await
    .unwrap();

    service.clock.advance(TimeDelta::days(29));
    let lasting = service.refresh(&lasting).await.unwrap().refresh_token;
    service.clock.advance(TimeDelta::days(2));
    within("everything that is over to be removed", async {
        let left = "SELECT (SELECT count(*) FROM rate_limits) + (SELECT count(*) FROM sessions) - 1";
        while service.count(left).await > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(service.count("SELECT count(*) FROM refresh_tokens").await, 2);

    service.clock.advance(TimeDelta::days(27));
    let lasting = service.refresh(&lasting).await.unwrap().refresh_token;
    within("the token that was used a month ago to be removed", async {
        service.clock.advance(TimeDelta::days(1));
        while service.count("SELECT count(*) FROM refresh_tokens WHERE generation = 1").await > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    service.refresh(&lasting).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn the_ids_of_events_go_when_events_of_that_age_count_for_nothing() {
    let options = Options { housekeeping_interval: Duration::from_millis(20), ..Options::usual().await };
    let service = Service::start_ready(options).await;
    for (days, count) in [(182, 2_500), (179, 7)] {
        sqlx::query("INSERT INTO inbox (event_id, handle_time) SELECT gen_random_uuid(), $1 FROM generate_series(1, $2)")
            .bind(service.clock.now() - TimeDelta::days(days))
            .bind(count)
            .execute(&service.pool)
            .await
            .unwrap();
    }
    within("what is old to be removed", async {
        while service.count("SELECT count(*) FROM inbox").await > 7 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(service.count("SELECT count(*) FROM inbox").await, 7);
    service.stop().await;
}

#[tokio::test]
async fn a_leftover_that_cannot_be_removed_keeps_no_other() {
    let options = Options { housekeeping_interval: Duration::from_millis(20), ..Options::usual().await };
    let service = Service::start_ready(options).await;
    sqlx::raw_sql(
        "CREATE FUNCTION poison() RETURNS TRIGGER LANGUAGE plpgsql AS $$
         BEGIN
             RAISE EXCEPTION 'no' USING ERRCODE = 'data_exception';
         END $$;
         CREATE TRIGGER poison BEFORE DELETE ON rate_limits EXECUTE FUNCTION poison();
         INSERT INTO rate_limits (limit_key, spent, allowed, expire_time) VALUES (sha256('x'), 1, 1, '2000-01-01Z');
         INSERT INTO inbox (event_id, handle_time) VALUES (gen_random_uuid(), '2000-01-01Z')",
    )
    .execute(&service.pool)
    .await
    .unwrap();
    within("the others to be removed", async {
        while service.count("SELECT count(*) FROM inbox").await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert_eq!(service.count("SELECT count(*) FROM rate_limits WHERE limit_key = sha256('x')").await, 1);
    service.stop().await;
}

#[tokio::test]
async fn no_table_refuses_that_a_row_is_deleted() {
    let service = Service::start_ready(Options::usual().await).await;
    let refusing = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confdeltype NOT IN ('c', 'n')";
    assert_eq!(service.count(refusing).await, 0);
    assert!(service.count("SELECT count(*) FROM pg_constraint WHERE contype = 'f'").await > 5);
    service.stop().await;
}
