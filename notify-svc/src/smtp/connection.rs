//! One kept connection: mail transactions one after another, each with a known outcome.

use std::fmt::Write as _;
use std::iter;
use std::time::Duration;

use lettre::address::Envelope;
use tokio::time::{Instant, timeout};

use super::command::Command;
use super::dialogue::{Dialogue, Trouble};
use super::offers::Offers;
use super::{Outcome, Reply, Stage, Timeouts, WireMail};

/// How long the proof that both sides are in step may take after a mail is through.
const LONGEST_PROOF: Duration = Duration::from_secs(10);

const RSET: &str = "RSET\r\n";

/// How far the transaction got that is under way.
#[derive(Debug)]
enum Progress {
    /// The server has not got the mail.
    Opening,
    /// It may have.
    HandedOver,
    /// It has said that it took responsibility.
    Taken(Reply),
}

/// A connection that is past EHLO, TLS and AUTH.
#[derive(Debug)]
pub struct Connection {
    dialogue: Dialogue,
    offers: Offers,
    timeouts: Timeouts,
    usable: bool,
    stage: Stage,
    progress: Progress,
    accepted: u32,
    since: Instant,
}

impl Connection {
    pub(super) fn new(dialogue: Dialogue, offers: Offers, timeouts: Timeouts) -> Self {
        let (stage, progress) = (Stage::Mail, Progress::Opening);
        Self { dialogue, offers, timeouts, usable: true, stage, progress, accepted: 0, since: Instant::now() }
    }

    /// Whether another mail may be sent over it.
    pub fn is_usable(&self) -> bool {
        self.usable
    }

    /// How many mails it has carried.
    pub fn accepted(&self) -> u32 {
        self.accepted
    }

    /// How long it has stood.
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// What is to be said of a mail whose [`Connection::send`] was dropped before its end.
    pub fn interrupted(&mut self, reason: &str) -> Outcome {
        self.usable = false;
        let reason = reason.to_owned();
        match std::mem::replace(&mut self.progress, Progress::Opening) {
            Progress::Opening => Outcome::Lost { stage: self.stage, reason },
            Progress::HandedOver => Outcome::InDoubt { reason },
            Progress::Taken(reply) => Outcome::Accepted(reply),
        }
    }

    /// Sends one mail.
    pub async fn send(&mut self, mail: &WireMail) -> Outcome {
        self.send_while(mail, || true).await
    }

    /// Sends one mail, if it is `ours` still when the server is ready to take it: the last moment at which it can be left
    /// to others.
    pub async fn send_while(&mut self, mail: &WireMail, ours: impl Fn() -> bool) -> Outcome {
        (self.stage, self.progress) = (Stage::Mail, Progress::Opening);
        let opening = match self.mail_command(mail) {
            Ok(command) => command,
            Err(reason) => return Outcome::Unsupported(reason),
        };
        let opened = if self.offers.pipelining {
            self.open_in_one_write(opening, &mail.envelope).await
        } else {
            self.open_step_by_step(&opening, &mail.envelope).await
        };
        if let Err((stage, trouble)) = opened {
            return match trouble.into_refusal() {
                Ok(reply) => {
                    self.reset(&reply).await;
                    Outcome::Refused { stage, reply }
                }
                Err(reason) => {
                    self.usable = false;
                    Outcome::Lost { stage, reason }
                }
            };
        }
        self.stage = Stage::Body;
        if !ours() {
            self.usable = false;
            return Outcome::Lost {
                stage: Stage::Body,
                reason: "others may have the mail by now".to_owned(),
            };
        }
        self.send_body(mail.data()).await
    }

    /// Says goodbye, as RFC 5321 asks for; gives up after a second.
    pub async fn quit(&mut self) {
        if self.usable {
            let limit = Duration::from_secs(1);
            let _ = timeout(limit, self.dialogue.ask(Command::Quit, "QUIT\r\n", limit)).await;
        }
    }

