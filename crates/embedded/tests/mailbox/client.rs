//! A bare SMTP client that shows every byte.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects without reading the greeting.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: BufReader::new(TcpStream::connect(address).await.unwrap()) }
    }

    /// Connects and says EHLO.
    pub(crate) async fn greeted(address: SocketAddr) -> Self {
        let mut client = Self::connect(address).await;
        assert!(client.reply().await.starts_with("220 "));
        assert!(client.ask("EHLO client").await.starts_with("250-"));
        client
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// One reply with all of its lines; empty once the server has closed.
    pub(crate) async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            let read = timeout(LIMIT, self.stream.read_line(&mut reply)).await.expect("a reply in time");
            // A connection reset is an end as well.
            if read.unwrap_or(0) == 0 || reply.as_bytes().get(start + 3) != Some(&b'-') {
                return reply;
            }
        }
    }

    pub(crate) async fn ask(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n")).await;
        self.reply().await
    }

    /// Everything the server writes until it closes.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let _ = timeout(LIMIT, self.stream.read_to_end(&mut rest)).await.expect("an end in time");
        String::from_utf8(rest).unwrap()
    }

    /// Sends a message and returns the reply to its final dot.
    pub(crate) async fn deliver(&mut self, recipient: &str, message: &str) -> String {
        assert_eq!(code(&self.ask("MAIL FROM:<sender@example.org>").await), 250);
        assert_eq!(code(&self.ask(&format!("RCPT TO:<{recipient}>")).await), 250);
        assert_eq!(code(&self.ask("DATA").await), 354);
        self.send(format!("{message}\r\n.\r\n")).await;
        self.reply().await
    }
}

pub(crate) fn code(reply: &str) -> u16 {
    reply.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0)
}
