use embedded::mailbox::{Mailbox, MailboxConfig};

use crate::client::{Client, code};

async fn mailbox() -> Mailbox {
    Mailbox::start(MailboxConfig { max_message_bytes: 10_000, ..MailboxConfig::in_memory() }).await.unwrap()
}

#[tokio::test]
async fn a_message_arrives_as_it_was_sent_with_its_envelope() {
    let mailbox = mailbox().await;
    let mut client = Client::connect(mailbox.smtp_addr()).await;
    assert_eq!(code(&client.reply().await), 220);
    let hello = client.ask("EHLO client.example.org").await;
    for extension in ["PIPELINING", "SIZE 10000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"] {
        assert!(hello.contains(extension), "{hello}");
    }
    assert_eq!(code(&client.ask("MAIL FROM:<ada@example.org> SIZE=200 BODY=8BITMIME").await), 250);
    assert_eq!(code(&client.ask("RCPT TO:<bob@example.org>").await), 250);
    assert_eq!(code(&client.ask("RCPT TO:<\"odd one\"@example.org>").await), 250);
    assert_eq!(code(&client.ask("DATA").await), 354);
    client.send("Subject: Grüße\r\n\r\n..two dots\r\n..\r\nend\r\n.\r\n").await;
    let kept = client.reply().await;
    assert_eq!(code(&kept), 250);
    assert_eq!(code(&client.ask("QUIT").await), 221);
    assert_eq!(client.rest().await, "");

    let messages = mailbox.messages();
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert!(kept.contains(message.id()), "the reply names the id: {kept}");
    assert_eq!(message.sender(), "ada@example.org");
    assert_eq!(message.recipients(), ["bob@example.org", "\"odd one\"@example.org"]);
    assert_eq!(&message.raw()[..], "Subject: Grüße\r\n\r\n.two dots\r\n.\r\nend\r\n".as_bytes());
    assert_eq!(mailbox.accepted(), 1);
    mailbox.stop().await;
}

#[tokio::test]
async fn pipelined_commands_are_answered_together_and_in_order() {
    let mailbox = mailbox().await;
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    client
        .send(
            "MAIL FROM:<a@example.org>\r\nRCPT TO:<one@example.org>\r\nRCPT TO:<nonsense>\r\nDATA\r\n\
             Subject: one\r\n\r\nfirst\r\n.\r\n\
             MAIL FROM:<a@example.org>\r\nRCPT TO:<two@example.org>\r\nDATA\r\nSubject: two\r\n\r\nsecond\r\n.\r\nQUIT\r\n",
        )
        .await;
    let replies = client.rest().await;
    let codes: Vec<_> = replies.lines().map(code).collect();
    assert_eq!(codes, [250, 250, 501, 354, 250, 250, 250, 354, 250, 221]);
    let subjects: Vec<_> = mailbox.messages().iter().map(|message| message.subject()).collect();
    assert_eq!(subjects, ["one", "two"]);
}

#[tokio::test]
async fn commands_out_of_order_are_refused() {
    let mailbox = mailbox().await;
    let mut client = Client::connect(mailbox.smtp_addr()).await;
    client.reply().await;
    assert_eq!(code(&client.ask("MAIL FROM:<a@example.org>").await), 503);
    assert_eq!(code(&client.ask("EHLO").await), 501);
    assert_eq!(client.ask("HELO client").await, "250 mailbox\r\n");
    assert_eq!(code(&client.ask("RCPT TO:<b@example.org>").await), 503);
    assert_eq!(code(&client.ask("DATA").await), 503);
    assert_eq!(code(&client.ask("MAIL FROM:<>").await), 250);
    assert_eq!(code(&client.ask("MAIL FROM:<a@example.org>").await), 503);
    assert_eq!(code(&client.ask("DATA").await), 554);
    assert_eq!(code(&client.ask("RSET").await), 250);
    assert_eq!(code(&client.ask("RCPT TO:<b@example.org>").await), 503);
    assert_eq!(code(&client.ask("NOOP").await), 250);
    assert_eq!(code(&client.ask("VRFY bob").await), 252);
    assert_eq!(code(&client.ask("quit").await), 221);
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_and_the_conversation_goes_on() {
    let mailbox = mailbox().await;
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    let announced = client.ask("MAIL FROM:<a@example.org> SIZE=10001").await;
    assert!(announced.starts_with("552 5.3.4"), "{announced}");
    let sent = client.deliver("b@example.org", &"x".repeat(50_000)).await;
    assert!(sent.starts_with("552 5.3.4"), "{sent}");
    assert!(mailbox.messages().is_empty());
    assert_eq!(code(&client.deliver("b@example.org", "Subject: small\r\n\r\n").await), 250);
}

#[tokio::test]
async fn parameters_and_addresses_are_checked() {
    let mailbox = mailbox().await;
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    for (line, expected) in [
        ("MAIL FROM:<a@example.org> SIZE=much", 501),
        ("MAIL FROM:<a@example.org> BODY=BINARYMIME", 555),
        ("MAIL FROM:<a@example.org> RET=FULL", 555),
        ("MAIL FROM:<grün@example.org>", 550),
        ("MAIL FROM:<grün@example.org> SMTPUTF8", 250),
        ("RCPT TO:<größer@example.org>", 250),
        ("RCPT TO:<postmaster>", 250),
        ("RCPT TO:<nobody@>", 501),
        ("RCPT TO:<b@example.org> NOTIFY=NEVER", 555),
    ] {
        assert_eq!(code(&client.ask(line).await), expected, "{line}");
    }
}

#[tokio::test]
async fn a_command_line_may_be_as_long_as_the_standard_says_and_no_longer() {
    let mailbox = mailbox().await;
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    assert_eq!(code(&client.ask(&format!("NOOP {}", "x".repeat(505))).await), 250);
    assert_eq!(code(&client.ask(&format!("NOOP {}", "x".repeat(506))).await), 500);
    assert_eq!(code(&client.ask(&"x".repeat(100_000)).await), 500);
    assert_eq!(code(&client.ask("NOOP").await), 250);
}

#[tokio::test]
async fn garbage_is_refused_and_too_much_of_it_ends_the_connection() {
    let mailbox = mailbox().await;
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    client.send([0xff, 0x00, b'\r', b'\n']).await;
    assert_eq!(code(&client.reply().await), 500);
    assert_eq!(code(&client.ask("").await), 500);
    client.send("GET / HTTP/1.1\r\n".repeat(30)).await;
    let replies = client.rest().await;
    assert_eq!(code(replies.lines().last().unwrap()), 421, "{replies}");
    // Others do not notice.
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    assert_eq!(code(&client.deliver("b@example.org", "").await), 250);
}

#[tokio::test]
async fn a_connection_that_ends_within_a_message_leaves_nothing() {
    let mailbox = mailbox().await;
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    client.send("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nSubject: half").await;
    drop(client);
    let mut client = Client::greeted(mailbox.smtp_addr()).await;
    assert_eq!(code(&client.deliver("b@example.org", "Subject: whole\r\n").await), 250);
    let subjects: Vec<_> = mailbox.messages().iter().map(|message| message.subject()).collect();
    assert_eq!(subjects, ["whole"]);
}
