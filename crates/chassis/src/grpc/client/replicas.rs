//! All replicas of a service: found by name, taken in turns.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use http::Uri;
use tokio::sync::{Notify, watch};
use tonic::transport::Endpoint;

use super::replica::Replica;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How often names are looked up: a new replica gets calls within this time.
const LOOKUP_INTERVAL: Duration = Duration::from_secs(5);
/// How often at most, when calls fail.
const LOOKUP_PAUSE: Duration = Duration::from_millis(500);
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// An endpoint that is no URL.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no gRPC endpoint; one is a URL such as http://127.0.0.1:50051")]
pub struct EndpointError(String);

/// Endpoints of a service as a setting: wrong ones are found when it is read.
#[derive(Clone, Debug)]
pub struct Endpoints(pub String);

impl FromStr for Endpoints {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        targets(text)?;
        Ok(Self(text.to_owned()))
    }
}

fn targets(endpoints: &str) -> Result<Vec<Target>, EndpointError> {
    endpoints.split(',').map(|text| Target::parse(text.trim())).collect()
}

/// A URL of the service.
#[derive(Clone, Debug)]
struct Target {
    /// Whom each call is for, whatever the address.
    origin: Uri,
    host: String,
    port: u16,
}

impl Target {
    fn parse(text: &str) -> Result<Self, EndpointError> {
        // Without whatever stands before the host: it may be a password.
        let wrong = || EndpointError(text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned());
        let origin: Uri = text.parse().map_err(|_| wrong())?;
        let host = origin.host().ok_or_else(wrong)?.trim_matches(['[', ']']).to_owned();
        let port = origin.port_u16().unwrap_or(80);
        let is_bare = origin.path() == "/" && origin.query().is_none() && !text.contains(['@', '#']);
        if origin.scheme_str() != Some("http") || host.is_empty() || !is_bare {
            return Err(wrong());
        }
        Ok(Self { origin, host, port })
    }

    /// Where it is, if no name has to be looked up.
    fn addr(&self) -> Option<SocketAddr> {
        self.host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, self.port))
    }

    fn endpoint(&self, addr: SocketAddr) -> Endpoint {
        Endpoint::from_shared(format!("http://{addr}"))
            .expect("an address makes a URL")
            .origin(self.origin.clone())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            // Of a network that is silent nobody hears otherwise; both together are less than callers are patient.
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(5))
            .keep_alive_while_idle(true)
    }
}

#[derive(Debug)]
struct Shared {
    targets: Vec<Target>,
    connections: usize,
    known: watch::Sender<Arc<[Arc<Replica>]>>,
    next: AtomicUsize,
    /// Asks for a look-up before it is due.
    wish: Arc<Notify>,
    /// Tells of calls.
    called: Notify,
}

/// The replicas of one service; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Replicas(Arc<Shared>);

impl Replicas {
    /// Reads the URLs; names are looked up in the background, as long as there is a clone.
    pub(super) fn new(endpoints: &str, connections: usize) -> Result<Self, EndpointError> {
        let shared = Arc::new(Shared {
            targets: targets(endpoints)?,
            connections,
            known: watch::Sender::new(Arc::from([])),
            next: AtomicUsize::new(0),
            wish: Arc::default(),
            called: Notify::new(),
        });
        let addrs: Vec<_> = shared.targets.iter().map(|target| target.addr().into_iter().collect()).collect();
        shared.learn(&addrs);
        if shared.targets.iter().any(|target| target.addr().is_none()) {
            tokio::spawn(keep_looking_up(Arc::downgrade(&shared), Arc::clone(&shared.wish), addrs));
        }
        Ok(Self(shared))
    }

    /// Those that are known now.
    pub(super) fn known(&self) -> Arc<[Arc<Replica>]> {
        Arc::clone(&self.0.known.borrow())
    }

    pub(super) fn any_welcomes(&self) -> bool {
        self.0.known.borrow().iter().any(|replica| replica.welcomes())
    }

    /// Whether none is known, or one whose next health check may say something else than the last.
    pub(super) fn any_is_in_question(&self) -> bool {
        let known = self.0.known.borrow();
        known.is_empty() || known.iter().any(|replica| replica.is_in_question())
    }

    /// Resolves at a call, at once if there was one since the last time. For one task.
    pub(super) async fn called(&self) {
        self.0.called.notified().await;
    }

    /// Whether there is one that was not tried yet.
    pub(super) fn any_beside(&self, tried: &[SocketAddr]) -> bool {
        self.0.known.borrow().iter().any(|replica| !tried.contains(&replica.addr()))
    }

    /// For a call: the next one in turn that welcomes calls; else one that was not tried yet; else any.
    pub(super) async fn pick(&self, tried: &[SocketAddr]) -> Option<Arc<Replica>> {
        self.0.called.notify_one();
        let mut known = self.0.known.subscribe();
        let known = tokio::time::timeout(LOOKUP_TIMEOUT, known.wait_for(|known| !known.is_empty())).await;
        let known = Arc::clone(&*known.ok()?.ok()?);
        let start = self.0.next.fetch_add(1, Ordering::Relaxed);
        let turn = || (0..known.len()).map(|step| &known[(start + step) % known.len()]);
        let untried = |replica: &&Arc<Replica>| !tried.contains(&replica.addr());
        let picked = turn().filter(untried).find(|replica| replica.welcomes());
        picked.or_else(|| turn().find(untried)).or_else(|| turn().next()).cloned()
    }

    /// A call was not taken there. The replica may have moved.
    pub(super) fn report_failure(&self, replica: &Replica) {
        replica.failed();
        self.0.wish.notify_one();
    }
}

impl Shared {
    /// Takes the addresses of each target; replicas that stay keep their connections.
    fn learn(&self, addrs: &[Vec<SocketAddr>]) {
        let before = Arc::clone(&self.known.borrow());
        let mut replicas = BTreeMap::new();
        for (target, addrs) in self.targets.iter().zip(addrs) {
            for addr in addrs {
                let kept = before.iter().find(|replica| replica.addr() == *addr).cloned();
                let replica = || Arc::new(Replica::new(*addr, &target.endpoint(*addr), self.connections));
                replicas.entry(*addr).or_insert_with(|| kept.unwrap_or_else(replica));
            }
        }
        if !replicas.keys().eq(before.iter().map(|replica| replica.addr()).collect::<Vec<_>>().iter()) {
            self.known.send_replace(replicas.into_values().collect());
        }
    }
}

/// Looks the names up until the last clone is gone. A name that cannot be looked up stands for what it did before.
async fn keep_looking_up(shared: Weak<Shared>, wish: Arc<Notify>, mut addrs: Vec<Vec<SocketAddr>>) {
    loop {
        let Some(current) = shared.upgrade() else { return };
        let targets = current.targets.clone();
        drop(current);
        for (target, known) in targets.iter().zip(&mut addrs) {
            let lookup = tokio::net::lookup_host((target.host.as_str(), target.port));
            match tokio::time::timeout(LOOKUP_TIMEOUT, lookup).await {
                Ok(Ok(found)) => *known = found.collect(),
                Ok(Err(error)) => tracing::debug!(host = target.host, %error, "a name was not found"),
                Err(_) => tracing::debug!(host = target.host, "a name was not looked up in time"),
            }
        }
        let Some(current) = shared.upgrade() else { return };
        current.learn(&addrs);
        drop(current);
        tokio::time::sleep(LOOKUP_PAUSE).await;
        tokio::select! {
            () = tokio::time::sleep(LOOKUP_INTERVAL) => {}
            () = wish.notified() => {}
        }
    }
}
