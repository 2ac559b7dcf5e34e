//! A broker behind one face, so that whoever publishes and consumes names none.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::publisher::BrokerPublisher;
use crate::{
    Ack, BusState, ConsumerConfig, ConsumerError, Delivery, Envelope, Handler, OriginalRecord, Origins,
    Outcome, PublishError, Publisher, Subscriber, Terms, TopicError, TopicSpec,
};

/// Whatever a client library says.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Settings that the client of a broker does not accept.
#[derive(Debug, thiserror::Error)]
#[error("the {broker} configuration is invalid")]
pub struct BrokerConfigError {
    /// The name of the broker.
    pub broker: &'static str,
    /// What its client says.
    pub source: BoxError,
}

/// How a broker is reached, and all that a service wants of it. Nothing is connected before it is used.
pub trait Broker: fmt::Debug + Send + Sync + 'static {
    /// What it is called.
    fn terms(&self) -> &'static Terms;

    /// Where it is, for people; no user and no password.
    fn address(&self) -> &str;

    /// A publisher, which starts to connect in the background.
    fn publisher(&self) -> Result<BusPublisher, BrokerConfigError>;

    /// A member of a group, which connects when it is run.
    fn subscriber(&self, config: ConsumerConfig) -> Result<BusSubscriber, BrokerConfigError>;

    /// The places on `topics` that dead letters say they come from; `group` names who looks.
    fn origins(&self, group: &str, topics: &[&str]) -> Arc<dyn Origins>;

    /// Creates those of `topics` that do not exist.
    fn create_topics<'a>(&'a self, topics: &'a [TopicSpec]) -> BoxFuture<'a, Result<(), TopicError>>;
}

type Answers = Vec<Result<Ack, PublishError>>;

/// The publisher of some broker. Clones share it.
#[derive(Clone)]
pub struct BusPublisher(Arc<dyn ErasedPublisher>);

trait ErasedPublisher: Send + Sync {
    fn publish<'a>(&'a self, batch: &'a [Envelope]) -> BoxFuture<'a, Answers>;
    fn repeat<'a>(&'a self, records: &'a [(&'a str, &'a OriginalRecord)]) -> BoxFuture<'a, Answers>;
    fn state(&self) -> watch::Receiver<BusState>;
}

impl<P: BrokerPublisher> ErasedPublisher for P {
    fn publish<'a>(&'a self, batch: &'a [Envelope]) -> BoxFuture<'a, Answers> {
        Box::pin(Publisher::publish(self, batch))
    }

    fn repeat<'a>(&'a self, records: &'a [(&'a str, &'a OriginalRecord)]) -> BoxFuture<'a, Answers> {
        Box::pin(BrokerPublisher::repeat(self, records))
    }

    fn state(&self) -> watch::Receiver<BusState> {
        BrokerPublisher::state(self)
    }
}

impl BusPublisher {
    /// Hides which broker it is.
    pub fn new(publisher: impl BrokerPublisher) -> Self {
        Self(Arc::new(publisher))
    }
}

impl Publisher for BusPublisher {
    fn publish<'a>(&'a self, batch: &'a [Envelope]) -> impl Future<Output = Answers> + Send + 'a {
        self.0.publish(batch)
    }
}

impl BrokerPublisher for BusPublisher {
    fn repeat<'a>(
        &'a self,
        records: &'a [(&'a str, &'a OriginalRecord)],
    ) -> impl Future<Output = Answers> + Send + 'a {
        self.0.repeat(records)
    }

    fn state(&self) -> watch::Receiver<BusState> {
        self.0.state()
    }
}

/// A member of a group on some broker.
pub struct BusSubscriber(Box<dyn ErasedSubscriber>);

trait ErasedSubscriber: Send {
    fn state(&self) -> watch::Receiver<BusState>;
    fn run(
        self: Box<Self>,
        handler: AnyHandler,
        shutdown: CancellationToken,
    ) -> BoxFuture<'static, Result<(), ConsumerError>>;
}

impl<S: Subscriber> ErasedSubscriber for S {
    fn state(&self) -> watch::Receiver<BusState> {
        Subscriber::state(self)
    }

    fn run(
        self: Box<Self>,
        handler: AnyHandler,
        shutdown: CancellationToken,
    ) -> BoxFuture<'static, Result<(), ConsumerError>> {
        Box::pin(Subscriber::run(*self, handler, shutdown))
    }
}

impl BusSubscriber {
    /// Hides which broker it is.
    pub fn new(subscriber: impl Subscriber) -> Self {
        Self(Box::new(subscriber))
    }
}

impl Subscriber for BusSubscriber {
    fn state(&self) -> watch::Receiver<BusState> {
        self.0.state()
    }

    fn run<H: Handler>(
        self,
        handler: H,
        shutdown: CancellationToken,
    ) -> impl Future<Output = Result<(), ConsumerError>> + Send + 'static {
        self.0.run(AnyHandler(Box::new(handler)), shutdown)
    }
}

struct AnyHandler(Box<dyn ErasedHandler>);

trait ErasedHandler: Send + Sync {
    fn handle<'a>(&'a self, batch: &'a [Delivery]) -> BoxFuture<'a, Vec<Outcome>>;
}

impl<H: Handler> ErasedHandler for H {
    fn handle<'a>(&'a self, batch: &'a [Delivery]) -> BoxFuture<'a, Vec<Outcome>> {
        Box::pin(Handler::handle(self, batch))
    }
}

impl Handler for AnyHandler {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        self.0.handle(batch).await
    }
}
