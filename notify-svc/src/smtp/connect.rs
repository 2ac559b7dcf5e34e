//! From nothing to a connection that takes mail.

use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::Ehlo;
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;

use super::encryption::{connector, parameters, tls_failure};
use super::reply::negative_reply;
use super::stream::{FlushMark, MarkedStream};
use super::{Connection, Encryption, Reply, SmtpConfig};

/// Why there is no connection. All of it is about the relay, none of it about a mail.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The name did not resolve, or nobody answered there.
    #[error("cannot reach the SMTP server")]
    Unreachable(#[source] std::io::Error),
    /// A step took too long.
    #[error("the SMTP server took too long at {0}")]
    TimedOut(&'static str),
    /// TLS failed or is not offered.
    #[error("no TLS with the SMTP server: {0}")]
    Tls(String),
    /// The server turned us away.
    #[error("the SMTP server refused at {step}: {} {}", .reply.code, .reply.text)]
    Refused {
        /// At which step.
        step: &'static str,
        /// What it said.
        reply: Reply,
    },
    /// The conversation broke off or made no sense.
    #[error("the conversation with the SMTP server broke off at {step}: {reason}")]
    Broken {
        /// At which step.
        step: &'static str,
        /// What happened.
        reason: String,
    },
}

/// Connects, protects the connection, signs in, and learns what the server can do.
pub async fn connect(config: &SmtpConfig) -> Result<Connection, ConnectError> {
    let mark = FlushMark::default();
    let stream = open(config, &mark).await?;
    let hello = ClientId::default();
    let command = config.timeouts.command;
    let authorities = config.authorities.as_ref();

    let greeting = AsyncSmtpConnection::connect_with_transport(stream, &hello);
    let mut inner = step("the greeting", command, greeting).await?;
    if config.encryption == Encryption::StartTls {
        if !inner.can_starttls() {
            return Err(ConnectError::Tls("STARTTLS is not offered".to_owned()));
        }
        step("STARTTLS", command, inner.starttls(parameters(host(config), authorities)?, &hello)).await?;
    }
    if let Some((user, password)) = &config.credentials {
        let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
        step("AUTH", command, inner.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)).await?;
    }
    // lettre keeps only the extensions it uses itself, so the list is asked for once more.
    let extensions = step("EHLO", command, inner.command(Ehlo::new(hello))).await?;
    let offers = |keyword: &str| extensions.message().any(|line| line.trim().eq_ignore_ascii_case(keyword));
    let pipelining = config.pipelining && offers("PIPELINING");
    Ok(Connection::new(inner, mark, pipelining, config.timeouts))
}

async fn open(config: &SmtpConfig, mark: &FlushMark) -> Result<Box<dyn AsyncTokioStream>, ConnectError> {
    let host = host(config);
    let limit = config.timeouts.connect;
    let stream = timeout(limit, TcpStream::connect((host, config.port)))
        .await
        .map_err(|_| ConnectError::TimedOut("connecting"))?
        .map_err(ConnectError::Unreachable)?;
    // Each reply is waited for, so Nagle's algorithm would only add the peer's delayed acknowledgement to each step.
    stream.set_nodelay(true).map_err(ConnectError::Unreachable)?;
    let peer = stream.peer_addr().map_err(ConnectError::Unreachable)?;
    if config.encryption != Encryption::Implicit {
        return Ok(Box::new(MarkedStream::new(stream, mark.clone(), peer)));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|error| ConnectError::Tls(error.to_string()))?;
    let stream = timeout(limit, connector(config.authorities.as_ref())?.connect(name, stream))
        .await
        .map_err(|_| ConnectError::TimedOut("the TLS handshake"))?
        .map_err(|error| ConnectError::Tls(error.to_string()))?;
    Ok(Box::new(MarkedStream::new(stream, mark.clone(), peer)))
}

/// The host without the brackets of an IPv6 address.
fn host(config: &SmtpConfig) -> &str {
    config.host.trim_start_matches('[').trim_end_matches(']')
}

async fn step<T>(
    step: &'static str,
    limit: Duration,
    future: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, ConnectError> {
    match timeout(limit, future).await {
        Err(_) => Err(ConnectError::TimedOut(step)),
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(match (negative_reply(&error), tls_failure(&error)) {
            (Some(reply), _) => ConnectError::Refused { step, reply },
            (None, Some(reason)) => ConnectError::Tls(reason),
            (None, None) => ConnectError::Broken { step, reason: error.to_string() },
        }),
    }
}
