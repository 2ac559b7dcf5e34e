//! From nothing to a connection that takes mail.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::command::Command;
use super::dialogue::{Dialogue, Trouble};
use super::encryption::handshake;
use super::offers::Offers;
use super::stream::{Stream, tune};
use super::wire_reply::WireReply;
use super::{Connection, Encryption, Reply, SmtpConfig, hello};

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

/// Connects, protects the connection, signs in, and learns what the server can do. All of it together may take no
/// longer than connecting and one reply may.
pub async fn connect(config: &SmtpConfig) -> Result<Connection, ConnectError> {
    let timeouts = config.timeouts;
    let limit = timeouts.connect + timeouts.command;
    let opening = Opening { config, deadline: Instant::now() + limit };
    timeout(limit, opening.open()).await.unwrap_or(Err(ConnectError::TimedOut("opening the conversation")))
}

struct Opening<'a> {
    config: &'a SmtpConfig,
    deadline: Instant,
}

impl Opening<'_> {
    async fn open(&self) -> Result<Connection, ConnectError> {
        let Self { config, .. } = self;
        let mut dialogue = self.greeted(self.stream().await?).await?;
        let local = dialogue.stream().local_addr().map_err(ConnectError::Unreachable)?;
        let hello = hello::name(config.hello.as_deref(), local);
        let mut offers = self.hello(&mut dialogue, &hello).await?;
        if config.encryption == Encryption::StartTls {
            if !offers.start_tls {
                return Err(ConnectError::Tls("STARTTLS is not offered".to_owned()));
            }
            self.ask(&mut dialogue, "STARTTLS", Command::StartTls, "STARTTLS\r\n").await?;
            let stream =
                dialogue.into_silent_stream().await.map_err(|trouble| failed("STARTTLS", trouble))?;
            let Stream::Clear(stream) = stream else {
                return Err(ConnectError::Tls("the connection is encrypted already".to_owned()));
            };
            dialogue = self.dialogue(self.encrypted(stream).await?);
            // Whatever was offered in clear, anybody may have offered.
            offers = self.hello(&mut dialogue, &hello).await?;
        }
        if let Some((user, password)) = &config.credentials {
            self.sign_in(&mut dialogue, offers, user, password).await?;
        }
        Ok(Connection::new(
            dialogue,
            Offers { pipelining: offers.pipelining && config.pipelining, ..offers },
            config.timeouts,
        ))
    }

    async fn stream(&self) -> Result<Stream, ConnectError> {
        let Self { config, .. } = self;
        let connecting = TcpStream::connect((host(config), config.port));
        let stream = timeout(config.timeouts.connect, connecting)
            .await
            .map_err(|_| ConnectError::TimedOut("connecting"))?
            .map_err(ConnectError::Unreachable)?;
        tune(&stream).map_err(ConnectError::Unreachable)?;
        if config.encryption == Encryption::Implicit {
            return self.encrypted(stream).await;
        }
        Ok(Stream::Clear(stream))
    }

    async fn encrypted(&self, stream: TcpStream) -> Result<Stream, ConnectError> {
        let Self { config, deadline } = self;
        let deadline = (*deadline).min(Instant::now() + config.timeouts.connect);
        let stream = timeout_at(deadline, handshake(host(config), config.authorities.as_ref(), stream))
            .await
            .map_err(|_| ConnectError::TimedOut("the TLS handshake"))??;
        Ok(Stream::Tls(Box::new(stream)))
    }

    fn dialogue(&self, stream: Stream) -> Dialogue {
        let timeouts = self.config.timeouts;
        Dialogue::new(stream, timeouts.command.min(timeouts.data).min(timeouts.block))
    }

    async fn greeted(&self, stream: Stream) -> Result<Dialogue, ConnectError> {
        let mut dialogue = self.dialogue(stream);
        let greeting = dialogue.hear(Command::Greeting, self.left()).await;
        greeting.map_err(|trouble| failed("the greeting", trouble))?;
        Ok(dialogue)
    }

    async fn hello(&self, dialogue: &mut Dialogue, name: &str) -> Result<Offers, ConnectError> {
        let reply = self.ask(dialogue, "EHLO", Command::Ehlo, &format!("EHLO {name}\r\n")).await?;
        Ok((&reply).into())
    }

    /// PLAIN where it is offered (RFC 4616), else LOGIN, which some providers have alone.
    async fn sign_in(
        &self,
        dialogue: &mut Dialogue,
        offers: Offers,
        user: &str,
        password: &SecretString,
    ) -> Result<(), ConnectError> {
        let encode = |text: &str| BASE64_STANDARD.encode(text);
        let password = password.expose_secret();
        let last = if offers.auth_plain {
            format!("AUTH PLAIN {}\r\n", encode(&format!("\0{user}\0{password}")))
        } else if offers.auth_login {
            // The words of the challenges differ from server to server; their order does not.
            self.ask(dialogue, "AUTH", Command::AuthChallenge, "AUTH LOGIN\r\n").await?;
            self.ask(dialogue, "AUTH", Command::AuthChallenge, &format!("{}\r\n", encode(user))).await?;
            format!("{}\r\n", encode(password))
        } else {
            let reason = "the server offers neither PLAIN nor LOGIN to sign in with".to_owned();
            return Err(ConnectError::Broken { step: "AUTH", reason });
        };
        self.ask(dialogue, "AUTH", Command::Auth, &last).await?;
        Ok(())
    }

    async fn ask(
        &self,
        dialogue: &mut Dialogue,
        step: &'static str,
        command: Command,
        line: &str,
    ) -> Result<WireReply, ConnectError> {
        dialogue.ask(command, line, self.left()).await.map_err(|trouble| failed(step, trouble))
    }

    /// How long the next reply may take.
    fn left(&self) -> Duration {
        self.config.timeouts.command.min(self.deadline.saturating_duration_since(Instant::now()))
    }
}

/// The host without the brackets of an IPv6 address.
fn host(config: &SmtpConfig) -> &str {
    config.host.trim_start_matches('[').trim_end_matches(']')
}

fn failed(step: &'static str, trouble: Trouble) -> ConnectError {
    match trouble {
        Trouble::Refused(reply) => ConnectError::Refused { step, reply },
        Trouble::TimedOut(_) => ConnectError::TimedOut(step),
        Trouble::Broken(reason) | Trouble::OutOfStep(reason) => ConnectError::Broken { step, reason },
    }
}
