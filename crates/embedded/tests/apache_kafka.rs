//! The real broker: its life, its data, and what remains when its process is killed. `make test-real` runs it.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use embedded::apache_kafka::{ApacheKafka, Config, Error};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

const LIMIT: Duration = Duration::from_mins(1);

fn client(address: SocketAddr) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", address.to_string());
    client
}

async fn create_topic(address: SocketAddr, name: &str) {
    let admin: AdminClient<DefaultClientContext> = client(address).create().unwrap();
    let topic = NewTopic::new(name, 1, TopicReplication::Fixed(1));
    for answer in admin.create_topics(&[topic], &AdminOptions::new()).await.unwrap() {
        answer.unwrap();
    }
}

async fn produce(address: SocketAddr, topic: &str, payload: &str) {
    let producer: FutureProducer = client(address).create().unwrap();
    producer.send(FutureRecord::<str, str>::to(topic).payload(payload), LIMIT).await.unwrap();
}

fn read(address: SocketAddr, topic: &str, count: usize) -> Vec<String> {
    let consumer: BaseConsumer = client(address).set("group.id", "read").create().unwrap();
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&partitions).unwrap();
    let started = Instant::now();
    let mut payloads = Vec::new();
    while payloads.len() < count {
        assert!(started.elapsed() < LIMIT, "only {payloads:?}");
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
            payloads.push(String::from_utf8(message.payload().unwrap().to_vec()).unwrap());
        }
    }
    payloads
}

async fn is_up(address: SocketAddr) -> bool {
    tokio::net::TcpStream::connect(address).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_keeps_its_data_and_its_port_over_a_stop_and_a_kill() {
    let started = Instant::now();
    let mut broker = ApacheKafka::start(Config::default()).await.unwrap();
    println!("Apache Kafka {} answers after {:?}", broker.version(), started.elapsed());
    let (address, folder) = (broker.addr(), broker.folder().to_owned());
    create_topic(address, "kept").await;
    produce(address, "kept", "one").await;

    let stopping = Instant::now();
    broker.stop().await;
    println!("stopped in {:?}", stopping.elapsed());
    assert!(!is_up(address).await, "the broker must be gone when stop returns");
    let starting = Instant::now();
    broker.start_again().await.unwrap();
    println!("started again after a stop in {:?}", starting.elapsed());
    assert_eq!(broker.addr(), address);
    produce(address, "kept", "two").await;

    broker.kill().await;
    assert!(!is_up(address).await, "the broker must be gone when kill returns");
    let starting = Instant::now();
    broker.start_again().await.unwrap();
    println!("started again after a kill in {:?}", starting.elapsed());
    let payloads = tokio::task::spawn_blocking(move || read(address, "kept", 2)).await.unwrap();
    assert_eq!(payloads, ["one", "two"]);

    drop(broker);
    assert!(!is_up(address).await, "a dropped broker must be gone");
    assert!(!folder.exists(), "the temporary folder goes with the broker");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_never_created_unasked() {
    let broker = ApacheKafka::start(Config::default()).await.unwrap();
    let address = broker.addr();
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer =
            client(address).set("allow.auto.create.topics", "true").create().unwrap();
        consumer.fetch_metadata(Some("unasked"), LIMIT).unwrap();
        consumer.fetch_metadata(None, LIMIT).unwrap().topics().len()
    });
    assert_eq!(asked.await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_broker_says_nothing_until_it_is_resumed() {
    let mut broker = ApacheKafka::start(Config::default()).await.unwrap();
    let address = broker.addr();
    create_topic(address, "events").await;
    broker.pause().unwrap();
    let producer: FutureProducer = client(address).set("message.timeout.ms", "1000").create().unwrap();
    let record = FutureRecord::<str, str>::to("events").payload("too early");
    assert!(producer.send(record, Duration::ZERO).await.is_err());
    broker.resume().unwrap();
    produce(address, "events", "in time").await;
    broker.pause().unwrap();
    broker.stop().await;
    assert!(!is_up(address).await, "a paused broker stops as well");
    assert!(matches!(broker.pause(), Err(Error::NotRunning)));
}

#[tokio::test]
async fn a_broker_that_cannot_start_shows_the_end_of_its_log() {
    let properties = vec![("num.io.threads".to_owned(), "none".to_owned())];
    let error = ApacheKafka::start(Config { properties, ..Config::default() }).await.unwrap_err();
    assert!(error.to_string().contains("num.io.threads"), "{error}");
}

const HOLD: &str = "HOLD_A_BROKER_IN";

/// Does nothing in an ordinary run; in a process of its own it holds a broker until it is killed.
#[tokio::test]
async fn a_process_in_the_role_of_a_holder_holds_a_broker() {
    if std::env::var_os(HOLD).is_none() {
        return;
    }
    let broker = ApacheKafka::start(Config::default()).await.unwrap();
    eprintln!("holding {} {}", broker.addr(), broker.folder().display());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_process_leaves_neither_broker_nor_files_behind() {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_process_in_the_role_of_a_holder_holds_a_broker", "--nocapture"])
        .env(HOLD, "yes")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stderr.take().unwrap()).lines();
    let line = lines.map(Result::unwrap).find(|line| line.starts_with("holding ")).unwrap();
    let mut words = line.split(' ').skip(1);
    let address: SocketAddr = words.next().unwrap().parse().unwrap();
    let folder = Path::new(words.next().unwrap());
    assert!(is_up(address).await && folder.exists());

    holder.kill().unwrap();
    holder.wait().unwrap();
    let killed = Instant::now();
    while is_up(address).await || folder.exists() {
        assert!(killed.elapsed() < LIMIT, "the broker outlives its process");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
