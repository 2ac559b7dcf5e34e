use std::path::Path;
use std::time::{Duration, Instant};

use embedded::mailbox::{Mailbox, MailboxConfig};

use crate::client::{Client, code};

fn config(dir: &Path) -> MailboxConfig {
    MailboxConfig { dir: Some(dir.to_owned()), ..MailboxConfig::in_memory() }
}

#[tokio::test]
async fn an_acknowledged_message_is_there_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::start(config(dir.path())).await.unwrap();
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    for number in 0..20 {
        let delivered = client.deliver("b@example.org", &format!("Subject: {number}\r\n\r\n\n.\ntext")).await;
        assert_eq!(code(&delivered), 250);
    }
    let before = mailbox.messages();
    // What a killed process leaves: nothing is written when a mailbox ends.
    std::mem::forget(mailbox);

    let mailbox = Mailbox::start(config(dir.path())).await.unwrap();
    let after = mailbox.messages();
    assert_eq!(after.len(), 20);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((before.id(), before.raw()), (after.id(), after.raw()));
        assert_eq!((before.sender(), before.recipients()), (after.sender(), after.recipients()));
        assert_eq!(before.received(), after.received());
    }
}

#[tokio::test]
async fn unfinished_and_foreign_files_are_no_messages() {
    let dir = tempfile::tempdir().unwrap();
    let unfinished = dir.path().join("0190a5d8a7f07f2c8b6c1f1a2b3c4d5e.unfinished");
    std::fs::write(&unfinished, "half").unwrap();
    std::fs::write(dir.path().join("0190a5d8a7f07f2c8b6c1f1a2b3c4d5e.mail"), "no envelope").unwrap();
    std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let mailbox = Mailbox::start(config(dir.path())).await.unwrap();
    assert!(mailbox.messages().is_empty());
    assert!(!unfinished.exists());
    assert!(dir.path().join("notes.txt").exists());
}

#[tokio::test]
async fn the_oldest_messages_make_room_also_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let config = MailboxConfig { capacity: 3, ..config(dir.path()) };
    let mailbox = Mailbox::start(config).await.unwrap();
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    for number in 0..10 {
        client.deliver("b@example.org", &format!("Subject: {number}")).await;
    }
    let subjects: Vec<_> = mailbox.messages().iter().map(|message| message.subject()).collect();
    assert_eq!(subjects, ["7", "8", "9"]);
    assert_eq!(mailbox.accepted(), 10);
    let started = Instant::now();
    while std::fs::read_dir(dir.path()).unwrap().count() > 3 {
        assert!(started.elapsed() < Duration::from_secs(20), "files of removed messages stay");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    mailbox.clear();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn waiting_ends_with_the_message_or_the_limit() {
    let mailbox = Mailbox::start(MailboxConfig::in_memory()).await.unwrap();
    let address = mailbox.smtp_addr();
    let sent = tokio::spawn(async move {
        let mut client = Client::greeted(address).await;
        client.deliver("other@example.org", "Subject: other").await;
        client.deliver("Wanted@example.org", "Subject: wanted").await;
    });
    let found = mailbox.wait_for("wanted@example.org", 1, Duration::from_secs(20)).await;
    assert_eq!(found[0].subject(), "wanted");
    sent.await.unwrap();
    let found = mailbox.wait_for("wanted@example.org", 2, Duration::from_millis(50)).await;
    assert_eq!(found.len(), 1);
}
