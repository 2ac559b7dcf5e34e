//! A mailbox for development and tests: an SMTP server that accepts every message and delivers none, with a web page
//! and a REST API to read them.
//!
//! The REST API has the message routes of Mailpit in Mailpit's JSON shapes, so a test written against this mailbox
//! runs against a Mailpit container as well. Tests can also make the SMTP server misbehave: see [`Fault`].

mod api;
mod connection;
mod data;
mod fault;
mod json;
mod message;
mod path;
mod search;
mod session;
mod store;

use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::listening::Listening;
use fault::Faults;
use store::Store;

pub use fault::{Command, Fault};
pub use message::Message;

/// How a mailbox is run.
#[derive(Clone, Debug)]
pub struct MailboxConfig {
    /// Where mail is accepted.
    pub smtp_addr: SocketAddr,
    /// Where the page and the REST API are.
    pub http_addr: SocketAddr,
    /// Where messages are kept between runs; in memory only if `None`.
    pub dir: Option<PathBuf>,
    /// How many messages are kept; older ones make room.
    pub capacity: usize,
    /// The largest message accepted, in bytes.
    pub max_message_bytes: usize,
}

impl MailboxConfig {
    /// A mailbox in memory on free ports of 127.0.0.1.
    pub fn in_memory() -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            smtp_addr: free,
            http_addr: free,
            dir: None,
            capacity: 5_000,
            max_message_bytes: 10 * 1024 * 1024,
        }
    }
}

/// Why the mailbox is not available.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// An address cannot be listened on.
    #[error("the mailbox cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The folder of the messages cannot be used.
    #[error("the mailbox cannot keep its messages in {path}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
}

/// What the SMTP connections share.
#[derive(Debug)]
struct Shared {
    store: Arc<Store>,
    faults: Faults,
    max_message_bytes: usize,
}

/// A running mailbox. It ends with [`Mailbox::stop`] or when it is dropped.
#[derive(Debug)]
pub struct Mailbox {
    smtp_addr: SocketAddr,
    http_addr: SocketAddr,
    shared: Arc<Shared>,
    smtp: Mutex<Option<Listening>>,
    http: Listening,
}

impl Mailbox {
    /// Opens the mailbox and reads the messages of earlier runs.
    pub async fn start(config: MailboxConfig) -> Result<Self, MailboxError> {
        let store = Arc::new(Store::open(config.dir, config.capacity)?);
        let shared = Arc::new(Shared {
            store: Arc::clone(&store),
            faults: Faults::default(),
            max_message_bytes: config.max_message_bytes,
        });
        let (smtp, smtp_addr) = listen(config.smtp_addr).await?;
        let (http, http_addr) = listen(config.http_addr).await?;

        let http = Listening::spawn(|cancel| async move {
            let serve = axum::serve(http, api::router(store)).into_future();
            // Requests are answered at once, so none is worth waiting for.
            tokio::select! {
                _ = serve => {}
                () = cancel.cancelled() => {}
            }
        });
        let smtp = Mutex::new(Some(serve_smtp(smtp, Arc::clone(&shared))));
        Ok(Self { smtp_addr, http_addr, shared, smtp, http })
    }

    /// Where mail is accepted.
    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp_addr
    }

    /// Where the page and the REST API are.
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// The messages kept, oldest first.
    pub fn messages(&self) -> Vec<Arc<Message>> {
        self.shared.store.all()
    }

    /// The kept messages addressed to `recipient`, oldest first.
    pub fn messages_to(&self, recipient: &str) -> Vec<Arc<Message>> {
        self.messages().into_iter().filter(|message| message.is_to(recipient)).collect()
    }

    /// How many messages this run has accepted, those included that had to make room.
    pub fn accepted(&self) -> u64 {
        *self.shared.store.accepted().borrow()
    }

    /// Waits until `count` messages to `recipient` are kept and returns them, or fewer when `limit` has passed.
    pub async fn wait_for(&self, recipient: &str, count: usize, limit: Duration) -> Vec<Arc<Message>> {
        let mut accepted = self.shared.store.accepted();
        let arrived = async {
            while self.messages_to(recipient).len() < count {
                if accepted.changed().await.is_err() {
                    break;
                }
            }
        };
        // The caller sees from the number of messages that the time was not enough.
        let _ = tokio::time::timeout(limit, arrived).await;
        self.messages_to(recipient)
    }

    /// Forgets every message.
    pub fn clear(&self) {
        self.shared.store.remove_all();
    }

    /// Makes the next `times` occasions of a fault go wrong.
    pub fn inject(&self, fault: Fault, times: usize) {
        self.shared.faults.inject(fault, times);
    }

    /// Takes back every injected fault.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Closes the SMTP port and its connections, as a relay that is away; the messages stay.
    pub async fn close_smtp(&self) {
        let listening = self.smtp.lock().await.take();
        if let Some(listening) = listening {
            listening.stop().await;
        }
    }

    /// Opens the SMTP port again, at the same address.
    pub async fn open_smtp(&self) -> Result<(), MailboxError> {
        let mut smtp = self.smtp.lock().await;
        if smtp.is_none() {
            let (listener, _) = listen(self.smtp_addr).await?;
            *smtp = Some(serve_smtp(listener, Arc::clone(&self.shared)));
        }
        Ok(())
    }

    /// Closes both ports and every connection.
    pub async fn stop(self) {
        self.close_smtp().await;
        self.http.stop().await;
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), MailboxError> {
    let fail = |source| MailboxError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(fail)?;
    let bound = listener.local_addr().map_err(fail)?;
    Ok((listener, bound))
}

fn serve_smtp(listener: TcpListener, shared: Arc<Shared>) -> Listening {
    Listening::serve(listener, move |stream| connection::serve(stream, Arc::clone(&shared)))
}
