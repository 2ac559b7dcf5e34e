//! A member of a consumer group.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use eventbus::adapter::{ConsumerMetrics, StateReporter, Workers};
use eventbus::{BrokerConfigError, BusState, ConsumerConfig, ConsumerError, Handler, Subscriber};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::config::{ConnectionContext, KafkaConfig, TERMS, invalid};
use crate::dead_letters::DeadLetters;
use crate::group::GroupContext;
use crate::poll_loop;

/// Consumes topics as a member of a group.
#[derive(Debug)]
pub struct KafkaConsumer {
    kafka: KafkaConfig,
    config: ConsumerConfig,
    state: StateReporter,
}

impl KafkaConsumer {
    /// Checks the configuration; nothing is connected before [`KafkaConsumer::run`].
    pub fn new(kafka: &KafkaConfig, config: ConsumerConfig) -> Result<Self, BrokerConfigError> {
        let client = kafka.member(&config);
        client.create_native_config().map_err(invalid)?;
        let state = StateReporter::new(&kafka.client_id, &TERMS);
        Ok(Self { kafka: kafka.clone(), config, state })
    }

    /// Whether the brokers can be reached.
    pub fn state(&self) -> watch::Receiver<BusState> {
        self.state.subscribe()
    }

    /// See [`Subscriber::run`].
    pub async fn run<H: Handler>(self, handler: H, shutdown: CancellationToken) -> Result<(), ConsumerError> {
        let stop = CancellationToken::new();
        let _stop_when_dropped = stop.clone().drop_guard();
        let close_timeout = self.config.close_timeout;
        let consumer = self.join(handler)?;
        let (ended, mut end) = oneshot::channel();
        let (config, until) = (self.config, stop.clone());
        thread::Builder::new()
            .name("kafka-consumer".to_owned())
            .spawn(move || ended.send(poll_loop::run(consumer, &config, &until)))
            .map_err(|error| ConsumerError::Client(error.into()))?;

        tokio::select! {
            result = &mut end => return result.unwrap_or(Err(ConsumerError::Close)),
            () = shutdown.cancelled() => stop.cancel(),
        }
        // The thread keeps its own deadline except where librdkafka blocks inside one call.
        match tokio::time::timeout(close_timeout + Duration::from_secs(1), end).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(ConsumerError::Close),
        }
    }

    fn join<H: Handler>(&self, handler: H) -> Result<Arc<BaseConsumer<GroupContext>>, ConsumerError> {
        let config = &self.config;
        let metrics = Arc::new(ConsumerMetrics::new(config, &TERMS));
        let dead_letters = DeadLetters::new(&self.kafka, config);
        let workers =
            Workers::new(config, &self.kafka.trusted, handler, dead_letters, Arc::clone(&metrics), &TERMS);
        let connection = ConnectionContext { state: self.state.clone() };
        let start = Box::new(move |queue| workers.start(queue));
        let context = GroupContext::new(connection, metrics, config.drain_timeout, start);
        let client = self.kafka.member(config);
        let consumer: BaseConsumer<GroupContext> =
            client.create_with_context(context).map_err(|error| ConsumerError::Client(error.into()))?;
        let consumer = Arc::new(consumer);
        consumer.context().introduce(&consumer);
        Ok(consumer)
    }
}

impl Subscriber for KafkaConsumer {
    fn state(&self) -> watch::Receiver<BusState> {
        Self::state(self)
    }

    fn run<H: Handler>(
        self,
        handler: H,
        shutdown: CancellationToken,
    ) -> impl Future<Output = Result<(), ConsumerError>> + Send + 'static {
        Self::run(self, handler, shutdown)
    }
}
