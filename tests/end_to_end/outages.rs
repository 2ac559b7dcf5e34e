//! Parts go away while people register: the answer does not wait, the mail follows, nothing is doubled.

use std::net::SocketAddr;
use std::time::Duration;

use embedded::mailbox::{Mailbox, MailboxConfig};

use crate::harness::{Account, Inbox, KafkaServer, Options, System, eventually, free_addr, http};

const RECOVERY_LIMIT: Duration = Duration::from_mins(1);

async fn mailbox(smtp_addr: SocketAddr) -> Mailbox {
    let http_addr = "127.0.0.1:0".parse().unwrap();
    Mailbox::start(MailboxConfig { smtp_addr, http_addr, ..MailboxConfig::in_memory() }).await.unwrap()
}

fn inbox(mailbox: &Mailbox) -> Inbox {
    Inbox::new(&format!("http://{}", mailbox.http_addr()))
}

#[tokio::test]
async fn with_smtp_away_registration_answers_and_the_mail_comes_when_it_is_back() {
    let smtp = free_addr();
    let system = System::start(Options {
        environment: vec![("SMTP_HOST", smtp.ip().to_string()), ("SMTP_PORT", smtp.port().to_string())],
        ..Options::default()
    })
    .await;
    let accounts: Vec<_> = (0..5).map(|_| Account::new("en")).collect();
    for account in &accounts {
        system.api().register(account).await;
    }
    eventually("the outage is noticed", Duration::from_secs(20), || async {
        let metrics = http().get(system.metrics("notify-svc")).send().await.unwrap().text().await.unwrap();
        let open = |line: &str| line.contains("smtp_breaker_open{") && line.ends_with(" 1");
        metrics.lines().any(open).then_some(())
    })
    .await;

    let mailbox = mailbox(smtp).await;
    for account in &accounts {
        inbox(&mailbox).wait_for(&account.email, 1, RECOVERY_LIMIT).await;
    }
    // A second mail to anyone would come before the one of a person who registers now.
    let last = Account::new("en");
    system.api().register(&last).await;
    inbox(&mailbox).wait_for(&last.email, 1, RECOVERY_LIMIT).await;
    for account in &accounts {
        assert_eq!(inbox(&mailbox).mails_to(&account.email).await.len(), 1);
    }
}

#[tokio::test]
async fn after_kill_9_with_mail_unsent_the_next_start_sends_exactly_one() {
    let smtp = free_addr();
    let data = tempfile::tempdir().unwrap();
    let options = || Options {
        data_dir: Some(data.path().to_owned()),
        environment: vec![("SMTP_HOST", smtp.ip().to_string()), ("SMTP_PORT", smtp.port().to_string())],
    };
    let account = Account::new("en");
    let mut system = System::start(options()).await;
    system.api().register(&account).await;
    system.signal("KILL");
    system.gone(Duration::from_secs(10)).await;
    drop(system);

    let mailbox = mailbox(smtp).await;
    let system = System::start(options()).await;
    inbox(&mailbox).wait_for(&account.email, 1, RECOVERY_LIMIT).await;
    let last = Account::new("en");
    system.api().register(&last).await;
    inbox(&mailbox).wait_for(&last.email, 1, RECOVERY_LIMIT).await;
    assert_eq!(inbox(&mailbox).mails_to(&account.email).await.len(), 1);
}

#[tokio::test]
async fn with_kafka_away_registration_answers_and_the_mail_comes_when_it_is_back() {
    let mut kafka = KafkaServer::start().await;
    kafka.stop().await;
    let system = System::start(Options {
        environment: vec![("KAFKA_BROKERS", kafka.addr().to_string())],
        ..Options::default()
    })
    .await;
    let (api, inbox) = (system.api(), system.inbox());
    let before = Account::new("en");
    api.register(&before).await;

    kafka.start_again().await;
    inbox.wait_for(&before.email, 1, RECOVERY_LIMIT).await;

    kafka.stop().await;
    let during = Account::new("en");
    api.register(&during).await;
    assert!(inbox.mails_to(&during.email).await.is_empty());

    kafka.start_again().await;
    inbox.wait_for(&during.email, 1, RECOVERY_LIMIT).await;
    let after = Account::new("en");
    api.register(&after).await;
    inbox.wait_for(&after.email, 1, RECOVERY_LIMIT).await;
    for account in [&before, &during] {
        assert_eq!(inbox.mails_to(&account.email).await.len(), 1);
    }
}
