//! Connecting to the relay, and not hammering it while it is away.
//!
//! Only connecting is guarded: as long as one connection works, mail goes out over it. With none left and the relay
//! refusing, the breaker is open: nothing is claimed, no attempt is burned, and one sender at a time probes with a
//! growing pause. The first connection that stands closes it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use chassis::health::Dependency;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::metrics::Metrics;
use crate::smtp::{ConnectError, Connection, SmtpConfig, connect};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After so long without a word from the relay a further connection is tried beside the one that waits. A relay may take
/// minutes for its greeting (RFC 5321, 4.5.3.2.1), and what a silent network has swallowed never comes.
const ANOTHER_AFTER: Duration = Duration::from_secs(15);

pub(super) struct Breaker {
    config: SmtpConfig,
    open: watch::Sender<bool>,
    /// The pause before the next probe.
    pause: StdMutex<Duration>,
    /// Held by the one sender that probes.
    probe: Mutex<()>,
    /// Connections that stand.
    live: AtomicUsize,
    dependency: Dependency,
    metrics: Arc<Metrics>,
}

/// A connection that the breaker counts.
pub(super) struct Line {
    pub(super) connection: Connection,
    breaker: Arc<Breaker>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.breaker.live.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Breaker {
    pub(super) fn new(config: SmtpConfig, dependency: Dependency, metrics: Arc<Metrics>) -> Self {
        metrics.breaker(false);
        Self {
            config,
            open: watch::Sender::new(false),
            pause: StdMutex::new(FIRST_PAUSE),
            probe: Mutex::default(),
            live: AtomicUsize::new(0),
            dependency,
            metrics,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    /// Follows whether it is open.
    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.open.subscribe()
    }

    /// Connects, however long the relay is away.
    pub(super) async fn connect(self: &Arc<Self>) -> Line {
        if !self.is_open()
            && let Some(line) = self.try_connect().await
        {
            return line;
        }
        loop {
            let _probing = self.probe.lock().await;
            // Somebody else's probe may have brought the relay back while this one waited.
            if self.is_open() || self.live.load(Ordering::Acquire) == 0 {
                tokio::time::sleep(self.next_pause()).await;
            }
            if let Some(line) = self.try_connect().await {
                return line;
            }
            // The relay takes mail over other connections but not one more: there is no hurry.
            if !self.is_open() {
                tokio::time::sleep(LONGEST_PAUSE).await;
            }
        }
    }

    /// Connects now or not at all.
    pub(super) async fn try_connect(self: &Arc<Self>) -> Option<Line> {
        match self.open().await {
            Ok(connection) => {
                self.live.fetch_add(1, Ordering::AcqRel);
                self.close();
                Some(Line { connection, breaker: Arc::clone(self) })
            }
            Err(error) => {
                self.refused(&error);
                None
            }
        }
    }

    /// Opens a conversation: the first of the connections that are tried that gets one, or an error.
    async fn open(self: &Arc<Self>) -> Result<Connection, ConnectError> {
        let mut attempts = JoinSet::new();
        loop {
            let breaker = Arc::clone(self);
            attempts.spawn(async move { connect(&breaker.config).await });
            match timeout(ANOTHER_AFTER, attempts.join_next()).await {
                Ok(Some(Ok(opened))) => return opened,
                Err(_) if self.live.load(Ordering::Acquire) == 0 => self.trip("the relay says nothing"),
                // An attempt that panicked is made again; and while another connection works, one more is a wish.
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// The relay said in the middle of a transaction that it is going away.
    pub(super) fn trip(&self, reason: &str) {
        self.dependency.down(reason);
        if !self.open.send_replace(true) {
            tracing::warn!(reason, "the SMTP relay is away; sending pauses");
            self.metrics.breaker(true);
        }
    }

    fn refused(&self, error: &ConnectError) {
        let reason = chassis::lifecycle::chain(error);
        if self.live.load(Ordering::Acquire) == 0 {
            self.trip(&reason);
        } else {
            tracing::debug!(reason, "no further SMTP connection");
        }
    }

    fn close(&self) {
        *self.pause.lock().unwrap_or_else(PoisonError::into_inner) = FIRST_PAUSE;
        self.dependency.up();
        if self.open.send_replace(false) {
            tracing::info!("the SMTP relay is back; sending goes on");
            self.metrics.breaker(false);
        }
    }

    fn next_pause(&self) -> Duration {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let this = *pause;
        *pause = (this * 2).min(LONGEST_PAUSE);
        this
    }
}
