//! One SMTP connection: bytes in and out, faults, and when replies are sent.
//!
//! A client may send several commands without waiting (RFC 2920). They are all obeyed before anything is written, so
//! their replies leave in one packet, as the message's bytes came in few.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Shared;
use super::data::{MessageReader, Received};
use super::fault::{Command, Fault};
use super::session::{Next, Reply, Request, Session, too_large};

/// RFC 5321: a command line has at most 512 bytes.
const MAX_LINE: usize = 512;
/// The extensions offered add this to MAIL: SIZE 26 (RFC 1870), BODY 17 (RFC 6152), SMTPUTF8 10 (RFC 6531).
const MAX_MAIL_LINE: usize = MAX_LINE + 26 + 17 + 10;
/// RFC 5321, section 4.5.3.2.7.
const IDLE_LIMIT: Duration = Duration::from_mins(5);
/// A client that sends so much nonsense does not speak SMTP.
const MAX_ERRORS: usize = 20;
const READ_BYTES: usize = 16 * 1024;

/// Holds the conversation until either side closes.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    Connection::new(stream, shared).converse().await
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    session: Session,
    message: Option<MessageReader>,
    input: BytesMut,
    output: Vec<u8>,
    /// Whether the beginning of the current line was thrown away because the line is too long.
    skipping: bool,
    errors: usize,
}

/// Whether the connection goes on.
#[derive(Debug, PartialEq, Eq)]
enum Flow {
    Continue,
    Close,
}

impl Connection {
    fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        let session = Session::new(shared.max_message_bytes);
        Self {
            stream,
            shared,
            session,
            message: None,
            input: BytesMut::with_capacity(READ_BYTES),
            output: Vec::with_capacity(512),
            skipping: false,
            errors: 0,
        }
    }

    async fn converse(mut self) -> io::Result<()> {
        // Replies are small and each is awaited by the client: Nagle's algorithm would hold them back.
        self.stream.set_nodelay(true)?;
        if let Some(fault) = self.next_fault(Command::Connect, None).await? {
            self.suffer(fault);
            return self.flush().await;
        }
        self.reply("220 mailbox ESMTP");
        loop {
            let flow = self.work().await?;
            self.flush().await?;
            if flow == Flow::Close {
                return self.stream.shutdown().await;
            }
            self.input.reserve(READ_BYTES);
            let read = tokio::time::timeout(IDLE_LIMIT, self.stream.read_buf(&mut self.input)).await;
            match read {
                Ok(Ok(0)) => return Ok(()),
                Ok(outcome) => drop(outcome?),
                Err(_) => {
                    self.reply("421 4.4.2 idle for too long");
                    return self.flush().await;
                }
            }
        }
    }

    /// Obeys everything that has arrived in full.
    async fn work(&mut self) -> io::Result<Flow> {
        loop {
            let flow = if let Some(reader) = &mut self.message {
                let Some(received) = reader.read(&mut self.input) else {
                    return Ok(Flow::Continue);
                };
                self.message = None;
                self.finish_message(received).await?
            } else {
                let Some(line) = self.next_line() else {
                    return Ok(Flow::Continue);
                };
                self.obey_line(line).await?
            };
            if flow == Flow::Close {
                return Ok(flow);
            }
            if self.errors >= MAX_ERRORS {
                self.reply("421 4.7.0 too many errors");
                return Ok(Flow::Close);
            }
        }
    }

    async fn obey_line(&mut self, line: Result<String, Reply>) -> io::Result<Flow> {
        let line = match line {
            Ok(line) => line,
            Err(refusal) => {
                self.reply(&refusal);
                return Ok(Flow::Continue);
            }
        };
        let request = Request::parse(&line);
        if let Some(moment) = request.moment()
            && let Some(fault) = self.next_fault(moment, request.recipient().as_deref()).await?
        {
            return Ok(self.suffer(fault));
        }
        let (reply, next) = self.session.obey(&request);
        self.reply(&reply);
        match next {
            Next::Command => {}
            Next::Message => self.message = Some(MessageReader::new(self.shared.max_message_bytes)),
            Next::Close => return Ok(Flow::Close),
        }
        Ok(Flow::Continue)
    }

    async fn finish_message(&mut self, received: Received) -> io::Result<Flow> {
        let envelope = self.session.take_envelope();
        let fault = self.next_fault(Command::FinalDot, None).await?;
        let close = match fault {
            None => false,
            Some(Fault::CloseAfterFinalDot { keep: true }) => true,
            Some(fault) => return Ok(self.suffer(fault)),
        };
        let reply = match received {
            Received::TooLarge => too_large(),
            Received::Message(raw) => match self.shared.store.add(envelope, raw).await {
                Ok(id) => format!("250 2.0.0 kept as {id}").into(),
                Err(error) => {
                    tracing::error!(%error, "the mailbox cannot keep a message");
                    "451 4.3.0 the message could not be kept".into()
                }
            },
        };
        if close {
            return Ok(Flow::Close);
        }
        self.reply(&reply);
        Ok(Flow::Continue)
    }

    /// The fault injected for this moment, after the delay injected for it. Replies so far leave before the delay.
    async fn next_fault(&mut self, moment: Command, recipient: Option<&str>) -> io::Result<Option<Fault>> {
        let (delay, fault) = self.shared.faults.take(moment, recipient);
        if let Some(delay) = delay {
            self.flush().await?;
            tokio::time::sleep(delay).await;
        }
        Ok(fault)
    }

    fn suffer(&mut self, fault: Fault) -> Flow {
        match fault {
            Fault::Reply { code, text, .. } | Fault::RefuseRecipient { code, text, .. } => {
                self.reply(&format!("{code} {text}"));
                if code == 421 { Flow::Close } else { Flow::Continue }
            }
            Fault::CloseAt(_) | Fault::CloseAfterFinalDot { .. } => Flow::Close,
            Fault::Delay { .. } => Flow::Continue,
        }
    }

    /// The next complete line without its end, or the reply to one that cannot be read.
    fn next_line(&mut self) -> Option<Result<String, Reply>> {
        let Some(end) = memchr::memchr(b'\n', &self.input) else {
            if self.input.len() > MAX_MAIL_LINE {
                self.skipping = true;
                self.input.clear();
            }
            return None;
        };
        let line = self.input.split_to(end + 1);
        let limit =
            if line.len() >= 4 && line[..4].eq_ignore_ascii_case(b"MAIL") { MAX_MAIL_LINE } else { MAX_LINE };
        if std::mem::take(&mut self.skipping) || line.len() > limit {
            return Some(Err("500 5.5.2 the line is too long".into()));
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match std::str::from_utf8(line) {
            Ok(line) if !line.contains(char::is_control) => Some(Ok(line.to_owned())),
            _ => Some(Err("500 5.5.2 the line is not text".into())),
        }
    }

    fn reply(&mut self, reply: &str) {
        if reply.starts_with('5') {
            self.errors += 1;
        }
        self.output.extend_from_slice(reply.as_bytes());
        self.output.extend_from_slice(b"\r\n");
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).await?;
            self.output.clear();
        }
        Ok(())
    }
}
