//! A running system and the clients of its users.

#![allow(dead_code, unused_imports, reason = "three programs hold this harness, and each uses its part")]

mod address;
mod api;
mod contract;
mod deployment;
mod feed;
mod http;
mod image;
mod kafka;
mod kafka_server;
mod logs;
mod mailbox;
mod otlp;
mod parts;
mod person;
mod process;
mod servers;
mod service;
mod standalone;
mod system;

use std::future::Future;
use std::time::{Duration, Instant};

pub(crate) use self::address::free_addr;
pub(crate) use self::api::{Account, Api};
pub(crate) use self::contract::{Rpc, rpcs};
pub(crate) use self::deployment::{Deployment, Plan};
pub(crate) use self::feed::Feed;
pub(crate) use self::http::http;
pub(crate) use self::image::png;
pub(crate) use self::kafka::{Record, read_topic, records_of};
pub(crate) use self::kafka_server::KafkaServer;
pub(crate) use self::mailbox::{Inbox, Mail};
pub(crate) use self::otlp::{Collector, ReceivedSpan};
pub(crate) use self::parts::{Part, Parts};
pub(crate) use self::person::Person;
pub(crate) use self::process::Exit;
pub(crate) use self::service::Service;
pub(crate) use self::system::{Options, System, shared};

/// Whether services run as processes on real servers: two programs hold these tests, and this one says which it is.
pub(crate) const REAL_SERVERS: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"real_servers");

/// How long one question may stay without any answer.
const SILENCE_LIMIT: Duration = Duration::from_mins(2);

/// Asks until there is an answer; fails with `what` when there is none in time.
pub(crate) async fn eventually<T, F>(what: &str, limit: Duration, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let start = Instant::now();
    // The limit is for answers; whoever gives none at all holds the test no longer than this.
    let patience = limit.max(SILENCE_LIMIT);
    loop {
        let answer = tokio::time::timeout(patience, ask()).await;
        let answer = answer.unwrap_or_else(|_| panic!("{what}: no answer at all within {patience:?}"));
        if let Some(answer) = answer {
            return answer;
        }
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
