//! The way of every connection to PostgreSQL, in which silence is noticed.
//!
//! A network that goes silent sends neither FIN nor RST, and a server that hangs acknowledges all it is sent. Whoever
//! waits for an answer then waits for a quarter of an hour, or for ever, and so does the pool for the connection that it
//! wants to test. sqlx opens its sockets itself and lets nobody set their options, so the pool is given a Unix socket of
//! this process instead, and what it says there is carried over a connection of ours:
//!
//! - Data that nobody acknowledges, and a peer that does not answer to keep-alives, end the connection ([`SILENCE`]).
//! - A statement that is unanswered for [`PATIENCE`] has the server asked for a sign of life on a new connection. Without
//!   one the connection ends; with one the statement is merely slow, and goes on.
//!
//! Every connection is covered, whoever opened it with the options of the pool: calls, workers, relay, listener.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// Longest time that what was sent stays unacknowledged.
const SILENCE: Duration = Duration::from_secs(10);
/// An idle connection is asked after so long, and then this often again.
const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(5);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(2);
const KEEP_ALIVE_RETRIES: u32 = 3;
/// How long an answer is waited for before the server is asked for a sign of life.
const PATIENCE: Duration = Duration::from_secs(8);
/// Longest time for a sign of life, and for opening a connection.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// Between two tries to connect to a server that is just starting.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// Asks whether TLS is spoken; a server answers one byte before it wants to know who asks.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST>
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
const BUFFER_BYTES: usize = 16 * 1024;

/// Where the server is.
#[derive(Clone, Debug)]
enum Upstream {
    Tcp(String, u16),
    Unix(String),
}

/// A listening link. It ends with the pool that it serves.
#[derive(Debug)]
pub(super) struct Link {
    listener: UnixListener,
    upstream: Upstream,
}

impl Link {
    /// Listens for this process alone, and turns `options` to itself.
    pub(super) fn open(options: PgConnectOptions) -> io::Result<(Self, PgConnectOptions)> {
        let port = options.get_port();
        let unix = options.get_socket().map(|folder| folder.display().to_string());
        let unix =
            unix.or_else(|| options.get_host().starts_with('/').then(|| options.get_host().to_owned()));
        let upstream = match unix {
            Some(folder) => Upstream::Unix(file_in(&folder, port)),
            None => Upstream::Tcp(options.get_host().to_owned(), port),
        };
        // A name that begins with NUL is in no folder, so it needs none that can be written to, and is gone with the process.
        let folder = format!("\0fitness-database-{}", uuid::Uuid::now_v7().simple());
        let listener = UnixListener::bind(file_in(&folder, port))?;
        Ok((Self { listener, upstream }, options.socket(folder)))
    }

    /// Serves until `closed`; connections that are open then end by themselves.
    pub(super) async fn serve(self, closed: impl Future<Output = ()>) {
        let mut closed = std::pin::pin!(closed);
        loop {
            let accepted = tokio::select! {
                () = &mut closed => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                // Any account of the machine can see the name; the link is for this process only.
                Ok((local, _)) if is_own(&local) => {
                    tokio::spawn(carry(local, self.upstream.clone()));
                }
                Ok(_) => {}
                // Out of file descriptors, as a rule.
                Err(_) => sleep(RETRY_PAUSE).await,
            }
        }
    }
}

fn file_in(folder: &str, port: u16) -> String {
    format!("{folder}/.s.PGSQL.{port}")
}

fn is_own(local: &UnixStream) -> bool {
    let own = i32::try_from(std::process::id()).ok();
    local.peer_cred().is_ok_and(|peer| peer.pid() == own)
}

