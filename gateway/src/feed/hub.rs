//! Hands events to the connections of those whom they concern.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use opentelemetry::metrics::{Counter, UpDownCounter};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::Instant;
use uuid::Uuid;

use super::history::History;
use super::{FeedConfig, FeedEvent};

static CONNECTIONS: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| {
    opentelemetry::global::meter("gateway")
        .i64_up_down_counter("gateway.feed.connections")
        .with_unit("{connection}")
        .with_description("Open connections of the live feed.")
        .build()
});
static CUT_OFF: LazyLock<Counter<u64>> = LazyLock::new(|| {
    opentelemetry::global::meter("gateway")
        .u64_counter("gateway.feed.cut_off")
        .with_unit("{connection}")
        .with_description("Connections of the live feed that did not keep up.")
        .build()
});

/// Longer than any access token lives.
const DELETED_MEMORY: Duration = Duration::from_hours(24);

/// All connections of the feed; clones share them. Its lock is held for moments and never across an await.
#[derive(Clone, Debug)]
pub(crate) struct Hub {
    config: FeedConfig,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    history: History,
    subscribers: HashMap<Uuid, Vec<Subscriber>>,
    /// Users who are gone while tokens of theirs may still be good.
    deleted: HashMap<Uuid, Instant>,
    open: usize,
    next_id: u64,
}

#[derive(Debug)]
struct Subscriber {
    id: u64,
    session_id: Uuid,
    sender: mpsc::Sender<Arc<FeedEvent>>,
    end: Arc<OnceLock<End>>,
}

/// Why the hub has ended a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The queue was full.
    Lagged,
    /// There is no such user any more.
    Deleted,
    /// The session is over.
    SessionOver,
}

/// Why there is no subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The user has as many as a user may have.
    TooManyOfUser,
    /// The gateway has as many as it takes.
    TooMany,
    /// There is no such user any more.
    Deleted,
}

/// A connection's end of the feed.
#[derive(Debug)]
pub(super) struct Subscription {
    /// What was missed since the last connection, to be sent first.
    pub(super) backlog: VecDeque<Arc<FeedEvent>>,
    /// Whether more may have been missed.
    pub(super) gap: bool,
    /// What happens from now on; ends when the hub ends it.
    pub(super) events: mpsc::Receiver<Arc<FeedEvent>>,
    end: Arc<OnceLock<End>>,
    hub: Hub,
    user_id: Uuid,
    id: u64,
}

impl Hub {
    pub(crate) fn new(config: FeedConfig) -> Self {
        // Counted from zero: a count that begins with its first one has not risen.
        CONNECTIONS.add(0, &[]);
        CUT_OFF.add(0, &[]);
        Self { config, state: Arc::default() }
    }

    /// Opens a subscription. Between what was missed and what happens from now on nothing is lost or doubled.
    pub(super) fn subscribe(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        last: Option<Uuid>,
    ) -> Result<Subscription, Refusal> {
        let mut state = self.state();
        if state.deleted.contains_key(&user_id) {
            return Err(Refusal::Deleted);
        }
        if state.open >= self.config.max_connections {
            return Err(Refusal::TooMany);
        }
        let of_user = state.subscribers.get(&user_id).map_or(0, Vec::len);
        if of_user >= self.config.max_connections_per_user {
            return Err(Refusal::TooManyOfUser);
        }
        let missed = last.map(|last| state.history.since(user_id, last));
        let (sender, events) = mpsc::channel(self.config.queue_length);
        let end = Arc::new(OnceLock::new());
        let id = state.next_id;
        state.next_id += 1;
        state.open += 1;
        let subscriber = Subscriber { id, session_id, sender, end: Arc::clone(&end) };
        state.subscribers.entry(user_id).or_default().push(subscriber);
        CONNECTIONS.add(1, &[]);
        let (backlog, gap) = missed.map_or_else(Default::default, |missed| (missed.events, missed.gap));
        Ok(Subscription { backlog, gap, events, end, hub: self.clone(), user_id, id })
    }

    /// Hands an event to its recipients. A connection whose queue is full is cut off: it holds up nobody, and its user
    /// can open another at once.
    pub(super) fn publish(&self, recipients: &[Uuid], event: FeedEvent) {
        let (event, now) = (Arc::new(event), Instant::now());
        let mut state = self.state();
        for &recipient in recipients {
            if !state.history.keep(recipient, &event, now) {
                continue;
            }
            state.retain(recipient, |subscriber| match subscriber.sender.try_send(Arc::clone(&event)) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    let _ = subscriber.end.set(End::Lagged);
                    CUT_OFF.add(1, &[]);
                    false
                }
                Err(TrySendError::Closed(_)) => false,
            });
        }
    }

    /// Ends the connections of a user who is deleted and forgets what was kept of them.
    pub(super) fn delete_user(&self, user_id: Uuid) {
        let mut state = self.state();
        state.history.forget_user(user_id);
        state.deleted.insert(user_id, Instant::now());
        state.retain(user_id, |subscriber| {
            let _ = subscriber.end.set(End::Deleted);
            false
        });
    }

    /// Ends the connections of sessions that are over.
    pub(super) fn end_sessions(&self, is_over: impl Fn(Uuid) -> bool) {
        let mut state = self.state();
        let users: Vec<_> = state.subscribers.keys().copied().collect();
        for user_id in users {
            state.retain(user_id, |subscriber| {
                let over = is_over(subscriber.session_id);
                if over {
                    let _ = subscriber.end.set(End::SessionOver);
                }
                !over
            });
        }
    }

    /// Forgets what is too old to be asked for.
    pub(super) fn forget_old(&self) {
        let now = Instant::now();
        let mut state = self.state();
        state.history.forget_old(now);
        state.deleted.retain(|_, time| now.duration_since(*time) < DELETED_MEMORY);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps the subscribers of a user for which `keep` answers true.
    fn retain(&mut self, user_id: Uuid, mut keep: impl FnMut(&Subscriber) -> bool) {
        let Some(subscribers) = self.subscribers.get_mut(&user_id) else { return };
        let before = subscribers.len();
        subscribers.retain(|subscriber| keep(subscriber));
        let removed = before - subscribers.len();
        if subscribers.is_empty() {
            self.subscribers.remove(&user_id);
        }
        self.open -= removed;
        CONNECTIONS.add(-(removed as i64), &[]);
    }
}

