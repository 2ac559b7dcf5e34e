//! The event bus on Apache Kafka: the conformance suite, members that come and go, brokers that do, and the secured
//! listeners. `make test-real` brings the broker and runs this; a machine without one fails here.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

mod access;
mod certificates;
mod compression;
mod conformance;
mod ledger;
mod load;
mod member;
mod membership;
mod outages;
mod security;

use std::env;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use embedded::apache_kafka::{ApacheKafka, Config};
use tokio::sync::OnceCell;
use tracing_subscriber::EnvFilter;

/// How long anything may take before a test gives up.
const LIMIT: Duration = Duration::from_mins(2);

/// The broker for tests that leave it alone. Its watchdog ends it with this process.
async fn shared_broker() -> &'static ApacheKafka {
    static BROKER: OnceCell<ApacheKafka> = OnceCell::const_new();
    BROKER.get_or_init(|| start(Config::default())).await
}

async fn start(config: Config) -> ApacheKafka {
    // RUST_LOG=eventbus=info,eventbus_kafka=info shows what members do. Another test may have been first.
    if env::var_os("RUST_LOG").is_some() {
        let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env());
        let _ = log.with_writer(io::stderr).try_init();
    }
    let started = Instant::now();
    let broker = ApacheKafka::start(config).await.unwrap_or_else(|error| panic!("{error}"));
    report(&format!("Apache Kafka {} answered after {:.1?}", broker.version(), started.elapsed()));
    broker
}

/// Prints what was measured, past the harness that keeps the output of tests that pass.
fn report(line: &str) {
    io::stderr().write_all(format!("  {line}\n").as_bytes()).unwrap();
}