/// Carries one connection until one side ends it or the server falls silent.
async fn carry(mut local: UnixStream, upstream: Upstream) {
    let ended = match &upstream {
        Upstream::Tcp(host, port) => match connect_patiently(host, *port).await {
            Ok(mut server) => {
                let (from_server, to_server) = server.split();
                pump_both(&mut local, from_server, to_server, &upstream).await
            }
            Err(error) => Err(error),
        },
        Upstream::Unix(path) => match UnixStream::connect(path).await {
            Ok(mut server) => {
                let (from_server, to_server) = server.split();
                pump_both(&mut local, from_server, to_server, &upstream).await
            }
            Err(error) => Err(error),
        },
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the database ended");
    }
}

async fn pump_both(
    local: &mut UnixStream,
    from_server: impl AsyncRead + Unpin,
    to_server: impl AsyncWrite + Unpin,
    upstream: &Upstream,
) -> io::Result<()> {
    let debt = Debt::new();
    let (from_local, to_local) = local.split();
    // The first to end takes the others along: half a connection is of no use to this protocol.
    tokio::select! {
        ended = pump(from_local, to_server, || debt.ask()) => ended,
        ended = pump(from_server, to_local, || debt.settle()) => ended,
        () = silence(&debt, upstream) => {
            tracing::warn!("the database has fallen silent, its connection is given up");
            Err(io::ErrorKind::TimedOut.into())
        }
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    moved: impl Fn(),
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        moved();
        to.write_all(&buffer[..read]).await?;
    }
}

/// Since when the server owes an answer, in milliseconds since the connection began, and one more; 0 while it owes none.
struct Debt {
    began: Instant,
    since: AtomicU64,
    incurred: Notify,
}

impl Debt {
    fn new() -> Self {
        Self { began: Instant::now(), since: AtomicU64::new(0), incurred: Notify::new() }
    }

    fn ask(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        if self.since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.incurred.notify_one();
        }
    }

    fn settle(&self) {
        self.since.store(0, Ordering::Relaxed);
    }

    fn since(&self) -> u64 {
        self.since.load(Ordering::Relaxed)
    }
}

/// Resolves once an answer is overdue and the server gives no sign of life either. It wakes once in a while, and not
/// with each statement of a busy connection.
async fn silence(debt: &Debt, upstream: &Upstream) {
    loop {
        debt.incurred.notified().await;
        loop {
            let since = debt.since();
            if since == 0 {
                break;
            }
            sleep_until(debt.began + Duration::from_millis(since) + PATIENCE).await;
            if debt.since() != since {
                continue;
            }
            if !upstream.answers().await && debt.since() == since {
                return;
            }
            sleep(PATIENCE).await;
        }
    }
}

impl Upstream {
    async fn answers(&self) -> bool {
        let answer = async {
            match self {
                Self::Tcp(host, port) => ask(connect(host, *port).await?).await,
                Self::Unix(path) => ask(UnixStream::connect(path).await?).await,
            }
        };
        timeout(ANSWER_LIMIT, answer).await.is_ok_and(|answer: io::Result<_>| answer.is_ok())
    }
}

async fn ask(mut server: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<u8> {
    server.write_all(&SSL_REQUEST).await?;
    server.read_u8().await
}

/// A server that refuses is about to start, as sqlx has it too.
async fn connect_patiently(host: &str, port: u16) -> io::Result<TcpStream> {
    let trying = async {
        loop {
            match connect(host, port).await {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => sleep(RETRY_PAUSE).await,
                connected => return connected,
            }
        }
    };
    timeout(ANSWER_LIMIT, trying).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let addrs: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let server = TcpStream::connect(&addrs[..]).await?;
    server.set_nodelay(true)?;
    let socket = SockRef::from(&server);
    let keep_alive = TcpKeepalive::new()
        .with_time(KEEP_ALIVE_IDLE)
        .with_interval(KEEP_ALIVE_INTERVAL)
        .with_retries(KEEP_ALIVE_RETRIES);
    socket.set_tcp_keepalive(&keep_alive)?;
    socket.set_tcp_user_timeout(Some(SILENCE))?;
    Ok(server)
}

#[cfg(test)]
mod tests;
