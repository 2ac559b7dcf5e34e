//! `cargo bench -p outbox --bench relay`: what the outbox costs and how fast it is.
//!
//! - commit → acknowledgement, at a steady rate
//! - draining a backlog, beside a bare rdkafka loop on the same broker in the same run
//! - business commits with the relay at work, and without
//!
//! Sizes by environment: `BENCH_RATE` events a second for `BENCH_SECONDS`, `BENCH_PENDING` events of backlog.
//! `TEST_KAFKA_BROKERS` and `TEST_DATABASE_URL` name servers; without them embedded ones are started.

use std::collections::HashMap;
use std::env;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use embedded::broker::Broker;
use eventbus::{Ack, Envelope, Event, PublishError, Publisher, TopicSpec};
use eventbus_kafka::{KafkaConfig, KafkaPublisher, create_topics};
use hdrhistogram::Histogram;
use outbox::{Outbox, Relay, RelayConfig};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const PARTITIONS: i32 = 6;
const KEYS: usize = 10_000;
const WRITERS: usize = 16;
const TURNS: u64 = 3;

#[derive(Clone, PartialEq, prost::Message)]
struct Measured {
    #[prost(string, tag = "1")]
    user_id: String,
    #[prost(string, tag = "2")]
    filling: String,
}

impl prost::Name for Measured {
    const NAME: &'static str = "Measured";
    const PACKAGE: &'static str = "bench.v1";
}

impl Event for Measured {
    const TOPIC: &'static str = "bench.events";

    fn key(&self) -> &str {
        &self.user_id
    }
}

/// About as large as a `UserRegistered`.
fn event(number: usize) -> Measured {
    Measured { user_id: format!("01890000-0000-7000-8000-{:012}", number % KEYS), filling: "x".repeat(150) }
}

/// Notes when records are acknowledged.
#[derive(Clone)]
struct Watched {
    publisher: KafkaPublisher,
    acknowledged: watch::Sender<u64>,
    at: Option<Arc<Mutex<HashMap<Uuid, Instant>>>>,
}

impl Watched {
    fn new(publisher: KafkaPublisher) -> Self {
        Self { publisher, acknowledged: watch::Sender::new(0), at: None }
    }

    async fn reaches(&self, count: u64) {
        let mut acknowledged = self.acknowledged.subscribe();
        acknowledged.wait_for(|acknowledged| *acknowledged >= count).await.expect("the sender is here");
    }
}

impl Publisher for Watched {
    async fn publish(&self, batch: &[Envelope]) -> Vec<Result<Ack, PublishError>> {
        let results = self.publisher.publish(batch).await;
        let now = Instant::now();
        if let Some(at) = &self.at {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            at.extend(batch.iter().map(|envelope| (envelope.id, now)));
        }
        let taken = results.iter().filter(|result| result.is_ok()).count() as u64;
        self.acknowledged.send_modify(|acknowledged| *acknowledged += taken);
        results
    }
}

