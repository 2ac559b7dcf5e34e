//! Six hundred events of nearly a megabyte that nobody can read: through the relay, through every consumer, to the dead
//! letters and into their table, and no process takes more memory than its limit in Kubernetes.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use super::{deploy, report};
use crate::harness::{Account, Deployment, Service, eventually};

const EVENTS: usize = 600;
/// As much as a record may have: librdkafka takes a million bytes, headers and all.
const BYTES: usize = 950_000;
/// What `deploy/kubernetes/base` gives the services, in MiB.
const LIMITS: [(Service, u64); 4] =
    [(Service::UserSvc, 384), (Service::WorkoutSvc, 256), (Service::NotifySvc, 256), (Service::Gateway, 512)];
/// Two cores carry and store more than a gigabyte meanwhile.
const LIMIT: Duration = Duration::from_mins(5);

/// Commits the events as user-svc would, to many people, so that they go to every partition.
async fn commit_events(deployment: &Deployment) {
    let url = deployment.servers.database_url("user_svc");
    let mut database = PgConnection::connect(&url).await.unwrap();
    let ids: Vec<_> = (0..EVENTS).map(|_| uuid::Uuid::now_v7()).collect();
    sqlx::query(
        "WITH event AS (
             INSERT INTO outbox.events (event_id, topic, event_key, event_type, source, payload)
             SELECT id, 'fitness.user.events', 'person-' || id, 'fitness.user.v1.UserRegistered', 'user-svc',
                    decode(repeat('ff', $2), 'hex')
             FROM unnest($1::UUID[]) AS ids (id)
             RETURNING event_id, position
         )
         INSERT INTO outbox.pending (position, event_id)
         SELECT position, event_id
         FROM event",
    )
    .bind(ids)
    .bind(i32::try_from(BYTES).unwrap())
    .execute(&mut database)
    .await
    .unwrap();
}

/// The most memory that the process had so far, in MiB, and how much of what it has now is its own.
fn memory(deployment: &Deployment, service: Service) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", deployment.process(service, 0))).unwrap();
    let mib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
    };
    (mib("VmHWM:"), mib("RssAnon:"))
}

#[tokio::test]
async fn events_of_a_megabyte_run_no_process_over_its_memory() {
    let deployment = deploy(1).await;
    let before = LIMITS.map(|(service, _)| memory(&deployment, service));
    commit_events(&deployment).await;

    let url = deployment.servers.database_url("notify_svc");
    for group in ["notify-svc", "workout-svc"] {
        let letters = || async {
            let mut database = PgConnection::connect(&url).await.ok()?;
            let query = "SELECT count(*) FROM dead_letters WHERE consumer_group = $1";
            sqlx::query_scalar::<_, i64>(query).bind(group).fetch_one(&mut database).await.ok()
        };
        eventually(&format!("every event is a dead letter of {group}"), LIMIT, || async {
            (letters().await? == EVENTS as i64).then_some(())
        })
        .await;
    }
    // Whoever comes afterwards has the mail.
    let account = Account::new("en");
    deployment.api().register(&account).await;
    deployment.inbox().wait_for(&account.email, 1, LIMIT).await;

    let mut over = Vec::new();
    for ((service, limit), (idle, _)) in LIMITS.into_iter().zip(before) {
        let (most, own) = memory(&deployment, service);
        let name = service.name();
        report::say(&format!("{name}: {idle} MiB before, {most} at most, {own} of its own in the end"));
        if most > limit {
            over.push(format!("{name} had {most} MiB, its limit is {limit}"));
        }
    }
    assert!(over.is_empty(), "{over:?}");
    deployment.end().await;
}
