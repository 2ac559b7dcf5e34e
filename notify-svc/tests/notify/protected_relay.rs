//! Mails through a relay as providers run them: TLS first, then a password, then mail.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use notify_svc::smtp::{Authorities, ConnectError, Encryption, SmtpConfig, connect};
use rcgen::CertifiedKey;
use tempfile::TempDir;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream, copy_bidirectional,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_util::task::AbortOnDropHandle;

use crate::stage::Stage;

const USER: &str = "trainer";
const PASSWORD: &str = "correct horse";
/// What the relay's certificate says it is.
const HOST: &str = "localhost";

/// Speaks TLS and asks for the password; what follows goes to the mailbox behind it.
struct Relay {
    port: u16,
    encryption: Encryption,
    ca_file: PathBuf,
    _folder: TempDir,
    _serving: AbortOnDropHandle<()>,
}

impl Relay {
    async fn before(mailbox: SocketAddr, encryption: Encryption) -> Self {
        Self::injecting("", mailbox, encryption).await
    }

    /// One between which and us somebody adds words in clear to its answer to STARTTLS.
    async fn injecting(words: &'static str, mailbox: SocketAddr, encryption: Encryption) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        let (certificate, acceptor) = certified();
        std::fs::write(&ca_file, certificate).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // A client that turns away is a client's right.
                tokio::spawn(serve(stream, acceptor.clone(), encryption, mailbox, words));
            }
        });
        Self { port, encryption, ca_file, _folder: folder, _serving: AbortOnDropHandle::new(serving) }
    }

    fn config(&self, password: &str) -> SmtpConfig {
        SmtpConfig {
            host: HOST.to_owned(),
            port: self.port,
            encryption: self.encryption,
            authorities: Some(self.ca_file.to_str().unwrap().parse::<Authorities>().unwrap()),
            credentials: Some((USER.to_owned(), password.to_owned().into())),
            hello: Some("notify.example.org".to_owned()),
            pipelining: true,
            timeouts: notify_svc::smtp::Timeouts::default(),
        }
    }
}

/// A certificate that vouches for itself, and who answers with it.
fn certified() -> (String, TlsAcceptor) {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (cert.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// One connection. `None` where the client turns away.
async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    encryption: Encryption,
    mailbox: SocketAddr,
    injected: &str,
) -> Option<()> {
    let stream = if encryption == Encryption::StartTls {
        let mut plain = BufStream::new(stream);
        say(&mut plain, "220 relay").await?;
        hear(&mut plain, "EHLO").await?;
        say(&mut plain, "250-relay\r\n250-STARTTLS\r\n250 8BITMIME").await?;
        // A password or a mail in clear would be heard here.
        hear(&mut plain, "STARTTLS").await?;
        say(&mut plain, &format!("220 go ahead{injected}")).await?;
        plain.into_inner()
    } else {
        stream
    };
    let mut secret = BufStream::new(acceptor.accept(stream).await.ok()?);
    if encryption == Encryption::Implicit {
        say(&mut secret, "220 relay").await?;
    }
    hear(&mut secret, "EHLO").await?;
    say(&mut secret, "250-relay\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN").await?;
    let given = hear(&mut secret, "AUTH PLAIN ").await?;
    if given != BASE64_STANDARD.encode(format!("\0{USER}\0{PASSWORD}")) {
        say(&mut secret, &format!("535 5.7.8 wrong password for {USER}@example.org")).await?;
        return None;
    }
    say(&mut secret, "235 2.7.0 come in").await?;
    let mut behind = BufStream::new(TcpStream::connect(mailbox).await.ok()?);
    hear(&mut behind, "220").await?;
    // The client has been greeted already.
    say(&mut behind, "HELO relay").await?;
    hear(&mut behind, "250").await?;
    copy_bidirectional(&mut secret, &mut behind).await.ok().map(|_| ())
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

/// The next line, behind the beginning that it has to have.
async fn hear(
    stream: &mut BufStream<impl AsyncRead + AsyncWrite + Unpin>,
    beginning: &str,
) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.trim_end().strip_prefix(beginning).map(str::to_owned)
}

async fn mails_arrive_through(encryption: Encryption) {
    let stage = Stage::new().await;
    let relay = Relay::before(stage.mailbox.smtp_addr(), encryption).await;
    let mut config = stage.config(2);
    config.smtp = relay.config(PASSWORD);
    let workers = stage.start(config);
    let person = stage.person("en").await;
    stage.take_all(&[stage.code(&person, "042137", TimeDelta::minutes(15))]).await;
    stage.wait_for_state(&person, "sent").await;
    assert_eq!(stage.mailbox.messages_to(&person.email).len(), 1);
    workers.stop().await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_arrive_after_starttls_and_a_password() {
    mails_arrive_through(Encryption::StartTls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_arrive_over_tls_from_the_first_byte_and_a_password() {
    mails_arrive_through(Encryption::Implicit).await;
}

/// Why there is no connection with a relay, after `change` of what would have been right.
async fn refusal(encryption: Encryption, change: fn(&mut SmtpConfig)) -> ConnectError {
    // Nobody gets as far as the mailbox.
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let relay = Relay::before(nowhere, encryption).await;
    let mut config = relay.config(PASSWORD);
    change(&mut config);
    connect(&config).await.unwrap_err()
}

#[tokio::test]
async fn a_wrong_password_is_told_without_repeating_it() {
    for encryption in [Encryption::StartTls, Encryption::Implicit] {
        let error = refusal(encryption, |config| {
            config.credentials = Some((USER.to_owned(), "battery staple".to_owned().into()));
        })
        .await;
        let ConnectError::Refused { step: "AUTH", reply } = &error else { panic!("{error}") };
        assert_eq!(reply.code, 535);
        assert!(!error.to_string().contains("staple") && !error.to_string().contains('@'), "{error}");
    }
}

#[tokio::test]
async fn a_relay_that_nobody_vouches_for_gets_no_password() {
    for encryption in [Encryption::StartTls, Encryption::Implicit] {
        let error = refusal(encryption, |config| config.authorities = None).await;
        assert!(matches!(&error, ConnectError::Tls(reason) if reason.contains("UnknownIssuer")), "{error}");
    }
}

#[tokio::test]
async fn a_relay_with_the_certificate_of_another_gets_no_password() {
    for encryption in [Encryption::StartTls, Encryption::Implicit] {
        let error = refusal(encryption, |config| config.host = "127.0.0.1".to_owned()).await;
        assert!(matches!(&error, ConnectError::Tls(reason) if reason.contains("not valid for")), "{error}");
    }
}

#[tokio::test]
async fn what_stands_behind_the_answer_to_starttls_in_clear_ends_the_connection_before_tls() {
    for words in ["\r\n250 script", "\r\n250-script\r\n250 AUTH PLAIN\r\n235 in", "\r\n2", "\r\nhello"] {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let relay = Relay::injecting(words, nowhere, Encryption::StartTls).await;
        let error = connect(&relay.config(PASSWORD)).await.unwrap_err();
        let ConnectError::Broken { step: "STARTTLS", reason } = &error else { panic!("{error}") };
        assert!(reason.contains("unasked"), "{reason}");
    }
}
