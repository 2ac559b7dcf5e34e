//! A network for the tests that can go silent: what is sent disappears, and nobody is told.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Stands before a server on the loopback. Dropped, it closes everything.
#[derive(Debug)]
pub struct SilentProxy {
    addr: SocketAddr,
    silent: watch::Sender<bool>,
    _until: DropGuard,
}

impl SilentProxy {
    /// Carries connections to `upstream`.
    pub async fn start(upstream: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let silent = watch::Sender::new(false);
        let until = CancellationToken::new();
        tokio::spawn(serve(listener, upstream, silent.subscribe(), until.clone()));
        Ok(Self { addr, silent, _until: until.drop_guard() })
    }

    /// Where clients connect to.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// From now on nothing arrives, on connections that are open and on new ones; none is closed.
    pub fn silence(&self) {
        self.silent.send_replace(true);
    }

    /// New connections are carried again. Those that lived through the silence stay dead to their clients, as if a firewall
    /// on the way had forgotten them; the server's keep-alive has ended them.
    pub fn restore(&self) {
        self.silent.send_replace(false);
    }
}

async fn serve(
    listener: TcpListener,
    upstream: SocketAddr,
    silent: watch::Receiver<bool>,
    until: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = until.cancelled() => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { return };
                connections.spawn(carry(client, upstream, silent.clone()));
            }
        }
    }
}

async fn carry(mut client: TcpStream, upstream: SocketAddr, mut silent: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    let silenced = tokio::select! {
        biased;
        fallen = silent.wait_for(|silent| *silent) => fallen.is_ok(),
        _ = copy_bidirectional(&mut client, &mut server) => false,
    };
    if silenced {
        // Both stay open, and nobody reads them.
        let _ = silent.wait_for(|silent| !*silent).await;
        drop(server);
        std::future::pending::<()>().await;
    }
}