    fn mail_command(&self, mail: &WireMail) -> Result<String, &'static str> {
        let sender = mail.envelope.from().map(AsRef::<str>::as_ref).unwrap_or_default();
        let mut command = format!("MAIL FROM:<{sender}>");
        if !has_ascii_addresses(&mail.envelope) {
            if !self.offers.smtp_utf8 {
                return Err("the address needs SMTPUTF8, which the server does not offer");
            }
            command.push_str(" SMTPUTF8");
        }
        if !mail.data().is_ascii() {
            if !self.offers.eight_bit_mime {
                return Err("the message needs 8BITMIME, which the server does not offer");
            }
            command.push_str(" BODY=8BITMIME");
        }
        command.push_str("\r\n");
        Ok(command)
    }

    async fn open_step_by_step(
        &mut self,
        opening: &str,
        envelope: &Envelope,
    ) -> Result<(), (Stage, Trouble)> {
        let Timeouts { command, data, .. } = self.timeouts;
        let Self { dialogue, .. } = self;
        let at = |stage| move |trouble| (stage, trouble);
        dialogue.ask(Command::Mail, opening, command).await.map_err(at(Stage::Mail))?;
        for recipient in envelope.to() {
            let rcpt = format!("RCPT TO:<{recipient}>\r\n");
            dialogue.ask(Command::Rcpt, &rcpt, command).await.map_err(at(Stage::Rcpt))?;
        }
        dialogue.ask(Command::Data, "DATA\r\n", data).await.map_err(at(Stage::Data))?;
        Ok(())
    }

    /// MAIL, RCPT and DATA in one write, their replies read in order (RFC 2920).
    ///
    /// Every reply is read even after a refusal, or the next transaction would take them for its own. A server may
    /// say 354 although it refused the recipient; then an empty message, the lone dot, leads out of DATA again.
    async fn open_in_one_write(
        &mut self,
        opening: String,
        envelope: &Envelope,
    ) -> Result<(), (Stage, Trouble)> {
        let Timeouts { command, data, final_dot, .. } = self.timeouts;
        let mut group = opening;
        for recipient in envelope.to() {
            write!(group, "RCPT TO:<{recipient}>\r\n").expect("a String takes every write");
        }
        group.push_str("DATA\r\n");
        self.dialogue.say(group.as_bytes(), command).await.map_err(|trouble| (Stage::Mail, trouble))?;

        let recipients = envelope.to().iter().map(|_| (Stage::Rcpt, Command::Rcpt, command));
        let replies = iter::once((Stage::Mail, Command::Mail, command)).chain(recipients);
        let (mut refusal, mut in_data) = (None, false);
        for (stage, awaited, limit) in replies.chain([(Stage::Data, Command::Data, data)]) {
            match self.dialogue.hear(awaited, limit).await {
                Ok(_) => in_data = awaited == Command::Data,
                Err(Trouble::Refused(reply)) => {
                    refusal.get_or_insert((stage, Trouble::Refused(reply)));
                }
                // Out of step, nobody knows what was refused.
                Err(Trouble::OutOfStep(reason)) => return Err((stage, Trouble::OutOfStep(reason))),
                // Some servers close after a refusal; then the refusal is the news.
                Err(broken) => {
                    self.usable = false;
                    return Err(refusal.unwrap_or((stage, broken)));
                }
            }
        }
        let Some(refusal) = refusal else { return Ok(()) };
        if in_data {
            let ended = self.dialogue.ask(Command::FinalDot, ".\r\n", final_dot).await;
            self.usable = matches!(ended, Ok(_) | Err(Trouble::Refused(_)));
        }
        Err(refusal)
    }

    /// Sends the message, reads its reply, and proves by the reply to RSET that it was its reply: a server that is one
    /// reply ahead has said yes to something else.
    async fn send_body(&mut self, data: &str) -> Outcome {
        let Timeouts { block, final_dot, .. } = self.timeouts;
        let pipelining = self.offers.pipelining;
        if let Err(trouble) = self.dialogue.say(data.as_bytes(), block).await {
            self.usable = false;
            let reason = trouble.into_refusal().map_or_else(|reason| reason, |reply| reply.text);
            return Outcome::Lost { stage: Stage::Body, reason };
        }
        self.progress = Progress::HandedOver;
        if pipelining {
            // A write of its own: one that broke off within RSET would have handed over the whole mail. Whether it got
            // out shows by its reply.
            let _ = self.dialogue.write(RSET.as_bytes(), self.proof_limit()).await;
        }
        let outcome =
            match self.dialogue.hear(Command::FinalDot, final_dot).await.map_err(Trouble::into_refusal) {
                Ok(reply) => self.proved(reply.into()).await,
                Err(Ok(reply)) if pipelining => {
                    self.usable = !reply.is_about_the_server() && self.hear_reset().await.is_ok();
                    Outcome::Refused { stage: Stage::FinalDot, reply }
                }
                Err(Ok(reply)) => {
                    self.reset(&reply).await;
                    Outcome::Refused { stage: Stage::FinalDot, reply }
                }
                Err(Err(reason)) => {
                    self.usable = false;
                    Outcome::InDoubt { reason }
                }
            };
        self.progress = Progress::Opening;
        outcome
    }

    /// Whether the server took the mail, now that it seems to have said so.
    async fn proved(&mut self, reply: Reply) -> Outcome {
        self.progress = Progress::Taken(reply.clone());
        let written = if self.offers.pipelining {
            Ok(())
        } else {
            let limit = self.proof_limit();
            self.dialogue.write(RSET.as_bytes(), limit).await
        };
        let proof = match written {
            Ok(()) => self.hear_reset().await,
            Err(trouble) => Err(trouble),
        };
        let proof = proof.map_err(|trouble| match trouble {
            // The server knows no RSET, or ends the connection after this mail: both are its right.
            Trouble::Refused(proof) if proof.code == 421 || proof.is_about_the_command() => None,
            Trouble::Refused(proof) => Some(format!("RSET was answered {}", proof.code)),
            Trouble::OutOfStep(reason) => Some(reason),
            Trouble::Broken(_) | Trouble::TimedOut(_) => None,
        });
        self.usable = proof.is_ok();
        if let Err(Some(reason)) = proof {
            return Outcome::InDoubt { reason: format!("replies out of step, {reason}") };
        }
        self.accepted += 1;
        Outcome::Accepted(reply)
    }

    /// Makes the connection fit for the next mail after a refusal.
    async fn reset(&mut self, reply: &Reply) {
        // After 421 the server closes the connection; without the authentication it wants there is no use for it.
        self.usable = self.usable && !reply.is_about_the_server() && self.ask_reset().await.is_ok();
    }

    async fn ask_reset(&mut self) -> Result<(), Trouble> {
        let limit = self.proof_limit();
        self.dialogue.ask(Command::Rset, RSET, limit).await.map(drop)
    }

    async fn hear_reset(&mut self) -> Result<(), Trouble> {
        let limit = self.proof_limit();
        self.dialogue.hear(Command::Rset, limit).await.map(drop)
    }

    fn proof_limit(&self) -> Duration {
        self.timeouts.command.min(LONGEST_PROOF)
    }
}

fn has_ascii_addresses(envelope: &Envelope) -> bool {
    envelope.from().into_iter().chain(envelope.to()).all(|address| AsRef::<str>::as_ref(address).is_ascii())
}
