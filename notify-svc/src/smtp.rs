//! Speaking SMTP: one connection that knows how far each mail got.
//!
//! The conversation is ours from the socket up, because what a mail's fate hangs on is in its details: whether the last
//! byte of a mail was handed to the kernel, which is the line between "try again, nothing happened" and "in doubt"
//! (RFC 5321, sections 4.2.5 and 6.1), which reply belongs to which command, and that only its code decides.

mod command;
mod connect;
mod connection;
mod dialogue;
mod encryption;
mod hello;
mod offers;
mod outcome;
mod patience;
mod reply;
mod stream;
mod wire_reply;

pub use connect::{ConnectError, connect};
pub use connection::Connection;
pub(crate) use encryption::is_loopback;
pub use encryption::{Authorities, Encryption};
pub(crate) use hello::is_domain;
pub use outcome::{Outcome, Stage};
pub use reply::Reply;

use std::time::Duration;

use lettre::address::Envelope;
use secrecy::SecretString;

/// How to reach the relay.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// By whose certificates the relay is trusted; by those of the machine otherwise.
    pub authorities: Option<Authorities>,
    /// User and password, where the relay asks for them.
    pub credentials: Option<(String, SecretString)>,
    /// By which name this side introduces itself; by its own or its address otherwise.
    pub hello: Option<String>,
    /// Whether PIPELINING (RFC 2920) is used where the relay offers it.
    pub pipelining: bool,
    /// How long each step may take.
    pub timeouts: Timeouts,
}

/// How long each step of the conversation may take; the defaults are those of RFC 5321, section 4.5.3.2.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// To resolve the name, connect, and agree on TLS. Not named by the RFC.
    pub connect: Duration,
    /// Until the greeting, and until the reply to EHLO, AUTH, MAIL, RCPT and RSET.
    pub command: Duration,
    /// Until the reply to DATA.
    pub data: Duration,
    /// To hand the mail over.
    pub block: Duration,
    /// Until the reply to the final dot.
    pub final_dot: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            command: Duration::from_mins(5),
            data: Duration::from_mins(2),
            block: Duration::from_mins(3),
            final_dot: Duration::from_mins(10),
        }
    }
}

/// A mail as it goes over the wire.
#[derive(Clone, Debug)]
pub struct WireMail {
    /// Sender and recipient of the SMTP transaction.
    pub envelope: Envelope,
    data: String,
}

impl WireMail {
    /// Takes a message with CRLF line ends, doubles the dots at line starts and adds the final dot
    /// (RFC 5321, section 4.5.2), so that the whole of it is one write.
    pub fn new(envelope: Envelope, message: &str) -> Self {
        let mut data = String::with_capacity(message.len() + 64);
        if message.starts_with('.') {
            data.push('.');
        }
        data.push_str(&message.replace("\r\n.", "\r\n.."));
        if !data.ends_with("\r\n") {
            data.push_str("\r\n");
        }
        data.push_str(".\r\n");
        Self { envelope, data }
    }

    /// What is written after the relay said 354.
    pub fn data(&self) -> &str {
        &self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(message: &str) -> String {
        let address: lettre::Address = "a@example.org".parse().unwrap();
        let envelope = Envelope::new(Some(address.clone()), vec![address]).unwrap();
        WireMail::new(envelope, message).data().to_owned()
    }

    #[test]
    fn dots_at_line_starts_are_doubled() {
        assert_eq!(wire(".a\r\n..b\r\nc.\r\n"), "..a\r\n...b\r\nc.\r\n.\r\n");
    }

    #[test]
    fn a_missing_last_line_end_is_added() {
        assert_eq!(wire("a"), "a\r\n.\r\n");
    }
}
