use std::time::{Duration, Instant};

use embedded::mailbox::{Command, Fault, Mailbox, MailboxConfig};
use tokio::net::TcpStream;

use crate::client::{Client, code};

const RECIPIENT: &str = "b@example.org";

async fn mailbox() -> Mailbox {
    Mailbox::start(MailboxConfig::in_memory()).await.unwrap()
}

fn reply(at: Command, code: u16) -> Fault {
    Fault::Reply { at, code, text: "4.3.0 injected".into() }
}

#[tokio::test]
async fn a_reply_is_injected_as_often_as_asked() {
    let mailbox = mailbox().await;
    mailbox.inject(reply(Command::FinalDot, 451), 2);
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    assert_eq!(client.deliver(RECIPIENT, "1").await, "451 4.3.0 injected\r\n");
    assert_eq!(code(&client.deliver(RECIPIENT, "2").await), 451);
    assert_eq!(code(&client.deliver(RECIPIENT, "3").await), 250);
    assert_eq!(mailbox.messages().len(), 1);
}

#[tokio::test]
async fn a_command_can_be_refused() {
    let mailbox = mailbox().await;
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    mailbox.inject(reply(Command::MailFrom, 450), 1);
    assert_eq!(code(&client.ask("MAIL FROM:<a@example.org>").await), 450);
    assert_eq!(code(&client.ask("RCPT TO:<b@example.org>").await), 503, "the refused MAIL must not count");
    let refused =
        Fault::RefuseRecipient { address: "BAD@example.org".into(), code: 550, text: "5.1.1 gone".into() };
    mailbox.inject(refused, usize::MAX);
    assert_eq!(code(&client.ask("MAIL FROM:<a@example.org>").await), 250);
    assert_eq!(client.ask("RCPT TO:<bad@example.org>").await, "550 5.1.1 gone\r\n");
    assert_eq!(code(&client.ask("RCPT TO:<good@example.org>").await), 250);
    mailbox.clear_faults();
    assert_eq!(code(&client.ask("RCPT TO:<bad@example.org>").await), 250);
}

#[tokio::test]
async fn a_421_ends_the_connection_at_the_greeting_or_later() {
    let mailbox = mailbox().await;
    mailbox.inject(reply(Command::Connect, 421), 1);
    let mut client = Client::connect(mailbox.smtp_addr()).await;
    assert_eq!(client.rest().await, "421 4.3.0 injected\r\n");
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    mailbox.inject(reply(Command::RcptTo, 421), 1);
    client.send("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n").await;
    let replies = client.rest().await;
    assert_eq!(replies.lines().map(code).collect::<Vec<_>>(), [250, 421]);
}

#[tokio::test]
async fn a_connection_lost_after_the_final_dot_keeps_the_message_or_does_not() {
    let mailbox = mailbox().await;
    for (keep, kept) in [(false, 0), (true, 1)] {
        mailbox.inject(Fault::CloseAfterFinalDot { keep }, 1);
        let mut client = Client::greeted(mailbox.smtp_addr()).await;
        assert_eq!(client.deliver(RECIPIENT, "Subject: doubtful").await, "", "no answer comes");
        assert_eq!(mailbox.messages().len(), kept);
    }
}

#[tokio::test]
async fn a_connection_can_be_closed_at_a_command() {
    let mailbox = mailbox().await;
    mailbox.inject(Fault::CloseAt(Command::Data), 1);
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    client.send("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n").await;
    let replies = client.rest().await;
    assert_eq!(replies.lines().map(code).collect::<Vec<_>>(), [250, 250], "what came before is answered");
}

#[tokio::test]
async fn a_delay_holds_one_reply_back_and_goes_with_other_faults() {
    let mailbox = mailbox().await;
    let duration = Duration::from_millis(200);
    mailbox.inject(Fault::Delay { at: Command::Noop, duration }, 1);
    mailbox.inject(reply(Command::Noop, 450), 1);
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    let asked = Instant::now();
    assert_eq!(code(&client.ask("NOOP").await), 450);
    assert!(asked.elapsed() >= duration);
    assert_eq!(code(&client.ask("NOOP").await), 250);
}

#[tokio::test]
async fn a_closed_port_refuses_connections_until_it_is_opened_again() {
    let mailbox = mailbox().await;
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    client.deliver(RECIPIENT, "Subject: before").await;
    mailbox.close_smtp().await;
    assert_eq!(client.rest().await, "", "open connections end");
    assert!(TcpStream::connect(mailbox.smtp_addr()).await.is_err());
    mailbox.open_smtp().await.unwrap();
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    client.deliver(RECIPIENT, "Subject: after").await;
    assert_eq!(mailbox.messages_to(RECIPIENT).len(), 2);
}
