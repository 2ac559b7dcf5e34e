//! The embedded broker behind rdkafka, the client the services use.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use embedded::broker::Broker;
use futures::future::join_all;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const LIMIT: Duration = Duration::from_secs(30);
const TOPIC: &str = "fitness.test.events";

async fn broker() -> Broker {
    Broker::start(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap()
}

fn client(broker: &Broker) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.addr().to_string());
    config
}

fn producer(broker: &Broker) -> FutureProducer {
    client(broker).set("enable.idempotence", "true").set("linger.ms", "2").create().unwrap()
}

fn consumer(broker: &Broker, group: &str) -> StreamConsumer {
    let consumer: StreamConsumer = client(broker)
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "200")
        .create()
        .unwrap();
    consumer.subscribe(&[TOPIC]).unwrap();
    consumer
}

async fn create_topic(broker: &Broker, partitions: i32) {
    let admin: AdminClient<DefaultClientContext> = client(broker).create().unwrap();
    let topic = NewTopic::new(TOPIC, partitions, TopicReplication::Fixed(1));
    let results = admin.create_topics([&topic], &AdminOptions::new()).await.unwrap();
    assert_eq!(results, [Ok(TOPIC.to_owned())]);
    let results = admin.create_topics([&topic], &AdminOptions::new()).await.unwrap();
    assert_eq!(results, [Err((TOPIC.to_owned(), RDKafkaErrorCode::TopicAlreadyExists))]);
}

async fn produce(producer: &FutureProducer, numbers: std::ops::Range<usize>) {
    let sent = numbers.map(|number| {
        let (key, payload) = ((number % 10).to_string(), number.to_string());
        let headers = OwnedHeaders::new().insert(Header { key: "ce_id", value: Some(&payload) });
        let record = FutureRecord::to(TOPIC).key(&key).payload(&payload).headers(headers);
        producer.send_result(record).map_err(|(error, _)| error).unwrap()
    });
    for delivered in join_all(sent).await {
        delivered.unwrap().unwrap();
    }
}

