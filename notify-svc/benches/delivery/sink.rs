//! A relay that accepts everything and keeps nothing, and clients without bookkeeping to measure it with.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How a bare client speaks.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Speech {
    /// MAIL, RCPT, DATA and the message, each reply waited for.
    StepByStep,
    /// MAIL, RCPT and DATA in one write, then the message.
    Pipelined,
}

/// A sink on a thread of its own, as a relay never shares a thread with its client.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) port: u16,
    taken: Arc<AtomicUsize>,
}

impl Sink {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let sink = Self { port: listener.local_addr()?.port(), taken: Arc::default() };
        let taken = Arc::clone(&sink.taken);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener)?;
                loop {
                    tokio::spawn(swallow(listener.accept().await?.0, Arc::clone(&taken)));
                }
                #[expect(unreachable_code, reason = "names the error of the block")]
                io::Result::Ok(())
            })
        });
        Ok(sink)
    }

    /// How many mails it has taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Waits until it has taken so many.
    pub(crate) async fn wait_for(&self, mails: usize) {
        while self.taken() < mails {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Sends ready-made bytes over so many connections and answers how long that took.
    pub(crate) async fn bare_clients(
        &self,
        connections: usize,
        mails: usize,
        data: &str,
        speech: Speech,
    ) -> anyhow::Result<Duration> {
        let data: Arc<str> = data.into();
        let start = Instant::now();
        let mut clients = JoinSet::new();
        for number in 0..connections {
            let share = mails / connections + usize::from(number < mails % connections);
            clients.spawn(bare_client(self.port, share, Arc::clone(&data), speech));
        }
        while let Some(client) = clients.join_next().await {
            client??;
        }
        Ok(start.elapsed())
    }
}

async fn swallow(stream: TcpStream, taken: Arc<AtomicUsize>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    stream.write_all(b"220 sink\r\n").await?;
    let (mut line, mut answers, mut in_data) = (Vec::new(), Vec::new(), false);
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match line.get(..4) {
            _ if in_data && line == b".\r\n" => {
                in_data = false;
                taken.fetch_add(1, Ordering::Relaxed);
                b"250 taken\r\n"
            }
            _ if in_data => b"",
            Some(b"EHLO") => b"250-sink\r\n250-8BITMIME\r\n250 PIPELINING\r\n",
            Some(b"DATA") => {
                in_data = true;
                b"354 go\r\n"
            }
            _ => b"250 ok\r\n",
        };
        answers.extend_from_slice(answer);
        // What came in one write is answered in one.
        if stream.buffer().is_empty() && !answers.is_empty() {
            stream.write_all(&answers).await?;
            answers.clear();
        }
    }
}

async fn bare_client(port: u16, mails: usize, data: Arc<str>, speech: Speech) -> anyhow::Result<()> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    stream.write_all(b"EHLO bench\r\n").await?;
    while !line.starts_with("250 ") {
        line.clear();
        stream.read_line(&mut line).await?;
    }
    let commands = ["MAIL FROM:<no-reply@fitness.example>\r\n", "RCPT TO:<ann@example.org>\r\n", "DATA\r\n"];
    let group = commands.concat();
    for _ in 0..mails {
        let writes: &[(&str, usize)] = match speech {
            Speech::StepByStep => &[(commands[0], 1), (commands[1], 1), (commands[2], 1), (&data, 1)],
            Speech::Pipelined => &[(&group, commands.len()), (&data, 1)],
        };
        for (write, replies) in writes {
            stream.write_all(write.as_bytes()).await?;
            for _ in 0..*replies {
                line.clear();
                stream.read_line(&mut line).await?;
            }
        }
        anyhow::ensure!(line.starts_with("250"), "the sink refused: {line}");
    }
    Ok(())
}
