//! A message as it was received, and what tests want to know of it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use mail_parser::{MessageParser, MessagePart};
use uuid::Uuid;

use super::json::Summary;
use super::session::Envelope;

/// A message the mailbox has accepted. It is taken apart only when someone looks at it.
#[derive(Debug)]
pub struct Message {
    id: String,
    received: DateTime<Utc>,
    envelope: Envelope,
    raw: Bytes,
    read: AtomicBool,
    summary: OnceLock<Summary>,
}

impl Message {
    pub(super) fn new(id: Uuid, received: DateTime<Utc>, envelope: Envelope, raw: Vec<u8>) -> Self {
        Self {
            id: id.simple().to_string(),
            received,
            envelope,
            raw: raw.into(),
            read: AtomicBool::new(false),
            summary: OnceLock::new(),
        }
    }

    /// The mailbox's own id of the message.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it arrived.
    pub fn received(&self) -> DateTime<Utc> {
        self.received
    }

    /// The address of MAIL FROM.
    pub fn sender(&self) -> &str {
        &self.envelope.sender
    }

    /// The addresses of RCPT TO.
    pub fn recipients(&self) -> &[String] {
        &self.envelope.recipients
    }

    /// Whether the message was sent to this address, in any case.
    pub fn is_to(&self, address: &str) -> bool {
        self.recipients().iter().any(|recipient| recipient.eq_ignore_ascii_case(address))
    }

    /// The message byte for byte, without the dots SMTP doubles.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The decoded subject.
    pub fn subject(&self) -> String {
        self.summary().subject.clone()
    }

    /// The decoded plain text, made from the HTML if there is none.
    pub fn text(&self) -> String {
        let message = self.parse();
        message.body_text(0).map(String::from).unwrap_or_default()
    }

    /// The decoded HTML, empty if there is none.
    pub fn html(&self) -> String {
        let message = self.parse();
        let part = message.html_bodies().find(|part| part.is_text_html());
        part.and_then(MessagePart::text_contents).unwrap_or_default().to_owned()
    }

    /// The values of every header of this name, in any case, unfolded and otherwise as they came.
    pub fn header(&self, name: &str) -> Vec<String> {
        let message = self.parse();
        let named = message.headers_raw().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| unfolded(value)).collect()
    }

    pub(super) fn parse(&self) -> mail_parser::Message<'_> {
        MessageParser::default().parse(&self.raw[..]).unwrap_or_else(|| mail_parser::Message {
            // The parser's methods rely on a root part, which an unreadable message does not have.
            parts: vec![MessagePart::default()],
            ..mail_parser::Message::default()
        })
    }

    pub(super) fn summary(&self) -> &Summary {
        self.summary.get_or_init(|| Summary::of(self))
    }

    pub(super) fn is_read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    pub(super) fn mark(&self, read: bool) {
        self.read.store(read, Ordering::Relaxed);
    }
}

/// A header value on one line (RFC 5322, section 2.2.3).
pub(super) fn unfolded(value: &str) -> String {
    value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
