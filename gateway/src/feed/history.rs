//! The last events of each user, for those who lost their connection for a moment.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::FeedEvent;

/// Events kept for one user.
const MAX_PER_USER: usize = 100;
/// Events kept for all users together.
const MAX_IN_ALL: usize = 100_000;
/// A client that was away for longer reads the state anew.
const MAX_AGE: Duration = Duration::from_mins(10);

/// The last events by recipient.
#[derive(Debug, Default)]
pub(super) struct History {
    users: HashMap<Uuid, VecDeque<Kept>>,
    /// Everything in the order of its arrival, so that the oldest goes first whosever it is. What a user's own limit
    /// has removed already stays here until its turn.
    order: VecDeque<(Uuid, u64, Instant)>,
    next: u64,
}

#[derive(Debug)]
struct Kept {
    number: u64,
    event: Arc<FeedEvent>,
}

/// What a client that comes back gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missed {
    /// The events after the last one it has seen.
    pub(super) events: VecDeque<Arc<FeedEvent>>,
    /// Whether there may have been more than these.
    pub(super) gap: bool,
}

impl History {
    /// Keeps an event for a recipient. Answers false if it is there already: brokers that forget are told old events
    /// again.
    pub(super) fn keep(&mut self, recipient: Uuid, event: &Arc<FeedEvent>, now: Instant) -> bool {
        let kept = self.users.entry(recipient).or_default();
        if kept.iter().any(|kept| kept.event.id == event.id) {
            return false;
        }
        if kept.len() == MAX_PER_USER {
            kept.pop_front();
        }
        kept.push_back(Kept { number: self.next, event: Arc::clone(event) });
        self.order.push_back((recipient, self.next, now));
        self.next += 1;
        self.forget_old(now);
        true
    }

    /// Forgets what is too old or too much.
    pub(super) fn forget_old(&mut self, now: Instant) {
        while let Some(&(recipient, number, time)) = self.order.front()
            && (self.order.len() > MAX_IN_ALL || now.duration_since(time) > MAX_AGE)
        {
            self.order.pop_front();
            if let Some(kept) = self.users.get_mut(&recipient) {
                if kept.front().is_some_and(|kept| kept.number == number) {
                    kept.pop_front();
                }
                if kept.is_empty() {
                    self.users.remove(&recipient);
                }
            }
        }
    }

    /// Forgets a user: what was kept for them, and what others know of them.
    pub(super) fn forget_user(&mut self, user_id: Uuid) {
        self.users.remove(&user_id);
        self.users.retain(|_, kept| {
            kept.retain(|kept| kept.event.user_id != user_id);
            !kept.is_empty()
        });
    }

    /// What a recipient missed who has seen `last`.
    pub(super) fn since(&self, recipient: Uuid, last: Uuid) -> Missed {
        let kept = self.users.get(&recipient);
        let events = || kept.into_iter().flatten().map(|kept| &kept.event);
        match events().position(|event| event.id == last) {
            Some(place) => Missed { events: events().skip(place + 1).cloned().collect(), gap: false },
            // Its place is forgotten. Ids begin with their time, so that what is surely newer can still be told.
            None => Missed { events: events().filter(|event| event.id > last).cloned().collect(), gap: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(user_id: Uuid) -> Arc<FeedEvent> {
        let (kind, json) = ("Test".to_owned(), "{}".to_owned());
        Arc::new(FeedEvent { id: Uuid::now_v7(), user_id, kind, json })
    }

    fn filled(user: Uuid, count: usize, now: Instant) -> (History, Vec<Arc<FeedEvent>>) {
        let mut history = History::default();
        let events: Vec<_> = (0..count).map(|_| event(user)).collect();
        for event in &events {
            assert!(history.keep(user, event, now));
        }
        (history, events)
    }

    #[test]
    fn who_comes_back_gets_what_followed() {
        let (user, now) = (Uuid::now_v7(), Instant::now());
        let (history, events) = filled(user, 5, now);
        let missed = history.since(user, events[2].id);
        assert_eq!(missed, Missed { events: events[3..].iter().cloned().collect(), gap: false });
        assert!(history.since(user, events[4].id).events.is_empty());
    }

    #[test]
    fn who_was_away_for_too_long_is_told_of_the_gap() {
        let (user, now) = (Uuid::now_v7(), Instant::now());
        let (history, events) = filled(user, MAX_PER_USER + 2, now);
        let missed = history.since(user, events[1].id);
        assert_eq!((missed.events.len(), missed.gap), (MAX_PER_USER, true));
        assert!(history.since(Uuid::now_v7(), events[1].id).gap);
    }

    #[test]
    fn an_event_is_kept_once() {
        let (user, now) = (Uuid::now_v7(), Instant::now());
        let (mut history, events) = filled(user, 2, now);
        assert!(!history.keep(user, &events[0], now));
    }

    #[test]
    fn old_events_and_deleted_users_are_forgotten() {
        let ([anna, trainer], now) = ([Uuid::now_v7(), Uuid::now_v7()], Instant::now());
        let (mut history, events) = filled(anna, 2, now);
        history.keep(trainer, &events[0], now);
        history.forget_user(anna);
        assert!(history.users.is_empty());

        history.keep(trainer, &event(trainer), now);
        history.forget_old(now + MAX_AGE + Duration::from_secs(1));
        assert!(history.users.is_empty() && history.order.is_empty());
    }
}
