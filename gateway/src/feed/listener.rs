//! Listens to all events and hands them to the hub.

use std::time::Duration;

use chassis::bus::{self, BusSettings};
use chassis::health::Dependency;
use chrono::{DateTime, TimeDelta, Utc};
use eventbus::{
    BrokerConfigError, BusSubscriber, ConsumerConfig, ConsumerError, Delivery, Envelope, Event, Handler,
    Outcome, Subscriber as _,
};
use fitness_proto::fitness::notify::v1::NotificationSent;
use fitness_proto::fitness::user::v1::{UserDeleted, UserRegistered, UserSignedIn};
use fitness_proto::fitness::workout::v1::WorkoutFinished;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::catalogue::{self, Addressed};
use super::hub::Hub;

/// The topics of the feed.
pub(crate) const TOPICS: [&str; 3] = [UserRegistered::TOPIC, WorkoutFinished::TOPIC, NotificationSent::TOPIC];

/// What the groups of all gateways begin with.
const GROUP: &str = "gateway-feed";
/// How far the clocks of services may be apart.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);
/// A batch has to fit into the queue of a connection: its reader gets no turn in between.
const MAX_BATCH: usize = 50;
/// Nobody takes over what this group leaves, so a stop need not wait for it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);

/// Consumes until `shutdown`. A broker that is away is waited for; the connections stay open meanwhile.
pub(crate) async fn consume(
    hub: Hub,
    consumer: BusSubscriber,
    settings: BusSettings,
    dependency: Dependency,
    shutdown: CancellationToken,
) -> Result<(), ConsumerError> {
    let state = consumer.state();
    #[expect(clippy::disallowed_methods, reason = "the feed begins with what happens from now on")]
    let handler = Listener { hub: hub.clone(), since: Utc::now() - CLOCK_SKEW };
    let listening = async {
        // A topic that comes into being later would be found too late for its first events.
        settings.event_topics(TOPICS).ensure(&shutdown).await;
        consumer.run(handler, shutdown.clone()).await
    };
    let (outcome, (), ()) = tokio::join!(
        listening,
        bus::watch(state, dependency, shutdown.clone()),
        sweep(hub, shutdown.clone()),
    );
    outcome
}

/// A consumer in a group of its own: every gateway has to see every event.
pub(crate) fn consumer(settings: &BusSettings) -> Result<BusSubscriber, BrokerConfigError> {
    let group = format!("{GROUP}-{}", Uuid::now_v7());
    let listener = ConsumerConfig::listener(&group, &TOPICS);
    settings.broker().subscriber(ConsumerConfig {
        group_in_metrics: GROUP.to_owned(),
        max_batch: MAX_BATCH,
        close_timeout: CLOSE_TIMEOUT,
        ..listener
    })
}

async fn sweep(hub: Hub, shutdown: CancellationToken) {
    let mut tick = tokio::time::interval(SWEEP_INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = tick.tick() => hub.forget_old(),
        }
    }
}

struct Listener {
    hub: Hub,
    /// What happened before is no news: outboxes repeat old events to a broker that has forgotten them.
    since: DateTime<Utc>,
}

impl Handler for Listener {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        for delivery in batch.iter().filter(|delivery| delivery.envelope.time >= self.since) {
            delivery.span().in_scope(|| self.show(&delivery.envelope));
        }
        vec![Outcome::Done; batch.len()]
    }
}

impl Listener {
    fn show(&self, envelope: &Envelope) {
        if let Ok(signed_in) = envelope.decode::<UserSignedIn>() {
            let UserSignedIn { user_id, session_id, device, .. } = signed_in;
            tracing::info!(user_id, session_id, device, "user signed in");
        }
        let Some(Addressed { recipients, event }) = catalogue::read(envelope) else {
            tracing::debug!(event_type = envelope.event_type, "an event is not shown in the feed");
            return;
        };
        let user_id = event.user_id;
        self.hub.publish(&recipients, event);
        if envelope.decode::<UserDeleted>().is_ok() {
            self.hub.delete_user(user_id);
        }
    }
}
