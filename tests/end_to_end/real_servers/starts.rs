//! Everything starts at the same moment, on databases and a broker that have never seen it.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use super::report::say;
use crate::harness::{Account, Api, Deployment, Person, Plan, Service, eventually};

const LIMIT: Duration = Duration::from_mins(2);

/// Somebody can join through each gateway, and each mail comes once.
async fn assert_works(deployment: &Deployment) {
    for replica in [0, 1] {
        let api = Api::new(&format!("http://{}", deployment.addr(Service::Gateway, replica)));
        let person = Person::join_as(api, deployment.inbox(), Account::new("en")).await;
        eventually("the athlete profile", LIMIT, || async {
            (person.call("GET", "/v1/routines", None).await.0 == 200).then_some(())
        })
        .await;
        assert_eq!(deployment.inbox().mails_to(&person.account.email).await.len(), 2);
    }
    super::assert_nothing_personal_is_logged(deployment);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_at_the_same_moment_make_the_tables_and_topics_once() {
    let mut deployment = Deployment::prepare(Plan { replicas: 2, ..Plan::default() }).await;
    deployment.start_services();
    deployment.until_ready(true).await;
    assert_works(&deployment).await;
    say("two replicas of each service started together on empty servers");
    deployment.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_that_run_at_the_same_moment_prepare_servers_for_services_that_do_not() {
    let environment = vec![("MIGRATE_ON_START", "false".to_owned())];
    let mut deployment = Deployment::prepare(Plan { replicas: 2, environment, ..Plan::default() }).await;
    let mut jobs = Vec::new();
    for service in Service::ALL {
        for command in ["migrate", "migrate", "migrate", "topics", "topics"] {
            jobs.push((service, command, deployment.run(service, 0, &[command])));
        }
    }
    for (service, command, job) in jobs {
        let status = job.wait(LIMIT).await;
        assert!(status.success(), "{} {command}: {status}\n{}", service.name(), deployment.log());
    }
    for (database, table) in
        [("user_svc", "users"), ("workout_svc", "athletes"), ("notify_svc", "notifications")]
    {
        let mut connection = PgConnection::connect(&deployment.servers.database_url(database)).await.unwrap();
        let found: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(table)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert!(found, "{database} has {table} before any service has started");
    }
    deployment.start_services();
    deployment.until_ready(true).await;
    assert_works(&deployment).await;
    say("twenty jobs ran together; two replicas of each service started on what they made");
    deployment.end().await;
}
