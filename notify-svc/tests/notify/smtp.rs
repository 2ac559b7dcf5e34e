//! One connection against servers that follow a script to the letter.

use lettre::address::Envelope;
use notify_svc::smtp::{ConnectError, Encryption, Outcome, SmtpConfig, Stage, Timeouts, WireMail, connect};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server for one connection: waits for each line (by its beginning) and answers it.
async fn server(script: &'static [(&'static str, &'static str)]) -> (SmtpConfig, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 script\r\n").await.unwrap();
        let mut heard = Vec::new();
        for (expected, answer) in script {
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.unwrap() == 0 {
                    return heard;
                }
                let line = line.trim_end().to_owned();
                heard.push(line.clone());
                if line.starts_with(expected) {
                    break;
                }
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        heard
    });
    let smtp = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        encryption: Encryption::Off,
        authorities: None,
        credentials: None,
        hello: Some("notify.example.org".to_owned()),
        pipelining: true,
        timeouts: Timeouts { command: Duration::from_secs(10), ..Timeouts::default() },
    };
    (smtp, task)
}

fn mail(text: &str) -> WireMail {
    let address: lettre::Address = "a@example.org".parse().unwrap();
    WireMail::new(Envelope::new(Some(address.clone()), vec![address]).unwrap(), text)
}

#[tokio::test]
async fn a_recipient_refused_inside_a_pipelined_group_leaves_the_connection_usable() {
    let (config, heard) = server(&[
        ("EHLO", "250-script\r\n250 PIPELINING\r\n"),
        ("DATA", "250 ok\r\n550 no\r\n503 no recipients\r\n"),
        ("RSET", "250 ok\r\n"),
        ("DATA", "250 ok\r\n250 ok\r\n354 go\r\n"),
        (".", "250 taken\r\n"),
    ])
    .await;
    let mut connection = connect(&config).await.unwrap();
    let Outcome::Refused { stage, reply } = connection.send(&mail("one")).await else {
        panic!("not refused")
    };
    assert_eq!((stage, reply.code), (Stage::Rcpt, 550));
    assert!(connection.is_usable());
    assert!(matches!(connection.send(&mail("two")).await, Outcome::Accepted(reply) if reply.code == 250));
    let heard = heard.await.unwrap();
    assert!(!heard.contains(&"one".to_owned()), "{heard:?}");
    assert!(heard.contains(&"two".to_owned()), "{heard:?}");
}

#[tokio::test]
async fn a_server_that_wants_data_without_a_recipient_gets_an_empty_message() {
    let (config, heard) = server(&[
        ("EHLO", "250-script\r\n250 PIPELINING\r\n"),
        ("DATA", "250 ok\r\n550 no\r\n354 go\r\n"),
        (".", "554 no recipients\r\n"),
        ("RSET", "250 ok\r\n"),
    ])
    .await;
    let mut connection = connect(&config).await.unwrap();
    let outcome = connection.send(&mail("secret")).await;
    assert!(matches!(outcome, Outcome::Refused { stage: Stage::Rcpt, .. }), "{outcome:?}");
    assert!(connection.is_usable());
    assert!(!heard.await.unwrap().contains(&"secret".to_owned()));
}

#[tokio::test]
async fn a_connection_cut_after_the_final_dot_is_in_doubt_and_one_cut_before_is_not() {
    const HELLO: (&str, &str) = ("EHLO", "250 script\r\n");
    let (config, _) =
        server(&[HELLO, ("MAIL", "250 ok\r\n"), ("RCPT", "250 ok\r\n"), ("DATA", "354 go\r\n"), (".", "")])
            .await;
    let mut connection = connect(&config).await.unwrap();
    let outcome = connection.send(&mail("text")).await;
    assert!(matches!(outcome, Outcome::InDoubt { .. }), "{outcome:?}");
    assert!(!connection.is_usable());

    let (config, _) = server(&[HELLO, ("MAIL", "250 ok\r\n")]).await;
    let outcome = connect(&config).await.unwrap().send(&mail("text")).await;
    assert!(matches!(outcome, Outcome::Lost { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_reply_that_never_comes_after_the_final_dot_is_in_doubt() {
    let (mut config, _heard) = server(&[
        ("EHLO", "250 script\r\n"),
        ("MAIL", "250 ok\r\n"),
        ("RCPT", "250 ok\r\n"),
        ("DATA", "354 go\r\n"),
        (".", ""),
        ("NEVER", ""),
    ])
    .await;
    config.timeouts.block = Duration::from_millis(50);
    config.timeouts.final_dot = Duration::from_millis(100);
    let outcome = connect(&config).await.unwrap().send(&mail("text")).await;
    assert!(matches!(outcome, Outcome::InDoubt { .. }), "{outcome:?}");
}

#[tokio::test]
async fn without_starttls_on_offer_nothing_is_sent_where_tls_is_required() {
    let (mut config, heard) = server(&[("EHLO", "250 script\r\n"), ("NEVER", "")]).await;
    config.encryption = Encryption::StartTls;
    config.credentials = Some(("user".to_owned(), "password".to_owned().into()));
    let error = connect(&config).await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls(_)), "{error}");
    assert!(heard.await.unwrap().iter().all(|line| line.starts_with("EHLO")));
}

#[tokio::test]
async fn a_relay_that_speaks_one_byte_at_a_time_does_not_buy_itself_more_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (mut config, _) = server(&[]).await;
    config.port = listener.local_addr().unwrap().port();
    config.timeouts.command = Duration::from_millis(200);
    let dripping = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        while stream.write_all(b"2").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let error = connect(&config).await.unwrap_err();
    assert!(matches!(error, ConnectError::TimedOut("the greeting")), "{error}");
    dripping.await.unwrap();
}

#[tokio::test]
async fn a_relay_that_never_stops_greeting_costs_a_few_kilobytes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (mut config, _) = server(&[]).await;
    config.port = listener.local_addr().unwrap().port();
    let flooding = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut sent = 0;
        while let Ok(written) = stream.write(&[b'2'; 4096]).await {
            sent += written;
        }
        sent
    });
    let error = connect(&config).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Broken { step: "the greeting", .. }), "{error}");
    // What the kernel had room for on the way, and not a byte because we went on reading.
    let sent = flooding.await.unwrap();
    assert!(sent < 32 * 1024 * 1024, "{sent} bytes were taken");
}
