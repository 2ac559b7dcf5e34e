//! One kept connection: mail transactions one after another, each with a known outcome.

use std::fmt::{self, Write as _};
use std::iter;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::patience::{Patience, TooLong};
use super::reply::negative_reply;
use super::stream::FlushMark;
use super::{Outcome, Reply, Stage, Timeouts, WireMail};

/// Why a step has no positive reply.
enum Trouble {
    Refused(Reply),
    Broken(String),
}

/// A connection that is past EHLO, TLS and AUTH.
pub struct Connection {
    inner: AsyncSmtpConnection,
    mark: FlushMark,
    pipelining: bool,
    timeouts: Timeouts,
    patience: Patience,
    usable: bool,
    in_body: bool,
    accepted: u32,
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").field("usable", &self.usable).finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(
        inner: AsyncSmtpConnection,
        mark: FlushMark,
        pipelining: bool,
        timeouts: Timeouts,
    ) -> Self {
        let patience = Patience::new(timeouts.command.min(timeouts.data).min(timeouts.block));
        Self { inner, mark, pipelining, timeouts, patience, usable: true, in_body: false, accepted: 0 }
    }

    /// Whether another mail may be sent over it.
    pub fn is_usable(&self) -> bool {
        self.usable
    }

    /// How many mails it has carried.
    pub fn accepted(&self) -> u32 {
        self.accepted
    }

    /// What is to be said of a mail whose [`Connection::send`] was dropped before its end.
    pub fn interrupted(&mut self, reason: &str) -> Outcome {
        self.usable = false;
        if self.in_body && self.mark.is_set() {
            Outcome::InDoubt { reason: reason.to_owned() }
        } else {
            Outcome::Lost {
                stage: if self.in_body { Stage::Body } else { Stage::Mail },
                reason: reason.to_owned(),
            }
        }
    }

    /// Sends one mail.
    pub async fn send(&mut self, mail: &WireMail) -> Outcome {
        self.in_body = false;
        let parameters = match self.mail_parameters(mail) {
            Ok(parameters) => parameters,
            Err(reason) => return Outcome::Unsupported(reason),
        };
        let opened = if self.pipelining {
            self.open_in_one_write(&mail.envelope, parameters).await
        } else {
            self.open_step_by_step(&mail.envelope, parameters).await
        };
        if let Err((stage, trouble)) = opened {
            return match trouble {
                Trouble::Refused(reply) => {
                    self.reset(&reply).await;
                    Outcome::Refused { stage, reply }
                }
                Trouble::Broken(reason) => {
                    self.usable = false;
                    Outcome::Lost { stage, reason }
                }
            };
        }
        self.send_body(mail.data()).await
    }

    /// Says goodbye, as RFC 5321 asks for; gives up after a second.
    pub async fn quit(&mut self) {
        if self.usable {
            let _ = timeout(Duration::from_secs(1), self.inner.command(Quit)).await;
        }
    }

    fn mail_parameters(&self, mail: &WireMail) -> Result<Vec<MailParameter>, &'static str> {
        let server = self.inner.server_info();
        let mut parameters = Vec::new();
        if !has_ascii_addresses(&mail.envelope) {
            if !server.supports_feature(Extension::SmtpUtfEight) {
                return Err("the address needs SMTPUTF8, which the server does not offer");
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !mail.data().is_ascii() {
            if !server.supports_feature(Extension::EightBitMime) {
                return Err("the message needs 8BITMIME, which the server does not offer");
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }

    async fn open_step_by_step(
        &mut self,
        envelope: &Envelope,
        parameters: Vec<MailParameter>,
    ) -> Result<(), (Stage, Trouble)> {
        let Timeouts { command, data, .. } = self.timeouts;
        let at = |stage| move |trouble| (stage, trouble);
        let mail = Mail::new(envelope.from().cloned(), parameters);
        reply_within(&mut self.patience, command, self.inner.command(mail)).await.map_err(at(Stage::Mail))?;
        for recipient in envelope.to() {
            let rcpt = Rcpt::new(recipient.clone(), Vec::new());
            reply_within(&mut self.patience, command, self.inner.command(rcpt))
                .await
                .map_err(at(Stage::Rcpt))?;
        }
        reply_within(&mut self.patience, data, self.inner.command(Data)).await.map_err(at(Stage::Data))?;
        Ok(())
    }

    /// MAIL, RCPT and DATA in one write, their replies read in order (RFC 2920).
    ///
    /// Every reply is read even after a refusal, or the next transaction would take them for its own. A server may
    /// say 354 although it refused the recipient; then an empty message, the lone dot, leads out of DATA again.
    async fn open_in_one_write(
        &mut self,
        envelope: &Envelope,
        parameters: Vec<MailParameter>,
    ) -> Result<(), (Stage, Trouble)> {
        let Timeouts { command, data, .. } = self.timeouts;
        let mut group = Mail::new(envelope.from().cloned(), parameters).to_string();
        for recipient in envelope.to() {
            write!(group, "{}", Rcpt::new(recipient.clone(), Vec::new()))
                .expect("a String takes every write");
        }
        write!(group, "{Data}").expect("a String takes every write");

        let recipients = envelope.to().iter().map(|_| Stage::Rcpt);
        let stages = iter::once(Stage::Mail).chain(recipients).chain([Stage::Data]);
        let (mut refusal, mut in_data) = (None, false);
        for stage in stages {
            let limit = if stage == Stage::Data { data } else { command };
            let reply = if stage == Stage::Mail {
                reply_within(&mut self.patience, limit, self.inner.command(&group)).await
            } else {
                reply_within(&mut self.patience, limit, self.inner.read_response()).await
            };
            match reply {
                Ok(_) => in_data = stage == Stage::Data,
                Err(Trouble::Refused(reply)) => {
                    refusal.get_or_insert((stage, Trouble::Refused(reply)));
                }
                // Some servers close after a refusal; then the refusal is the news.
                Err(broken) => {
                    self.usable = false;
                    return Err(refusal.unwrap_or((stage, broken)));
                }
            }
        }
        let Some(refusal) = refusal else { return Ok(()) };
        if in_data {
            let ended =
                reply_within(&mut self.patience, self.timeouts.final_dot, self.inner.command(".\r\n")).await;
            self.usable = !matches!(ended, Err(Trouble::Broken(_)));
        }
        Err(refusal)
    }

    async fn send_body(&mut self, data: &str) -> Outcome {
        let Timeouts { block, final_dot, .. } = self.timeouts;
        self.mark.clear();
        self.in_body = true;
        let mark = self.mark.clone();
        let result = {
            let mut exchange = std::pin::pin!(self.inner.command(data));
            match self.patience.wait(block, &mut exchange).await {
                Ok(result) => result.map_err(Trouble::from),
                Err(TooLong) if !mark.is_set() => Err(Trouble::Broken("timed out writing".to_owned())),
                Err(TooLong) => {
                    reply_within(&mut self.patience, final_dot.saturating_sub(block), exchange).await
                }
            }
        };
        self.in_body = false;
        match result {
            Ok(response) => {
                self.accepted += 1;
                Outcome::Accepted(response.into())
            }
            Err(Trouble::Refused(reply)) => {
                self.reset(&reply).await;
                Outcome::Refused { stage: Stage::FinalDot, reply }
            }
            Err(Trouble::Broken(reason)) => {
                self.usable = false;
                if mark.is_set() {
                    Outcome::InDoubt { reason }
                } else {
                    Outcome::Lost { stage: Stage::Body, reason }
                }
            }
        }
    }

    /// Makes the connection fit for the next mail after a refusal.
    async fn reset(&mut self, reply: &Reply) {
        // After 421 the server closes the connection; without the authentication it wants there is no use for it.
        self.usable = self.usable
            && !reply.is_about_the_server()
            && reply_within(&mut self.patience, self.timeouts.command, self.inner.command(Rset))
                .await
                .is_ok();
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match negative_reply(&error) {
            Some(reply) => Self::Refused(reply),
            None => Self::Broken(error.to_string()),
        }
    }
}

fn has_ascii_addresses(envelope: &Envelope) -> bool {
    envelope.from().into_iter().chain(envelope.to()).all(|address| AsRef::<str>::as_ref(address).is_ascii())
}

async fn reply_within(
    patience: &mut Patience,
    limit: Duration,
    reply: impl Future<Output = Result<Response, Error>>,
) -> Result<Response, Trouble> {
    match patience.wait(limit, reply).await {
        Ok(result) => result.map_err(Trouble::from),
        Err(TooLong) => Err(Trouble::Broken("timed out waiting for the reply".to_owned())),
    }
}