/// The numbers of the next `count` records, each checked against its header.
async fn consume(consumer: &StreamConsumer, count: usize) -> Vec<usize> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let received = tokio::time::timeout(LIMIT, consumer.recv())
            .await
            .unwrap_or_else(|_| panic!("{} of {count} records after {LIMIT:?}", numbers.len()));
        let message = match received {
            // News of a broker that is away; the client goes on by itself.
            Err(KafkaError::MessageConsumption(
                RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure,
            )) => continue,
            received => received.unwrap(),
        };
        let payload = std::str::from_utf8(message.payload().unwrap()).unwrap();
        let header = message.headers().unwrap().get(0);
        assert_eq!((header.key, header.value), ("ce_id", Some(payload.as_bytes())));
        numbers.push(payload.parse().unwrap());
        consumer.store_offset_from_message(&message).unwrap();
    }
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_reads_what_was_produced_and_goes_on_where_it_committed() {
    let broker = broker().await;
    create_topic(&broker, 3).await;
    let producer = producer(&broker);
    produce(&producer, 0..1_000).await;

    let started = Instant::now();
    let first = consumer(&broker, "group");
    let numbers: BTreeSet<_> = consume(&first, 1_000).await.into_iter().collect();
    println!("1,000 records in the group after {:?}", started.elapsed());
    assert_eq!(numbers, (0..1_000).collect());
    first.commit_consumer_state(CommitMode::Sync).unwrap();
    drop(first);

    produce(&producer, 1_000..1_100).await;
    let started = Instant::now();
    let second = consumer(&broker, "group");
    let numbers: BTreeSet<_> = consume(&second, 100).await.into_iter().collect();
    println!("resumed after {:?}", started.elapsed());
    assert_eq!(numbers, (1_000..1_100).collect());
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_resumes_in_the_middle_of_a_produced_batch() {
    let broker = broker().await;
    create_topic(&broker, 1).await;
    produce(&producer(&broker), 0..100).await;
    let first = consumer(&broker, "group");
    consume(&first, 100).await;
    let mut middle = TopicPartitionList::new();
    middle.add_partition_offset(TOPIC, 0, Offset::Offset(37)).unwrap();
    first.commit(&middle, CommitMode::Sync).unwrap();
    drop(first);
    let second = consumer(&broker, "group");
    assert_eq!(consume(&second, 63).await, (37..100).collect::<Vec<_>>());
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_reaches_a_waiting_consumer_at_once() {
    let broker = broker().await;
    create_topic(&broker, 6).await;
    let producer = producer(&broker);
    let consumer = consumer(&broker, "group");
    produce(&producer, 0..1).await;
    consume(&consumer, 1).await;
    let mut latencies = Vec::new();
    for number in 1..40 {
        let started = Instant::now();
        produce(&producer, number..number + 1).await;
        consume(&consumer, 1).await;
        latencies.push(started.elapsed());
    }
    latencies.sort();
    println!("produce to consume: median {:?}, worst {:?}", latencies[20], latencies[38]);
    assert!(latencies[20] < Duration::from_millis(100), "median {:?}", latencies[20]);
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_members_share_the_partitions_and_one_takes_over_when_the_other_leaves() {
    let broker = broker().await;
    create_topic(&broker, 4).await;
    let started = Instant::now();
    let one = consumer(&broker, "group");
    let two = consumer(&broker, "group");
    let assigned = |consumer: &StreamConsumer| consumer.assignment().unwrap().count();
    loop {
        // Membership is kept alive by polling.
        let _ =
            tokio::time::timeout(Duration::from_millis(20), async { tokio::join!(one.recv(), two.recv()) })
                .await;
        if assigned(&one) == 2 && assigned(&two) == 2 {
            break;
        }
        assert!(started.elapsed() < LIMIT, "{} and {} partitions", assigned(&one), assigned(&two));
    }
    println!("shared after {:?}", started.elapsed());
    let started = Instant::now();
    drop(two);
    while assigned(&one) != 4 {
        let _ = tokio::time::timeout(Duration::from_millis(20), one.recv()).await;
        assert!(started.elapsed() < LIMIT, "{} partitions", assigned(&one));
    }
    println!("taken over after {:?}", started.elapsed());
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_broker_comes_back_at_the_same_address_and_has_forgotten_everything() {
    let broker = broker().await;
    create_topic(&broker, 1).await;
    let address = broker.addr();
    let producer = producer(&broker);
    produce(&producer, 0..1).await;
    broker.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    let broker = Broker::start(address).await.unwrap();
    assert_eq!(broker.addr(), address);
    let metadata = producer.client().fetch_metadata(None, LIMIT).unwrap();
    assert!(metadata.topics().is_empty());
    create_topic(&broker, 1).await;
    // The producer that lived through it goes on.
    produce(&producer, 1..2).await;
    assert_eq!(consume(&consumer(&broker, "group"), 1).await, [1]);
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn producers_and_members_live_through_an_absence_of_the_broker() {
    let broker = broker().await;
    create_topic(&broker, 3).await;
    let producer = producer(&broker);
    let consumer = consumer(&broker, "group");
    produce(&producer, 0..10).await;
    consume(&consumer, 10).await;
    broker.close().await;
    assert!(tokio::net::TcpStream::connect(broker.addr()).await.is_err());
    let sent = tokio::spawn(async move { produce(&producer, 10..20).await });
    broker.open().await.unwrap();
    sent.await.unwrap();
    let numbers: BTreeSet<_> = consume(&consumer, 10).await.into_iter().collect();
    assert_eq!(numbers, (10..20).collect(), "nothing is lost and nothing doubled");
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_records_pass_through() {
    let broker = broker().await;
    create_topic(&broker, 1).await;
    let producer: FutureProducer =
        client(&broker).set("compression.type", "gzip").set("linger.ms", "20").create().unwrap();
    produce(&producer, 0..500).await;
    assert_eq!(consume(&consumer(&broker, "group"), 500).await, (0..500).collect::<Vec<_>>());
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_member_is_replaced_after_its_session_timeout() {
    let broker = broker().await;
    create_topic(&broker, 2).await;
    produce(&producer(&broker), 0..20).await;
    let first = consumer(&broker, "group");
    consume(&first, 20).await;
    // Without its connections the member can neither leave nor beat its heart.
    broker.close().await;
    drop(first);
    broker.open().await.unwrap();
    let second = consumer(&broker, "group");
    let numbers: BTreeSet<_> = consume(&second, 20).await.into_iter().collect();
    assert_eq!(numbers, (0..20).collect(), "nothing was committed");
    broker.stop().await;
}

#[tokio::test]
async fn garbage_closes_the_connection_and_nothing_else() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let broker = broker().await;
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0, 0, 0, 2, 9, 9], &[0, 0, 0, 8, 0, 1, 0, 11, 0, 0, 0, 1]]
    {
        let mut stream = tokio::net::TcpStream::connect(broker.addr()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.is_empty());
    }
    create_topic(&broker, 1).await;
    broker.stop().await;
}

#[tokio::test]
async fn a_taken_address_is_an_error() {
    let first = broker().await;
    assert!(Broker::start(first.addr()).await.is_err());
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_died_are_gone_for_whoever_looks_after_their_session() {
    let broker = broker().await;
    create_topic(&broker, 1).await;
    produce(&producer(&broker), 0..1).await;
    let member = consumer(&broker, "group");
    consume(&member, 1).await;
    // Without its connections the member can neither leave nor beat its heart.
    broker.close().await;
    drop(member);
    broker.open().await.unwrap();
    let looking: StreamConsumer = client(&broker).set("group.id", "another").create().unwrap();
    let start = Instant::now();
    loop {
        let groups = looking.fetch_group_list(Some("group"), LIMIT).unwrap();
        let group = groups.groups().iter().find(|group| group.name() == "group").unwrap();
        if group.state() == "Empty" && group.members().is_empty() {
            break;
        }
        assert!(start.elapsed() < LIMIT, "{} with {} members", group.state(), group.members().len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_started_again_fences_the_process_it_replaces() {
    let broker = broker().await;
    create_topic(&broker, 1).await;
    produce(&producer(&broker), 0..5).await;
    let instance = || -> StreamConsumer {
        let consumer: StreamConsumer = client(&broker)
            .set("group.id", "group")
            .set("group.instance.id", "i-1")
            .set("auto.offset.reset", "earliest")
            .set("session.timeout.ms", "6000")
            .set("heartbeat.interval.ms", "200")
            .create()
            .unwrap();
        consumer.subscribe(&[TOPIC]).unwrap();
        consumer
    };
    let old = instance();
    consume(&old, 5).await;
    let new = instance();
    let fenced = async {
        loop {
            if let Err(
                KafkaError::MessageConsumption(RDKafkaErrorCode::Fatal)
                | KafkaError::MessageConsumptionFatal(RDKafkaErrorCode::FencedInstanceId),
            ) = old.recv().await
            {
                break;
            }
        }
    };
    let reading = async {
        loop {
            let _ = new.recv().await;
        }
    };
    tokio::time::timeout(LIMIT, async {
        tokio::select! {
            () = fenced => {}
            () = reading => {}
        }
    })
    .await
    .expect("the old process learns that it was replaced");
    drop((old, new));
    broker.stop().await;
}

#[tokio::test]
async fn settings_are_told_and_more_than_one_replica_is_refused() {
    let broker = broker().await;
    create_topic(&broker, 1).await;
    let admin: AdminClient<DefaultClientContext> = client(&broker).create().unwrap();
    let wanted =
        [ResourceSpecifier::Topic(TOPIC), ResourceSpecifier::Topic("unknown"), ResourceSpecifier::Broker(1)];
    let told = admin.describe_configs(&wanted, &AdminOptions::new()).await.unwrap();
    let value = |number: usize, name: &str| {
        let settings = told[number].as_ref().unwrap();
        settings.entry_map()[name].value.clone()
    };
    assert_eq!(value(0, "cleanup.policy").as_deref(), Some("delete"));
    // The client hands the error of one resource over as no settings.
    assert!(told[1].as_ref().map_or(true, |settings| settings.entries.is_empty()));
    assert_eq!(value(2, "default.replication.factor").as_deref(), Some("1"));

    let three = NewTopic::new("three", 1, TopicReplication::Fixed(3));
    let refused = admin.create_topics([&three], &AdminOptions::new()).await.unwrap();
    assert_eq!(refused, [Err(("three".to_owned(), RDKafkaErrorCode::InvalidReplicationFactor))]);
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newer_group_protocol_is_refused_aloud() {
    let broker = broker().await;
    create_topic(&broker, 1).await;
    let consumer: StreamConsumer =
        client(&broker).set("group.id", "group").set("group.protocol", "consumer").create().unwrap();
    consumer.subscribe(&[TOPIC]).unwrap();
    let refused = tokio::time::timeout(LIMIT, async {
        loop {
            if let Err(error) = consumer.recv().await {
                break error;
            }
        }
    })
    .await
    .expect("an error instead of silence");
    drop(consumer);
    assert!(
        matches!(refused, KafkaError::MessageConsumption(_) | KafkaError::MessageConsumptionFatal(_)),
        "{refused}"
    );
    broker.stop().await;
}
