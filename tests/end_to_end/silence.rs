//! The database falls silent, as a stopped server or as a network that carries nothing and tells nobody: every service says
//! so, and goes on by itself when it is over.

use std::time::Duration;

use embedded::postgres::{Cluster, ClusterConfig};
use embedded::silent_proxy::SilentProxy;

use crate::harness::{Account, Options, System, eventually};

const SERVICES: [&str; 3] = ["user-svc", "workout-svc", "notify-svc"];
/// `/readyz` tells the truth within ten seconds; the rest is for a busy machine.
const TRUTH: Duration = Duration::from_secs(15);
/// Work goes on within twenty seconds; the rest is for a busy machine.
const RECOVERY: Duration = Duration::from_secs(40);

async fn all_say(system: &System, status: u16, limit: Duration) {
    for service in SERVICES {
        let url = system.metrics(service).replace("/metrics", "/readyz");
        eventually(&format!("/readyz of {service} says {status}"), limit, || async {
            (reqwest::get(&url).await.ok()?.status() == status).then_some(())
        })
        .await;
    }
}

/// Somebody registers as soon as that is possible, and has the mail.
async fn registers(system: &System) {
    let account = Account::new("en");
    eventually("somebody can register", RECOVERY, || async {
        let sent =
            system.api().request("POST", "/v1/auth/register").json(&account.registration()).send().await;
        (sent.ok()?.status() == 202).then_some(())
    })
    .await;
    system.inbox().wait_for(&account.email, 1, RECOVERY).await;
}

#[tokio::test]
async fn a_silent_database_shows_in_every_service_and_work_goes_on_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(ClusterConfig::ephemeral(folder.path())).await.unwrap();
    let network = SilentProxy::start(([127, 0, 0, 1], cluster.port()).into()).await.unwrap();
    let mut url: url::Url = cluster.url("postgres").parse().unwrap();
    url.set_port(Some(network.addr().port())).unwrap();
    let system =
        System::start(Options { environment: vec![("DATABASE_URL", url.into())], ..Options::default() })
            .await;
    registers(&system).await;

    network.silence();
    all_say(&system, 503, TRUTH).await;
    network.restore();
    registers(&system).await;
    all_say(&system, 200, RECOVERY).await;

    cluster.freeze().unwrap();
    all_say(&system, 503, TRUTH).await;
    cluster.thaw().unwrap();
    registers(&system).await;
    all_say(&system, 200, RECOVERY).await;

    drop(system);
    cluster.stop().await;
}
