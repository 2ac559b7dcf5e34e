//! A running system and the clients of its users.

mod api;
mod contract;
mod feed;
mod image;
mod kafka;
mod mailbox;
mod otlp;
mod parts;
mod person;
mod system;

use std::future::Future;
use std::time::{Duration, Instant};

pub(crate) use self::api::{Account, Api};
pub(crate) use self::contract::{Rpc, rpcs};
pub(crate) use self::feed::Feed;
pub(crate) use self::image::png;
pub(crate) use self::kafka::{Record, read_topic, records_of};
pub(crate) use self::mailbox::{Inbox, Mail};
pub(crate) use self::otlp::{Collector, ReceivedSpan};
pub(crate) use self::parts::{Part, Parts};
pub(crate) use self::person::Person;
pub(crate) use self::system::{Options, System, shared};

/// Asks until there is an answer; fails with `what` when there is none in time.
pub(crate) async fn eventually<T, F>(what: &str, limit: Duration, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
