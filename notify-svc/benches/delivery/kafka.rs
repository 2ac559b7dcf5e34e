//! The whole service: events published on Kafka become mails in the sink.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chassis::auth::TokenKeys;
use chassis::bus::{BrokerSettings, BusSettings};
use chassis::database::DatabaseConfig;
use chassis::frame::BackendConfig;
use chassis::grpc::server::GrpcServerConfig;
use chassis::sealing::SealingKeys;
use embedded::broker::Broker;
use eventbus::{Envelope, Publisher as _, TopicSpec};
use eventbus_kafka::{KafkaConfig, KafkaPublisher, create_topics};
use notify_svc::delivery::DeliveryConfig;
use notify_svc::events::TOPICS;
use notify_svc::{App, NotifySvcConfig};
use tokio_util::sync::CancellationToken;

use crate::ledger::{RETENTION, all_sent, database, events};
use crate::sink::Sink;

const PARTITIONS: i32 = 3;
const BATCH: usize = 1_000;

/// From the first event published to the last mail written down as sent, with the service already up.
pub(crate) async fn whole_way(
    sink: &Sink,
    delivery: DeliveryConfig,
    keys: SealingKeys,
    mails: usize,
) -> anyhow::Result<Duration> {
    let (pool, url) = database().await?;
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let broker = Broker::start(free).await?;
    let kafka = KafkaConfig::new(&broker.addr().to_string(), "bench");
    let topics =
        TOPICS.map(|name| TopicSpec { name: name.to_owned(), partitions: PARTITIONS, replication: 1 });
    create_topics(&kafka, &topics).await?;
    let publisher = KafkaPublisher::new(&kafka)?;
    let app = App::build(NotifySvcConfig {
        backend: BackendConfig {
            database: DatabaseConfig::new(url.into(), 10),
            migrate_on_start: false,
            relay: outbox::RelayConfig::default(),
            grpc: GrpcServerConfig {
                addr: free,
                max_call_time: Duration::from_secs(5),
                max_concurrent_calls: 16,
                reflection: false,
            },
            ops_addr: free,
            kafka: BusSettings {
                broker: BrokerSettings::Kafka(kafka),
                topic_partitions: PARTITIONS,
                topic_replication: 1,
                topics_on_start: true,
            },
            kafka_group: "notify-svc".to_owned(),
            drain: chassis::drain::DrainConfig::within(Duration::from_secs(10)),
        },
        mail_requests: false,
        dead_letter_topics: vec!["notify-svc.dead-letters".to_owned()],
        token_keys: TokenKeys::UserSvc {
            url: "http://127.0.0.1:1".to_owned(),
            issuer: "https://id.example".to_owned(),
        },
        retention: RETENTION,
        delivery,
        from: "no-reply@fitness.example".parse()?,
        reply_to: None,
        public_url: "https://fitness.example".to_owned(),
        sealing: keys,
        give_up_in_doubt: Vec::new(),
    })
    .await?;
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(app.run_until(shutdown.clone()));

    let (registered, verified) = events(mails);
    publish(&publisher, &registered).await?;
    while sqlx::query_scalar::<_, i64>("SELECT count(*) FROM recipients").fetch_one(&pool).await?
        < i64::try_from(mails)?
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (start, before) = (Instant::now(), sink.taken());
    publish(&publisher, &verified).await?;
    sink.wait_for(before + mails).await;
    all_sent(&pool, mails).await?;
    let elapsed = start.elapsed();

    shutdown.cancel();
    running.await??;
    broker.stop().await;
    pool.close().await;
    Ok(elapsed)
}

async fn publish(publisher: &KafkaPublisher, envelopes: &[Envelope]) -> anyhow::Result<()> {
    for batch in envelopes.chunks(BATCH) {
        for acknowledged in publisher.publish(batch).await {
            acknowledged?;
        }
    }
    Ok(())
}
