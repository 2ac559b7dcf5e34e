//! One replica of a service: its connections, and whether calls are welcome there.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::{Request, Response};
use tokio::sync::Notify;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint, Error};
use tower::ServiceExt as _;

/// How long a replica is passed over that did not take a call, where no health check says otherwise.
const AVOIDANCE: Duration = Duration::from_secs(1);

/// What the last health check has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing yet.
    Unknown,
    /// It takes calls.
    Serving,
    /// It does not, and why. Calls that it has are finished there.
    Away(&'static str),
    /// It takes calls and answers none.
    Hanging,
}

/// How many health checks in a row have to go unanswered. One alone also happens where the machine is busy.
const PATIENCE: u32 = 2;

#[derive(Debug)]
struct State {
    standing: Standing,
    failed: Option<Instant>,
    /// Health checks in a row without an answer.
    unanswered: u32,
}

/// A replica. One HTTP/2 connection serialises its frames on a lock, so there are several.
#[derive(Debug)]
pub(super) struct Replica {
    addr: SocketAddr,
    connections: Vec<Channel>,
    next: AtomicUsize,
    state: Mutex<State>,
    hangs: Notify,
}

impl Replica {
    /// Prepares connections to `addr`; each call says by `endpoint` whom it is for.
    pub(super) fn new(addr: SocketAddr, endpoint: &Endpoint, connections: usize) -> Self {
        let connections = (0..connections.max(1)).map(|_| endpoint.connect_lazy()).collect();
        let state = Mutex::new(State { standing: Standing::Unknown, failed: None, unanswered: 0 });
        Self { addr, connections, next: AtomicUsize::new(0), state, hangs: Notify::new() }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Makes a call over the next connection; nothing if the replica turns out to hang meanwhile.
    pub(super) async fn call(&self, request: Request<Body>) -> Option<Result<Response<Body>, Error>> {
        tokio::select! {
            answer = self.connection().oneshot(request) => Some(answer),
            () = self.hangs.notified() => None,
        }
    }

    /// The next connection.
    pub(super) fn connection(&self) -> Channel {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        self.connections[index].clone()
    }

    /// Whether calls should go here while there is a choice.
    pub(super) fn welcomes(&self) -> bool {
        let state = self.state();
        matches!(state.standing, Standing::Unknown | Standing::Serving)
            && state.failed.is_none_or(|at| at.elapsed() >= AVOIDANCE)
    }

    /// Whether the next health check may say something else than the last one.
    pub(super) fn is_in_question(&self) -> bool {
        let state = self.state();
        state.standing != Standing::Serving || state.unanswered > 0 || state.failed.is_some()
    }

    pub(super) fn standing(&self) -> Standing {
        self.state().standing
    }

    /// A call was not taken.
    pub(super) fn failed(&self) {
        self.state().failed = Some(Instant::now());
    }

    /// The health check has an answer.
    pub(super) fn checked(&self, standing: Standing) {
        let before = {
            let mut state = self.state();
            state.unanswered = if standing == Standing::Hanging { state.unanswered + 1 } else { 0 };
            if (1..PATIENCE).contains(&state.unanswered) {
                return;
            }
            if standing == Standing::Serving {
                state.failed = None;
            }
            std::mem::replace(&mut state.standing, standing)
        };
        if standing == Standing::Hanging {
            self.hangs.notify_waiters();
        }
        if before != standing && before != Standing::Unknown {
            tracing::info!(replica = %self.addr, ?standing, "the standing of a replica has changed");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