impl Subscription {
    /// Why the hub has ended it, once `events` has.
    pub(super) fn end(&self) -> Option<End> {
        self.end.get().copied()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let id = self.id;
        self.hub.state().retain(self.user_id, |subscriber| subscriber.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub() -> Hub {
        Hub::new(FeedConfig {
            max_connections: 3,
            max_connections_per_user: 2,
            queue_length: 2,
            ..FeedConfig::default()
        })
    }

    fn subscribe(hub: &Hub, user_id: Uuid) -> Result<Subscription, Refusal> {
        hub.subscribe(user_id, Uuid::now_v7(), None)
    }

    fn event(user_id: Uuid) -> FeedEvent {
        FeedEvent { id: Uuid::now_v7(), user_id, kind: "Test".to_owned(), json: "{}".to_owned() }
    }

    #[test]
    fn a_reader_that_does_not_keep_up_is_cut_off_and_holds_up_nobody() {
        let (hub, user) = (hub(), Uuid::now_v7());
        let mut slow = subscribe(&hub, user).unwrap();
        let mut quick = subscribe(&hub, user).unwrap();
        let mut read = 0;
        for _ in 0..5 {
            hub.publish(&[user], event(user));
            while quick.events.try_recv().is_ok() {
                read += 1;
            }
        }
        assert_eq!((read, quick.end()), (5, None));
        assert!(slow.events.try_recv().is_ok() && slow.events.try_recv().is_ok());
        assert_eq!(slow.events.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
        assert_eq!(slow.end(), Some(End::Lagged));
        // Its place is free although the connection is still there.
        assert!(subscribe(&hub, user).is_ok());
    }

    #[test]
    fn a_user_and_the_gateway_have_limits_and_a_closed_connection_frees_its_place() {
        let (hub, anna) = (hub(), Uuid::now_v7());
        let first = subscribe(&hub, anna).unwrap();
        let _second = subscribe(&hub, anna).unwrap();
        assert_eq!(subscribe(&hub, anna).unwrap_err(), Refusal::TooManyOfUser);
        let _third = subscribe(&hub, Uuid::now_v7()).unwrap();
        assert_eq!(subscribe(&hub, Uuid::now_v7()).unwrap_err(), Refusal::TooMany);
        drop(first);
        assert!(subscribe(&hub, anna).is_ok());
        assert_eq!(hub.state().open, 2);
    }

    #[test]
    fn an_event_goes_to_its_recipients_only_and_once() {
        let (hub, [anna, boris]) = (hub(), [Uuid::now_v7(), Uuid::now_v7()]);
        let mut of_anna = subscribe(&hub, anna).unwrap();
        let mut of_boris = subscribe(&hub, boris).unwrap();
        let event = event(anna);
        hub.publish(&[anna], event.clone());
        hub.publish(&[anna], event.clone());
        assert_eq!(*of_anna.events.try_recv().unwrap(), event);
        assert!(of_anna.events.try_recv().is_err());
        assert!(of_boris.events.try_recv().is_err());
    }

    #[test]
    fn the_connections_of_a_deleted_user_end() {
        let (hub, user) = (hub(), Uuid::now_v7());
        let mut subscription = subscribe(&hub, user).unwrap();
        hub.publish(&[user], event(user));
        hub.delete_user(user);
        assert!(subscription.events.try_recv().is_ok());
        assert_eq!(subscription.events.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
        assert_eq!(subscription.end(), Some(End::Deleted));
        assert_eq!(subscribe(&hub, user).unwrap_err(), Refusal::Deleted);
    }

    #[test]
    fn a_session_that_is_over_takes_its_own_connections_along_and_no_others() {
        let (hub, user, over) = (hub(), Uuid::now_v7(), Uuid::now_v7());
        let mut ended = hub.subscribe(user, over, None).unwrap();
        let mut other = subscribe(&hub, user).unwrap();
        hub.end_sessions(|session_id| session_id == over);
        assert_eq!(ended.events.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
        assert_eq!(ended.end(), Some(End::SessionOver));
        assert_eq!(other.events.try_recv(), Err(mpsc::error::TryRecvError::Empty));
        assert_eq!(hub.state().open, 1);
    }
}
