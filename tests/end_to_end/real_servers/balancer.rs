//! A load balancer: it knows several gateways, asks each whether it is ready, and takes them in turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

/// How often readiness is asked for; gateways say for longer that they are about to stop.
const INTERVAL: Duration = Duration::from_millis(200);

struct Gateway {
    url: String,
    ready: AtomicBool,
}

/// Sends requests to whichever gateway is ready.
#[derive(Clone)]
pub(super) struct Balancer {
    gateways: Arc<[Gateway]>,
    next: Arc<AtomicUsize>,
    /// Requests that found nobody listening and went to the next gateway.
    refused: Arc<AtomicUsize>,
    http: reqwest::Client,
    _probes: Arc<Probes>,
}

struct Probes(Vec<JoinHandle<()>>);

impl Drop for Probes {
    fn drop(&mut self) {
        for probe in &self.0 {
            probe.abort();
        }
    }
}

impl Balancer {
    /// A balancer in front of the gateways with these base URLs.
    pub(super) fn new(urls: impl IntoIterator<Item = String>) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        let gateways: Arc<[_]> =
            urls.into_iter().map(|url| Gateway { url, ready: AtomicBool::new(true) }).collect();
        let probe = |index| tokio::spawn(probe(Arc::clone(&gateways), index));
        let probes = (0..gateways.len()).map(probe).collect();
        Self {
            gateways,
            next: Arc::default(),
            refused: Arc::default(),
            http,
            _probes: Arc::new(Probes(probes)),
        }
    }

    /// Sends a request. Only one that found nobody listening is sent again.
    pub(super) async fn send(
        &self,
        request: impl Fn(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> reqwest::Result<reqwest::Response> {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let turn =
            || (0..self.gateways.len()).map(|step| &self.gateways[(start + step) % self.gateways.len()]);
        let ready = turn().filter(|gateway| gateway.ready.load(Ordering::Relaxed));
        let mut outcome = None;
        for gateway in ready.chain(turn()) {
            match request(&self.http, &gateway.url).send().await {
                Err(error) if error.is_connect() => {
                    gateway.ready.store(false, Ordering::Relaxed);
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    outcome = Some(Err(error));
                }
                answer => return answer,
            }
        }
        outcome.expect("there is a gateway")
    }

    /// How many requests found nobody listening.
    pub(super) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}

async fn probe(gateways: Arc<[Gateway]>, index: usize) {
    let gateway = &gateways[index];
    let http = reqwest::Client::builder().timeout(Duration::from_secs(1)).build().unwrap();
    let mut tick = tokio::time::interval(INTERVAL);
    loop {
        tick.tick().await;
        let answer = http.get(format!("{}/readyz", gateway.url)).send().await;
        gateway.ready.store(answer.is_ok_and(|answer| answer.status() == 200), Ordering::Relaxed);
    }
}
