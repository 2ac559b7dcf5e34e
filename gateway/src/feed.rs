//! The live feed: what happens to a user, pushed to the user while it happens.
//!
//! Every gateway listens to all events with a consumer group of its own and hands each to the connections of those whom
//! it concerns: the user that it is keyed by, and the trainers that it names. Nothing here waits for a reader. A
//! connection has a bounded queue; whoever does not keep up is cut off, comes back with the id of the last event it has
//! seen and gets what it missed from a short memory. What is older is there to be read over REST.

mod catalogue;
mod history;
mod hub;
mod listener;
mod route;
mod standing;
mod stream;

use std::time::Duration;

use chassis::auth::Verifier;
use chassis::config::Settings;
use chassis::frame::Frame;
use chassis::health::Need;
use eventbus::BrokerConfigError;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::hub::Hub;
pub(crate) use self::listener::TOPICS;
pub(crate) use self::route::feed;
pub(crate) use self::standing::Standing;
use crate::config::GatewayConfig;

/// An event as the feed shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FeedEvent {
    /// Its identifier; who comes back names the last one.
    pub(crate) id: Uuid,
    /// Whom it is about.
    pub(crate) user_id: Uuid,
    /// Short name of its type, for example `WorkoutFinished`.
    pub(crate) kind: String,
    /// The whole of it, on one line.
    pub(crate) json: String,
}

/// Limits of the feed.
#[derive(Clone, Copy, Debug)]
pub struct FeedConfig {
    /// Most connections at one time.
    pub max_connections: usize,
    /// Most connections of one user.
    pub max_connections_per_user: usize,
    /// Events that wait for a reader before it is cut off.
    pub queue_length: usize,
    /// How often a connection without events shows that it lives.
    pub heartbeat: Duration,
}

impl FeedConfig {
    /// Reads the settings.
    pub(crate) fn from_settings(settings: &mut Settings) -> Self {
        Self {
            max_connections: settings.number(
                "GATEWAY_MAX_FEEDS",
                "Most connections of the live feed at one time.",
                10_000,
                0..=1_000_000,
            ),
            max_connections_per_user: settings.number(
                "GATEWAY_MAX_FEEDS_PER_USER",
                "Most connections of the live feed of one user.",
                8,
                0..=1_000,
            ),
            ..Self::default()
        }
    }
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_connections_per_user: 8,
            queue_length: 256,
            // Proxies close what is silent for half a minute or more.
            heartbeat: Duration::from_secs(15),
        }
    }
}

/// What the route of the feed works with.
#[derive(Clone)]
pub(crate) struct Feed {
    pub(crate) hub: Hub,
    pub(crate) verifier: Verifier,
    pub(crate) standing: Standing,
    pub(crate) heartbeat: Duration,
    /// Feeds have no end by themselves; a stop ends them.
    pub(crate) shutdown: CancellationToken,
}

impl Feed {
    /// A feed whose listener and ends are tasks of `frame`.
    pub(crate) fn open(
        frame: &mut Frame,
        config: &GatewayConfig,
        verifier: Verifier,
        standing: Standing,
    ) -> Result<Self, BrokerConfigError> {
        let consumer = listener::consumer(&config.kafka)?;
        let kafka = frame.health().dependency("kafka", Need::Deferrable);
        let hub = Hub::new(config.feed);
        let (listening, settings) = (hub.clone(), config.kafka.clone());
        frame.front("feed", |stop| listener::consume(listening, consumer, settings, kafka, stop));
        let (ending, sessions) = (hub.clone(), verifier.clone());
        frame.front("endings of feeds", |stop| end_with_sessions(ending, sessions, stop));
        Ok(Self { hub, verifier, standing, heartbeat: config.feed.heartbeat, shutdown: frame.stopping() })
    }
}

/// Ends the connections of sessions that are over, until `shutdown`. A connection that opens meanwhile looks by itself.
async fn end_with_sessions(hub: Hub, verifier: Verifier, shutdown: CancellationToken) {
    let mut endings = verifier.endings();
    while let Some(Ok(())) = shutdown.run_until_cancelled(endings.changed()).await {
        hub.end_sessions(|session_id| verifier.is_over(session_id));
    }
}
