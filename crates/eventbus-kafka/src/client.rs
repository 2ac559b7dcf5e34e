//! A producer of librdkafka with the thread that serves it.
//!
//! rdkafka's own producers poll ten times a second whether or not there is anything, and turn in a circle through the last
//! millisecond of each time: two to three percent of a core for three producers that send nothing. This thread polls while
//! records are on their way, and sleeps while none are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use eventbus::{Ack, Position};
use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use tokio::sync::oneshot;

use crate::config::ConnectionContext;

/// How long one poll takes while records are on their way; what comes meanwhile is handled at once.
const POLL: Duration = Duration::from_millis(100);
/// How late an idle producer learns that its connection failed or is there again.
const LOOK: Duration = Duration::from_secs(1);

/// What became of a record.
pub(super) type Delivered = Result<Ack, KafkaError>;
type Report = Box<oneshot::Sender<Delivered>>;
/// A record with the place where its report goes.
pub(super) type Record<'a> = BaseRecord<'a, [u8], [u8], Report>;

impl ProducerContext for ConnectionContext {
    type DeliveryOpaque = Report;

    fn delivery(&self, result: &DeliveryResult<'_>, report: Report) {
        let delivered = match result {
            Ok(message) => Ok(Ack { position: Some(Position::new(message.partition(), message.offset())) }),
            Err((error, _)) => Err(error.clone()),
        };
        // Whoever does not wait any more has been told otherwise.
        let _ = report.send(delivered);
    }
}

/// A client that is served until it is dropped.
pub(super) struct Client {
    producer: Arc<BaseProducer<ConnectionContext>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Client {
    pub(super) fn connect(config: &ClientConfig, context: ConnectionContext) -> Result<Self, KafkaError> {
        let producer = Arc::new(BaseProducer::from_config_and_context(config, context)?);
        let stop = Arc::new(AtomicBool::new(false));
        let (served, until) = (Arc::clone(&producer), Arc::clone(&stop));
        let thread = thread::Builder::new().name("kafka-producer".to_owned());
        let thread = thread.spawn(move || serve(&served, &until)).map_err(|error| {
            KafkaError::ClientCreation(format!("the producer's thread could not be started: {error}"))
        })?;
        Ok(Self { producer, stop, thread: Some(thread) })
    }

    /// Hands a record over; where it is refused at once, it comes back with the reason.
    #[expect(clippy::result_large_err, reason = "a record that finds no room is handed over again")]
    pub(super) fn send<'a>(&self, record: Record<'a>) -> Result<(), (KafkaError, Record<'a>)> {
        self.producer.send(record)?;
        self.wake();
        Ok(())
    }

    /// Why the client can send nothing any more, if that is so.
    pub(super) fn fatal_error(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.producer.client().fatal_error()
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
        // The client must be gone before the process: TLS is torn down at its end. That takes one poll at most.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(producer: &BaseProducer<ConnectionContext>, stop: &AtomicBool) {
    while !stop.load(Ordering::Acquire) {
        // Records without a report, and news that nobody has seen yet. A record that is handed over from here on has
        // the thread woken, also when it does not sleep yet.
        if producer.in_flight_count() > 0 {
            producer.poll(POLL);
        } else {
            thread::park_timeout(LOOK);
        }
    }
}
