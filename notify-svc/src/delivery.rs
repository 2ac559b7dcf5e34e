//! Getting mails out: who claims, who sends, who writes down.
//!
//! ```text
//!  ledger ──claim──▶ Dispatcher ──▶ Queue ──▶ Sender × N ──▶ SMTP
//!    ▲                                          │
//!    └──────── one commit for many ── Recorder ◀┘ begin, settle
//! ```
//!
//! A sender begins a mail only after the one before it is settled in the ledger, so a crash leaves at most one mail a
//! connection of which the ledger does not know that it went out. What keeps this fast is the recorder, which writes
//! what all senders have to say in one commit.

mod breaker;
mod consent;
mod dedicated;
mod dispatcher;
mod held;
mod housekeeping;
mod queue;
mod recorder;
mod report;
mod sender;
mod settlement;
mod spans;
mod upkeep;
mod wake;

pub use wake::Wake;

use std::sync::Arc;
use std::time::Duration;

use chassis::health::Dependency;
use chassis::lifecycle::Tasks;
use outbox::Outbox;
use sqlx::PgPool;
use uuid::Uuid;

use crate::metrics::Metrics;
use crate::render::Renderer;
use crate::smtp::SmtpConfig;
use breaker::Breaker;
use consent::Consent;
use dedicated::Dedicated;
use dispatcher::Dispatcher;
use held::Held;
use housekeeping::Housekeeping;
use queue::Queue;
use recorder::Recorder;
use sender::Sender;
use upkeep::Upkeep;

/// The mails of a worker that died wait this long, and no live one may lose its own to a database that is slow: a second
/// passes between two prolongations, and two of them may fail, each by three seconds without an answer, before the four
/// fifths of the lease are over that the last one left.
const LEASE: Duration = Duration::from_secs(10);
/// Longest wait for an answer about leases.
const HOUSEKEEPING_LIMIT: Duration = Duration::from_secs(3);

/// How mails are sent.
#[derive(Clone, Debug)]
pub struct DeliveryConfig {
    /// The relay.
    pub smtp: SmtpConfig,
    /// Most connections to it.
    pub connections: usize,
    /// Mails after which a connection is replaced.
    pub mails_per_connection: u32,
    /// Age at which a connection is replaced.
    pub connection_age: Duration,
    /// How long a connection without work is kept.
    pub idle_timeout: Duration,
    /// How often the ledger is looked at without being woken.
    pub poll_interval: Duration,
    /// How long a row stays with a worker that is not heard of any more.
    pub lease: Duration,
    /// At a stop: how long a mail that is on the wire may take to end.
    pub stop_grace: Duration,
}

impl DeliveryConfig {
    /// The usual limits.
    pub fn new(smtp: SmtpConfig, connections: usize) -> Self {
        Self {
            smtp,
            connections: connections.max(1),
            mails_per_connection: 1_000,
            connection_age: Duration::from_mins(10),
            idle_timeout: Duration::from_secs(30),
            poll_interval: Duration::from_secs(1),
            lease: LEASE,
            stop_grace: Duration::from_secs(4),
        }
    }
}

/// What the workers work with.
pub struct Workers {
    /// How.
    pub config: DeliveryConfig,
    /// The ledger.
    pub pool: PgPool,
    /// Where to say what became of mails.
    pub outbox: Outbox,
    /// Writes the mails.
    pub renderer: Arc<Renderer>,
    /// Tells of new rows.
    pub wake: Wake,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Told whether the relay answers.
    pub smtp: Dependency,
    /// How long final rows are kept.
    pub retention: Duration,
}

impl Workers {
    /// Starts them; they stop with `tasks`.
    pub fn start(self, tasks: &Tasks) {
        let Self { config, pool, outbox, renderer, wake, metrics, smtp, retention } = self;
        // Names this run: leases of an earlier run are somebody else's, whatever the host is called.
        let owner = Uuid::now_v7();
        let shutdown = tasks.shutdown();
        let queue = Arc::new(Queue::default());
        let breaker = Arc::new(Breaker::new(config.smtp.clone(), smtp, Arc::clone(&metrics)));
        let (recorder, recording) =
            Recorder::new(pool.clone(), owner, config.lease, outbox.clone(), Arc::clone(&metrics));
        for _ in 0..config.connections {
            let sender = Sender {
                queue: Arc::clone(&queue),
                breaker: Arc::clone(&breaker),
                recorder: recorder.clone(),
                outbox: outbox.clone(),
                renderer: Arc::clone(&renderer),
                metrics: Arc::clone(&metrics),
                config: config.clone(),
                shutdown: shutdown.clone(),
            };
            tasks.spawn("mail sender", infallible(sender.run()));
        }
        // The recorder ends when the last sender has dropped its handle, so that nothing is left unwritten.
        drop(recorder);
        tasks.spawn("mail recorder", infallible(recording.run()));
        let held = Held::default();
        let upkeep = Upkeep {
            pool: pool.clone(),
            retention,
            metrics: Arc::clone(&metrics),
            shutdown: shutdown.clone(),
        };
        tasks.spawn("ledger upkeep", infallible(upkeep.run()));
        let consent = Consent { owner, metrics: Arc::clone(&metrics) };
        let housekeeping = Housekeeping {
            database: Dedicated::within(HOUSEKEEPING_LIMIT, pool.clone()),
            owner,
            held: held.clone(),
            lease: config.lease,
            outbox,
            metrics,
            wake: wake.clone(),
            shutdown: shutdown.clone(),
        };
        tasks.spawn("ledger housekeeping", infallible(housekeeping.run()));
        let database = Dedicated::new(pool);
        let dispatcher = Dispatcher {
            database,
            owner,
            consent,
            queue,
            held,
            breaker,
            wake,
            config,
            shutdown: shutdown.clone(),
        };
        tasks.spawn("mail dispatcher", infallible(dispatcher.run()));
    }
}

async fn infallible(task: impl Future<Output = ()>) -> Result<(), std::convert::Infallible> {
    task.await;
    Ok(())
}
