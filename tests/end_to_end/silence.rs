//! The database falls silent, as a stopped server or as a network that carries nothing and tells nobody, and so do the ways
//! to Kafka and to the relay: every service says so, and goes on by itself when it is over, with nothing lost or doubled.

use std::time::Duration;

use embedded::broker::Broker;
use embedded::mailbox::{Mailbox, MailboxConfig};
use embedded::postgres::{Cluster, ClusterConfig};
use embedded::silent_proxy::SilentProxy;

use crate::harness::{Account, Inbox, Options, System, eventually, http};

const SERVICES: [&str; 3] = ["user-svc", "workout-svc", "notify-svc"];
/// `/readyz` tells the truth of a database within five seconds and of Kafka within ten; the rest is for a busy machine.
const TRUTH: Duration = Duration::from_secs(15);
/// Work goes on within twenty seconds; the rest is for a busy machine.
const RECOVERY: Duration = Duration::from_secs(40);

async fn all_say(system: &System, status: u16, limit: Duration) {
    for service in SERVICES {
        let url = system.metrics(service).replace("/metrics", "/readyz");
        eventually(&format!("/readyz of {service} says {status}"), limit, || async {
            (http().get(&url).send().await.ok()?.status() == status).then_some(())
        })
        .await;
    }
}

/// Waits until `/readyz` of the service says of what it depends on that it is up or down.
async fn says_of(system: &System, service: &str, dependency: &str, state: &str, limit: Duration) {
    let url = system.metrics(service).replace("/metrics", "/readyz");
    eventually(&format!("{service} says that {dependency} is {state}"), limit, || async {
        let report: serde_json::Value = http().get(&url).send().await.ok()?.json().await.ok()?;
        (report["dependencies"][dependency]["state"] == state).then_some(())
    })
    .await;
}

/// Everyone has one mail, and whoever registers now has theirs after any second mail of the others.
async fn each_has_one_mail(system: &System, inbox: &Inbox, accounts: &[Account]) {
    for account in accounts {
        inbox.wait_for(&account.email, 1, RECOVERY).await;
    }
    let last = Account::new("en");
    system.api().register(&last).await;
    inbox.wait_for(&last.email, 1, RECOVERY).await;
    for account in accounts {
        assert_eq!(inbox.mails_to(&account.email).await.len(), 1, "{}", account.email);
    }
}

async fn registers_some(system: &System, accounts: &mut Vec<Account>) {
    for _ in 0..5 {
        let account = Account::new("en");
        system.api().register(&account).await;
        accounts.push(account);
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

#[tokio::test]
async fn a_silent_way_to_kafka_shows_in_every_service_and_each_mail_comes_once_when_it_is_over() {
    let broker = Broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let network = SilentProxy::start(broker.addr()).await.unwrap();
    broker.advertise(network.addr());
    let environment = vec![("KAFKA_BROKERS", network.addr().to_string())];
    let system = System::start(Options { environment, ..Options::default() }).await;
    let mut accounts = Vec::new();
    registers_some(&system, &mut accounts).await;
    for account in &accounts {
        system.inbox().wait_for(&account.email, 1, RECOVERY).await;
    }

    // Some events are on their way, some come during the silence: to register waits for none of them.
    registers_some(&system, &mut accounts).await;
    network.silence();
    registers_some(&system, &mut accounts).await;
    for service in SERVICES {
        says_of(&system, service, "kafka", "down", RECOVERY).await;
    }
    all_say(&system, 200, TRUTH).await;

    network.restore();
    each_has_one_mail(&system, &system.inbox(), &accounts).await;
    for service in SERVICES {
        says_of(&system, service, "kafka", "up", RECOVERY).await;
    }
}

#[tokio::test]
async fn a_silent_way_to_the_relay_shows_and_each_mail_comes_once_when_it_is_over() {
    let local = "127.0.0.1:0".parse().unwrap();
    let config = MailboxConfig { smtp_addr: local, http_addr: local, ..MailboxConfig::in_memory() };
    let mailbox = Mailbox::start(config).await.unwrap();
    let inbox = Inbox::new(&format!("http://{}", mailbox.http_addr()));
    let network = SilentProxy::start(mailbox.smtp_addr()).await.unwrap();
    let environment = vec![
        ("SMTP_HOST", network.addr().ip().to_string()),
        ("SMTP_PORT", network.addr().port().to_string()),
    ];
    let system = System::start(Options { environment, ..Options::default() }).await;
    let mut accounts = Vec::new();

    // New connections are swallowed before their greeting. For those that stand the kernel's own limits have a test with
    // their settings: this proxy acknowledges what it swallows, as a silent network does not.
    network.silence();
    registers_some(&system, &mut accounts).await;
    says_of(&system, "notify-svc", "smtp", "down", RECOVERY).await;
    all_say(&system, 200, TRUTH).await;

    network.restore();
    each_has_one_mail(&system, &inbox, &accounts).await;
    says_of(&system, "notify-svc", "smtp", "up", RECOVERY).await;
}
