//! A Kafka-compatible broker inside the process, with everything in memory: it forgets on exit.

use std::io;
use std::net::{SocketAddr, TcpListener};

use tansu_broker::coordinator::group::administrator::Controller;
use tansu_storage::StorageContainer;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use url::Url;
use uuid::Uuid;

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
    /// The broker ended while it was starting.
    #[error("the broker did not start: {reason}")]
    Start {
        /// What it said.
        reason: String,
    },
}

impl From<tansu_broker::Error> for BrokerError {
    fn from(error: tansu_broker::Error) -> Self {
        Self::Start { reason: format!("{error:?}") }
    }
}

/// A running broker. It ends with [`Broker::stop`] or when it is dropped.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    task: JoinHandle<tansu_broker::Result<()>>,
}

impl Broker {
    /// Starts a broker without topics on `address`, on a free port if that is 0.
    pub async fn start(address: SocketAddr) -> Result<Self, BrokerError> {
        let listen = |source| BrokerError::Listen { address, source };
        let address = TcpListener::bind(address).and_then(|probe| probe.local_addr()).map_err(listen)?;
        let url = Url::parse(&format!("tcp://{address}")).expect("a socket address is a valid authority");
        let storage = Url::parse("memory://tansu/").expect("the literal is a URL");
        let mut broker = tansu_broker::broker::Broker::<Controller<StorageContainer>, StorageContainer>::builder()
            .node_id(1)
            .cluster_id("embedded")
            .incarnation_id(Uuid::now_v7())
            .advertised_listener(url.clone())
            .listener(url)
            .storage(storage)
            .silent(true)
            .build()
            .await?;
        let mut task = tokio::spawn(async move { broker.serve(tokio::time::Instant::now()).await });
        loop {
            tokio::select! {
                biased;
                ended = &mut task => {
                    return Err(BrokerError::Start { reason: format!("{ended:?}") });
                }
                connected = TcpStream::connect(address) => {
                    if connected.is_ok() {
                        return Ok(Self { address, task });
                    }
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port and every connection. Topics, records and committed offsets are gone.
    pub async fn stop(mut self) {
        self.task.abort();
        // The answer can only be that it was cancelled or had ended before.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.task.abort();
    }
}
