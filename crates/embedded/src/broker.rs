//! A Kafka-compatible broker inside the process, with everything in memory: it forgets on exit.
//!
//! It speaks the part of Kafka's protocol that clients of a plain topic-and-group application use: topics, produce
//! with idempotence, fetch with long polling, offsets by time, and the classic consumer groups with their committed
//! offsets. There is one node, so no replication; there are no transactions, quotas, authentication or automatic
//! creation of topics.
//!
//! What differs from a cluster that was started fresh:
//!
//! - A new group waits 50 ms for more members before its first assignment, where Kafka waits 3 s. As with Kafka, the
//!   members of a running group learn of a rebalance with their next heartbeat, so `heartbeat.interval.ms` sets how
//!   long a rebalance takes.
//! - A producer id the broker does not know is taken up at whatever sequence number it has reached. An idempotent
//!   producer therefore lives through a restart of the broker.
//! - A partition keeps its newest 256 MiB.

mod api;
mod batch;
mod configs;
mod connection;
mod fetch;
mod group;
mod groups;
mod log;
mod offsets;
mod produce;
mod topics;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::listening::Listening;
use api::Api;

/// Why the broker is not available.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The address cannot be listened on.
    #[error("the broker cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system answered.
        source: io::Error,
    },
}

/// A running broker. It ends with [`Broker::stop`] or when it is dropped.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    advertised: Advertised,
    api: Arc<Api>,
    listening: Mutex<Option<Listening>>,
}

impl Broker {
    /// Starts a broker without topics on `address`, on a free port if that is 0.
    pub async fn start(address: SocketAddr) -> Result<Self, BrokerError> {
        let (api, advertised) = (Arc::new(Api::default()), Advertised::default());
        let (listening, address) = listen(address, &api, &advertised).await?;
        Ok(Self { address, advertised, api, listening: Mutex::new(Some(listening)) })
    }

    /// Tells clients of connections from now on to come to `address`, where something stands that leads here. Until then
    /// they are told the address that they have reached.
    pub fn advertise(&self, address: SocketAddr) {
        let _ = self.advertised.set(address);
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port and every connection, as a broker that is away; it keeps what it knows.
    pub async fn close(&self) {
        let listening = self.listening.lock().await.take();
        if let Some(listening) = listening {
            listening.stop().await;
        }
    }

    /// Opens the port again, at the same address.
    pub async fn open(&self) -> Result<(), BrokerError> {
        let mut listening = self.listening.lock().await;
        if listening.is_none() {
            *listening = Some(listen(self.address, &self.api, &self.advertised).await?.0);
        }
        Ok(())
    }

    /// Closes the port and every connection. Topics, records and committed offsets are gone.
    pub async fn stop(self) {
        self.close().await;
    }
}

/// Where clients find the broker, if not where they have reached it.
type Advertised = Arc<OnceLock<SocketAddr>>;

async fn listen(
    address: SocketAddr,
    api: &Arc<Api>,
    advertised: &Advertised,
) -> Result<(Listening, SocketAddr), BrokerError> {
    let fail = |source| BrokerError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(fail)?;
    let bound = listener.local_addr().map_err(fail)?;
    let (api, advertised) = (Arc::clone(api), Arc::clone(advertised));
    let serve = move |stream| connection::serve(stream, Arc::clone(&api), advertised.get().copied());
    Ok((Listening::serve(listener, serve), bound))
}
