//! What goes over a connection of the feed.
//!
//! Server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Bytes;
use futures::Stream;
use http::HeaderValue;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::FeedEvent;
use super::hub::{End, Subscription};

/// How a connection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `text/event-stream`.
    ServerSentEvents,
    /// One JSON document a line; an empty line is a heartbeat.
    Lines,
}

impl Format {
    /// The format that a client asks for; server-sent events where it does not care.
    pub(super) fn wanted(accept: Option<&HeaderValue>) -> Self {
        let accept = accept.and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let mut types = accept.split(',').filter_map(|range| range.split(';').next());
        let lines = types.any(|name| name.trim().eq_ignore_ascii_case("application/x-ndjson"));
        if lines { Self::Lines } else { Self::ServerSentEvents }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::ServerSentEvents => "text/event-stream",
            Self::Lines => "application/x-ndjson",
        }
    }

    /// What a connection begins with, so that the client sees at once that it is there.
    fn opening(self) -> Bytes {
        match self {
            // Browsers wait for so many milliseconds before they come back.
            Self::ServerSentEvents => Bytes::from_static(b"retry: 2000\n: connected\n\n"),
            Self::Lines => Bytes::from_static(b"\n"),
        }
    }

    fn event(self, event: &FeedEvent) -> Bytes {
        let FeedEvent { id, kind, json, .. } = event;
        match self {
            Self::ServerSentEvents => format!("id: {id}\nevent: {kind}\ndata: {json}\n\n").into(),
            Self::Lines => format!("{json}\n").into(),
        }
    }

    fn heartbeat(self) -> Bytes {
        match self {
            Self::ServerSentEvents => Bytes::from_static(b": heartbeat\n\n"),
            Self::Lines => Bytes::from_static(b"\n"),
        }
    }

    /// Tells that events may have been missed: the client has to read the state anew.
    fn lagged(self) -> Bytes {
        match self {
            Self::ServerSentEvents => Bytes::from_static(b"event: lagged\ndata: {\"type\":\"lagged\"}\n\n"),
            Self::Lines => Bytes::from_static(b"{\"type\":\"lagged\"}\n"),
        }
    }

    fn farewell(self, reason: &str) -> Bytes {
        match self {
            Self::ServerSentEvents => format!(": {reason}\n\n").into(),
            Self::Lines => Bytes::from_static(b"\n"),
        }
    }
}

/// A connection before its first byte.
pub(super) struct FeedStream {
    pub(super) subscription: Subscription,
    pub(super) format: Format,
    pub(super) heartbeat: Duration,
    /// When the token ends, and with it the connection.
    pub(super) expiry: Instant,
    pub(super) shutdown: CancellationToken,
}

struct Running {
    stream: FeedStream,
    heartbeat: Interval,
    /// Written before anything that comes out of the subscription.
    first: VecDeque<Bytes>,
    ended: bool,
}

impl FeedStream {
    /// The bytes of the connection, for as long as it lasts.
    pub(super) fn into_chunks(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let mut heartbeat = tokio::time::interval_at(Instant::now() + self.heartbeat, self.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut first = VecDeque::from([self.format.opening()]);
        if self.subscription.gap {
            first.push_back(self.format.lagged());
        }
        first.extend(self.subscription.backlog.iter().map(|event| self.format.event(event)));
        let running = Running { stream: self, heartbeat, first, ended: false };
        futures::stream::unfold(running, |mut running| async {
            let chunk = running.next().await?;
            Some((Ok(chunk), running))
        })
    }
}

impl Running {
    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        if let Some(chunk) = self.first.pop_front() {
            return Some(chunk);
        }
        let FeedStream { subscription, format, expiry, shutdown, .. } = &mut self.stream;
        let farewell = tokio::select! {
            biased;
            () = shutdown.cancelled() => format.farewell("the server is stopping"),
            () = tokio::time::sleep_until(*expiry) => format.farewell("the access token has expired"),
            event = subscription.events.recv() => match event {
                Some(event) => return Some(format.event(&event)),
                None => match subscription.end() {
                    Some(End::Lagged) => format.lagged(),
                    Some(End::SessionOver) => format.farewell("the session is over"),
                    Some(End::Deleted) | None => format.farewell("the account is deleted"),
                },
            },
            _ = self.heartbeat.tick() => return Some(format.heartbeat()),
        };
        self.ended = true;
        Some(farewell)
    }
}
