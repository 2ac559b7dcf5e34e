//! The ledger of a run: an empty database, events taken in, workers that empty it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::health::{Health, Need};
use chassis::lifecycle::Tasks;
use eventbus::{Envelope, TraceContext};
use fitness_proto::fitness::user::v1::{EmailVerified, UserRegistered};
use notify_svc::delivery::{DeliveryConfig, Wake, Workers};
use notify_svc::events::{Arrival, Intake};
use notify_svc::metrics::Metrics;
use notify_svc::render::Renderer;
use outbox::Outbox;
use sqlx::PgPool;
use uuid::Uuid;

use crate::sink::Sink;

const BATCH: usize = 500;
pub(crate) const RETENTION: Duration = Duration::from_hours(90 * 24);

/// An empty database with the tables of the service.
pub(crate) async fn database() -> anyhow::Result<(PgPool, String)> {
    let url = embedded::postgres::fresh_database("notify_bench").await;
    let pool = PgPool::connect(&url).await?;
    notify_svc::ledger::migrate(&pool).await?;
    outbox::migrate(&pool).await?;
    Ok((pool, url))
}

/// The events that make so many people known, and those that send each of them a mail.
pub(crate) fn events(mails: usize) -> (Vec<Envelope>, Vec<Envelope>) {
    let people: Vec<_> = (0..mails).map(|_| Uuid::now_v7().to_string()).collect();
    let registered = people.iter().map(|user_id| {
        envelope(&UserRegistered {
            user_id: user_id.clone(),
            email: format!("{user_id}@example.org"),
            display_name: "Ann".to_owned(),
            locale: "en".to_owned(),
            time_zone: "UTC".to_owned(),
            create_time: None,
        })
    });
    let verified =
        people.iter().map(|user_id| envelope(&EmailVerified { user_id: user_id.clone(), verify_time: None }));
    (registered.collect(), verified.collect())
}

/// Fills the ledger; answers how long the events of the mails took.
pub(crate) async fn fill(pool: &PgPool, mails: usize) -> anyhow::Result<Duration> {
    let intake =
        Intake::new(pool.clone(), Wake::default(), Vec::new(), RETENTION, Arc::new(Metrics::default()));
    let (registered, verified) = events(mails);
    take(&intake, &registered).await?;
    let start = Instant::now();
    take(&intake, &verified).await?;
    Ok(start.elapsed())
}

async fn take(intake: &Intake, envelopes: &[Envelope]) -> anyhow::Result<()> {
    for batch in envelopes.chunks(BATCH) {
        let arrivals: Vec<_> = batch
            .iter()
            .map(|envelope| Arrival { envelope, position: None, trace: envelope.trace.clone() })
            .collect();
        let outcomes = intake.take(&arrivals).await;
        anyhow::ensure!(
            outcomes.iter().all(|outcome| *outcome == eventbus::Outcome::Done),
            "an event was not taken"
        );
    }
    Ok(())
}

fn envelope<E: eventbus::Event>(event: &E) -> Envelope {
    Envelope::new(event, Uuid::now_v7(), "bench", chrono::Utc::now(), TraceContext::default())
}

/// Sends everything in the ledger; answers how long that took.
pub(crate) async fn deliver(
    pool: &PgPool,
    config: DeliveryConfig,
    renderer: Arc<Renderer>,
    sink: &Sink,
    mails: usize,
) -> anyhow::Result<Duration> {
    let tasks = Tasks::default();
    let workers = Workers {
        config,
        pool: pool.clone(),
        outbox: Outbox::new("bench"),
        renderer,
        wake: Wake::default(),
        metrics: Arc::new(Metrics::default()),
        smtp: Health::default().dependency("smtp", Need::Deferrable),
        retention: RETENTION,
    };
    let (start, before) = (Instant::now(), sink.taken());
    workers.start(&tasks);
    sink.wait_for(before + mails).await;
    all_sent(pool, mails).await?;
    let elapsed = start.elapsed();
    anyhow::ensure!(tasks.drain(Duration::from_secs(10)).await, "the workers did not stop");
    anyhow::ensure!(sink.taken() == before + mails, "a mail went out twice");
    Ok(elapsed)
}

/// Waits until the ledger knows that all mails went out.
pub(crate) async fn all_sent(pool: &PgPool, mails: usize) -> anyhow::Result<()> {
    loop {
        let open: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM notifications WHERE state <> 'sent')")
                .fetch_one(pool)
                .await?;
        if !open {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let sent: i64 = sqlx::query_scalar("SELECT count(*) FROM notifications").fetch_one(pool).await?;
    anyhow::ensure!(sent.unsigned_abs() as usize == mails, "{sent} mails instead of {mails}");
    Ok(())
}
