//! Commands and their replies, in step.
//!
//! A reply belongs to the command that was waiting for it. What arrives while nobody waits, and a code that the command
//! cannot have, mean that the two sides are out of step: from then on no reply can be told to answer anything, so the
//! conversation is over. A relay that is one reply ahead would otherwise have refused mails counted as sent.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use std::{fmt, io};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};

use super::Reply;
use super::command::{Command, Verdict};
use super::patience::{Patience, TooLong};
use super::reply::cleaned;
use super::stream::Stream;
use super::wire_reply::{Malformed, ReplyReader, WireReply};

const READ_BYTES: usize = 4 * 1024;
/// More rounds than a TLS session takes to say what it has to say beside the conversation.
const MOST_ROUNDS: usize = 16;

/// Why a step has no positive reply.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server said no.
    Refused(Reply),
    /// Its reply did not come in time.
    TimedOut(&'static str),
    /// The connection broke.
    Broken(String),
    /// What came cannot be the reply.
    OutOfStep(String),
}

impl Trouble {
    /// What to do about a reply; or why there will be none, in words that may be kept.
    pub(super) fn into_refusal(self) -> Result<Reply, String> {
        match self {
            Self::Refused(reply) => Ok(reply),
            Self::TimedOut(what) => Err(format!("timed out {what}")),
            Self::Broken(reason) | Self::OutOfStep(reason) => Err(reason),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Broken(cleaned(&error.to_string()))
    }
}

impl From<Malformed> for Trouble {
    fn from(malformed: Malformed) -> Self {
        Self::OutOfStep(format!("the relay sent {malformed}"))
    }
}

/// A conversation with a server.
pub(super) struct Dialogue {
    stream: Stream,
    input: BytesMut,
    patience: Patience,
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Dialogue").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl Dialogue {
    /// A conversation in which most waits are allowed at least `shortest`.
    pub(super) fn new(stream: Stream, shortest: Duration) -> Self {
        Self { stream, input: BytesMut::with_capacity(READ_BYTES), patience: Patience::new(shortest) }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Gives the stream back where the server has nothing more to say on it. What it said all the same is lost on
    /// purpose: before a TLS handshake anybody may have said it (RFC 3207, section 5).
    pub(super) async fn into_silent_stream(mut self) -> Result<Stream, Trouble> {
        self.expect_silence().await?;
        Ok(self.stream)
    }

    /// Says a line and waits for its reply.
    pub(super) async fn ask(
        &mut self,
        command: Command,
        line: &str,
        limit: Duration,
    ) -> Result<WireReply, Trouble> {
        self.say(line.as_bytes(), limit).await?;
        self.hear(command, limit).await
    }

    /// Says something, provided that the server has not spoken unasked. Returns when all of it was handed to the kernel;
    /// before that the server cannot have acted on its end.
    pub(super) async fn say(&mut self, bytes: &[u8], limit: Duration) -> Result<(), Trouble> {
        self.expect_silence().await?;
        self.write(bytes, limit).await
    }

    /// Says something whose reply will tell whether both sides are in step.
    pub(super) async fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<(), Trouble> {
        let Self { stream, patience, .. } = self;
        let write = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        match patience.wait(limit, write).await {
            Ok(written) => Ok(written?),
            Err(TooLong) => Err(Trouble::TimedOut("writing")),
        }
    }

    /// Waits for the reply to a command that was said.
    pub(super) async fn hear(&mut self, command: Command, limit: Duration) -> Result<WireReply, Trouble> {
        let Self { stream, input, patience } = self;
        let reply = match patience.wait(limit, read(stream, input)).await {
            Ok(reply) => reply?,
            Err(TooLong) => return Err(Trouble::TimedOut("waiting for the reply")),
        };
        match command.verdict(reply.code) {
            Verdict::Positive => Ok(reply),
            Verdict::Negative => Err(Trouble::Refused(reply.into())),
            Verdict::Misplaced => {
                Err(Trouble::OutOfStep(format!("the relay answered {}, which is no answer here", reply.code)))
            }
        }
    }

    /// Makes sure that nothing has come that nobody asked for.
    async fn expect_silence(&mut self) -> Result<(), Trouble> {
        for _ in 0..MOST_ROUNDS {
            if !self.input.is_empty() {
                return Err(Trouble::OutOfStep(format!("the relay spoke unasked: {}", self.unasked())));
            }
            match self.read_what_is_there().await {
                Poll::Ready(Ok(0)) => return Err(closed()),
                Poll::Ready(read) => drop(read?),
                // With TLS, bytes may come that are not part of the conversation.
                Poll::Pending if self.stream.has_waiting_bytes()? => tokio::task::yield_now().await,
                Poll::Pending => return Ok(()),
            }
        }
        Err(Trouble::OutOfStep("the relay does not stop speaking unasked".to_owned()))
    }

    async fn read_what_is_there(&mut self) -> Poll<io::Result<usize>> {
        let Self { stream, input, .. } = self;
        let mut bytes = [0; 64];
        let mut buffer = ReadBuf::new(&mut bytes);
        let polled = poll_fn(|context| {
            Poll::Ready(tokio::io::AsyncRead::poll_read(Pin::new(stream), context, &mut buffer))
        });
        polled.await.map_ok(|()| {
            input.extend_from_slice(buffer.filled());
            buffer.filled().len()
        })
    }

    /// The code of what came unasked, if it has one.
    fn unasked(&self) -> String {
        let code = self.input.get(..3).filter(|code| code.iter().all(u8::is_ascii_digit));
        code.map_or_else(|| "no code".to_owned(), |code| String::from_utf8_lossy(code).into_owned())
    }
}

fn closed() -> Trouble {
    Trouble::Broken("the relay closed the connection".to_owned())
}

async fn read(stream: &mut Stream, input: &mut BytesMut) -> Result<WireReply, Trouble> {
    let mut reader = ReplyReader::default();
    loop {
        if let Some(reply) = reader.read(input)? {
            return Ok(reply);
        }
        input.reserve(READ_BYTES);
        if stream.read_buf(input).await? == 0 {
            return Err(closed());
        }
    }
}
