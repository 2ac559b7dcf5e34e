//! A relay that says what a test tells it to, byte by byte, at each moment of the conversation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use notify_svc::smtp::{Encryption, SmtpConfig, Timeouts};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

/// A moment of the conversation: what the reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    Greeting,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    FinalDot,
    Rset,
}

/// What is said instead of the usual, and how often.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) bytes: Vec<u8>,
    pub(crate) times: usize,
}

/// Answers as a relay should, except where it was told otherwise.
pub(crate) struct ScriptedRelay {
    port: u16,
    pipelining: bool,
    log: Arc<Mutex<Log>>,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Log {
    script: HashMap<Moment, Said>,
    /// Mails whose final dot has arrived.
    complete: usize,
    connections: usize,
    hellos: Vec<String>,
}

impl ScriptedRelay {
    pub(crate) async fn start(pipelining: bool, script: &[(Moment, Said)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Log { script: script.iter().cloned().collect(), ..Log::default() }));
        let shared = Arc::clone(&log);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                shared.lock().unwrap().connections += 1;
                tokio::spawn(converse(stream, pipelining, Arc::clone(&shared)));
            }
        });
        Self { port, pipelining, log, _serving: AbortOnDropHandle::new(serving) }
    }

    pub(crate) fn config(&self) -> SmtpConfig {
        SmtpConfig {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            encryption: Encryption::Off,
            authorities: None,
            credentials: None,
            hello: Some("notify.example.org".to_owned()),
            pipelining: self.pipelining,
            timeouts: Timeouts::default(),
        }
    }

    /// How many mails it has got to their final dots.
    pub(crate) fn complete(&self) -> usize {
        self.log.lock().unwrap().complete
    }

    /// How many connections it has seen.
    pub(crate) fn connections(&self) -> usize {
        self.log.lock().unwrap().connections
    }

    /// By which names it was greeted.
    pub(crate) fn hellos(&self) -> Vec<String> {
        self.log.lock().unwrap().hellos.clone()
    }
}

/// What is said at a moment: as told, or as usual.
fn reply(log: &Mutex<Log>, moment: Moment, usual: &str) -> Vec<u8> {
    let mut log = log.lock().unwrap();
    match log.script.get_mut(&moment) {
        Some(said) if said.times > 0 => {
            said.times -= 1;
            said.bytes.clone()
        }
        _ => usual.as_bytes().to_vec(),
    }
}

/// One connection. `None` where the client turns away.
async fn converse(stream: TcpStream, pipelining: bool, log: Arc<Mutex<Log>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(&reply(&log, Moment::Greeting, "220 script\r\n")).await.ok()?;
    let hello = if pipelining { "250-script\r\n250 PIPELINING\r\n" } else { "250 script\r\n" };
    let mut in_data = false;
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        let answer = match line.get(..4) {
            _ if in_data && line == b".\r\n" => {
                in_data = false;
                log.lock().unwrap().complete += 1;
                reply(&log, Moment::FinalDot, "250 taken\r\n")
            }
            _ if in_data => continue,
            Some(b"EHLO") => {
                log.lock().unwrap().hellos.push(String::from_utf8_lossy(&line[5..]).trim().to_owned());
                reply(&log, Moment::Ehlo, hello)
            }
            Some(b"MAIL") => reply(&log, Moment::Mail, "250 ok\r\n"),
            Some(b"RCPT") => reply(&log, Moment::Rcpt, "250 ok\r\n"),
            Some(b"RSET") => reply(&log, Moment::Rset, "250 ok\r\n"),
            Some(b"DATA") => {
                let answer = reply(&log, Moment::Data, "354 go\r\n");
                in_data = answer.starts_with(b"3");
                answer
            }
            Some(b"QUIT") => return stream.write_all(b"221 bye\r\n").await.ok(),
            _ => b"500 what\r\n".to_vec(),
        };
        stream.write_all(&answer).await.ok()?;
    }
}