fn setting<T: FromStr>(name: &str, default: T) -> T {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn relay(pool: &PgPool, publisher: Watched, outbox: &Outbox) -> (CancellationToken, JoinHandle<()>) {
    let shutdown = CancellationToken::new();
    let relay = Relay::new(pool.clone(), publisher, outbox, RelayConfig::default());
    (shutdown.clone(), tokio::spawn(relay.run(shutdown)))
}

async fn stop((shutdown, task): (CancellationToken, JoinHandle<()>)) {
    shutdown.cancel();
    task.await.expect("the relay does not panic");
}

/// Returns the id of the event and when its commit was asked for.
async fn commit(pool: &PgPool, outbox: &Outbox, number: usize) -> (Uuid, Instant) {
    let mut transaction = pool.begin().await.expect("the database is there");
    let id = outbox.enqueue(&mut transaction, &event(number)).await.expect("the event is written");
    let asked = Instant::now();
    transaction.commit().await.expect("the transaction commits");
    outbox.committed();
    (id, asked)
}

/// Commit → acknowledgement in microseconds.
async fn latency(pool: &PgPool, publisher: &KafkaPublisher, rate: u64, seconds: u64) -> Histogram<u64> {
    let outbox = Outbox::new("bench");
    let at = Arc::default();
    let watched = Watched { at: Some(Arc::clone(&at)), ..Watched::new(publisher.clone()) };
    let running = relay(pool, watched.clone(), &outbox);
    commit(pool, &outbox, 0).await;
    watched.reaches(1).await;

    let events = rate * seconds;
    let mut ticks =
        tokio::time::interval(Duration::from_secs(1) / u32::try_from(rate).expect("a sensible rate"));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut commits = JoinSet::new();
    for number in 0..events {
        ticks.tick().await;
        let (pool, outbox) = (pool.clone(), outbox.clone());
        commits.spawn(async move { commit(&pool, &outbox, number as usize).await });
    }
    let commits = commits.join_all().await;
    watched.reaches(events + 1).await;
    stop(running).await;
    let at = at.lock().unwrap_or_else(PoisonError::into_inner);
    let mut histogram = Histogram::new(3).expect("three digits are valid");
    for (id, asked) in commits {
        let waited = at[&id].saturating_duration_since(asked);
        histogram.record(waited.as_micros() as u64).expect("the histogram grows as needed");
    }
    histogram
}

/// Events a second out of a backlog.
async fn drain(pool: &PgPool, publisher: &KafkaPublisher, pending: usize) -> f64 {
    let outbox = Outbox::new("bench");
    let numbers: Vec<usize> = (0..pending).collect();
    for chunk in numbers.chunks(1_000) {
        let events: Vec<Measured> = chunk.iter().copied().map(event).collect();
        let mut connection = pool.acquire().await.expect("the database is there");
        outbox.enqueue_all(&mut connection, &events).await.expect("the events are written");
    }
    let watched = Watched::new(publisher.clone());
    let started = Instant::now();
    let running = relay(pool, watched.clone(), &outbox);
    watched.reaches(pending as u64).await;
    let rate = pending as f64 / started.elapsed().as_secs_f64();
    stop(running).await;
    rate
}

/// Records a second of a loop that does nothing but produce the same batches.
async fn bare(brokers: &str, records: usize) -> f64 {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("linger.ms", "1")
        .create()
        .expect("the configuration is valid");
    let payload = prost::Message::encode_to_vec(&event(0));
    let keys: Vec<String> = (0..records).map(|number| event(number).user_id).collect();
    let started = Instant::now();
    for chunk in keys.chunks(RelayConfig::default().batch_size.into()) {
        let reports: Vec<_> = chunk
            .iter()
            .map(|key| {
                let record = FutureRecord::to(Measured::TOPIC).key(key).payload(&payload);
                producer
                    .send_result(record)
                    .map_err(|(error, _)| error)
                    .expect("the queue has room for the chunk")
            })
            .collect();
        for report in reports {
            report
                .await
                .expect("the producer lives")
                .map_err(|(error, _)| error)
                .expect("the record is taken");
        }
    }
    records as f64 / started.elapsed().as_secs_f64()
}

/// Transactions a second of writers that do nothing but commit an event.
async fn commits(pool: &PgPool, outbox: &Outbox, seconds: u64) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (pool, outbox, done) = (pool.clone(), outbox.clone(), Arc::clone(&done));
        writers.spawn(async move {
            let mut number = writer;
            while Instant::now() < end {
                commit(&pool, &outbox, number).await;
                done.fetch_add(1, Ordering::Relaxed);
                number += WRITERS;
            }
        });
    }
    writers.join_all().await;
    done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

async fn database() -> PgPool {
    let url = embedded::postgres::fresh_database("outbox_bench").await;
    let pool = PgPoolOptions::new().max_connections(32).connect(&url).await.expect("the database is there");
    outbox::migrate(&pool).await.expect("the outbox can be created");
    pool
}

#[tokio::main]
async fn main() {
    let (rate, seconds) = (setting("BENCH_RATE", 1_000), setting("BENCH_SECONDS", 10));
    let pending = setting("BENCH_PENDING", 200_000);
    let embedded = match env::var("TEST_KAFKA_BROKERS") {
        Ok(_) => None,
        Err(_) => {
            Some(Broker::start(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("the broker starts"))
        }
    };
    let brokers = embedded
        .as_ref()
        .map_or_else(|| setting("TEST_KAFKA_BROKERS", String::new()), |b| b.addr().to_string());
    let kafka = KafkaConfig::new(&brokers, "bench");
    let topic = TopicSpec { name: Measured::TOPIC.to_owned(), partitions: PARTITIONS, replication: 1 };
    create_topics(&kafka, &[topic]).await.expect("the topic can be created");
    let publisher = KafkaPublisher::new(&kafka).expect("the configuration is valid");

    println!("commit to acknowledgement at {rate} events/s for {seconds} s");
    let histogram = latency(&database().await, &publisher, rate, seconds).await;
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
        println!("  {name:<22}{:>12.1} ms", histogram.value_at_quantile(quantile) as f64 / 1_000.0);
    }

    println!("drain of {pending} pending events");
    let (bare, drained) =
        (bare(&brokers, pending).await, drain(&database().await, &publisher, pending).await);
    println!("  {:<22}{bare:>12.0} records/s", "bare rdkafka loop");
    println!("  {:<22}{drained:>12.0} events/s", "outbox relay");
    println!("  {:<22}{:>12.2}", "relay ÷ bare", drained / bare);

    println!("commits of {WRITERS} writers for {seconds} s");
    let (mut without, mut awake) = (0.0, 0.0);
    // Taking turns evens out what else the machine is doing.
    for _ in 0..TURNS {
        let outbox = Outbox::new("bench");
        without += commits(&database().await, &outbox, seconds.div_ceil(TURNS)).await / TURNS as f64;
        let pool = database().await;
        let running = relay(&pool, Watched::new(publisher.clone()), &outbox);
        awake += commits(&pool, &outbox, seconds.div_ceil(TURNS)).await / TURNS as f64;
        stop(running).await;
    }
    println!("  {:<22}{without:>12.0} commits/s", "without relay");
    println!("  {:<22}{awake:>12.0} commits/s", "relay at work");
    println!("  {:<22}{:>12.2}", "at work ÷ without", awake / without);
    if let Some(broker) = embedded {
        broker.stop().await;
    }
}
