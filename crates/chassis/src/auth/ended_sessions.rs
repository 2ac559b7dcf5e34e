//! Sessions that are over while access tokens of theirs have not run out: such a token is refused.
//!
//! user-svc tells of each within a second ([`watch`]). While it cannot be asked, tokens of sessions that ended since then
//! count until they run out, a quarter of an hour at most unless it is configured otherwise: calls to the other services
//! work without user-svc, and nobody can end a session without it either.

mod watch;

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};
use tokio::sync::watch as signal;
use uuid::Uuid;

/// Most sessions that are remembered, about 20 MB of them. Nobody signs in and out so often: a password has to be hashed
/// each time. The ones that run out first are forgotten first.
const MAX_SESSIONS: usize = 250_000;

/// What a verifier knows of ended sessions.
#[derive(Debug)]
pub(super) struct EndedSessions {
    /// When each may be forgotten.
    sessions: RwLock<HashMap<Uuid, DateTime<Utc>>>,
    max: usize,
    changed: signal::Sender<()>,
}

impl Default for EndedSessions {
    fn default() -> Self {
        Self { sessions: RwLock::default(), max: MAX_SESSIONS, changed: signal::Sender::new(()) }
    }
}

impl EndedSessions {
    pub(super) fn contains(&self, session_id: Uuid) -> bool {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner).contains_key(&session_id)
    }

    /// Says so when further sessions have ended.
    pub(super) fn changes(&self) -> signal::Receiver<()> {
        self.changed.subscribe()
    }

    fn add(&self, ended: impl IntoIterator<Item = (Uuid, DateTime<Utc>)>, now: DateTime<Utc>) {
        let mut ended = ended.into_iter().filter(|(_, forget_time)| *forget_time > now).peekable();
        if ended.peek().is_none() {
            return;
        }
        let known = {
            let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
            let before = sessions.len();
            sessions.extend(ended);
            let known = sessions.len() == before;
            if !known {
                forget(&mut sessions, self.max, now);
            }
            known
        };
        if !known {
            self.changed.send_replace(());
        }
    }
}

/// Forgets the sessions whose tokens have run out, and more of them where there are too many.
fn forget(sessions: &mut HashMap<Uuid, DateTime<Utc>>, max: usize, now: DateTime<Utc>) {
    sessions.retain(|_, forget_time| *forget_time > now);
    let Some(excess) = sessions.len().checked_sub(max).filter(|excess| *excess > 0) else { return };
    let mut times: Vec<_> = sessions.values().copied().collect();
    let (_, last, _) = times.select_nth_unstable(excess - 1);
    let last = *last;
    sessions.retain(|_, forget_time| *forget_time > last);
    tracing::warn!(
        max,
        "more sessions have ended than are remembered; tokens of some count until they run out"
    );
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn ids(count: u128) -> Vec<Uuid> {
        (1..=count).map(Uuid::from_u128).collect()
    }

    #[test]
    fn a_session_is_remembered_until_its_tokens_have_run_out() {
        let (ended, now) = (EndedSessions::default(), Utc::now());
        let [old, new, later] = ids(3)[..] else { panic!() };
        ended.add([(old, now + TimeDelta::minutes(1)), (new, now + TimeDelta::minutes(15))], now);
        assert!(ended.contains(old) && ended.contains(new) && !ended.contains(later));
        let now = now + TimeDelta::minutes(2);
        ended.add([(later, now + TimeDelta::minutes(15))], now);
        assert!(!ended.contains(old) && ended.contains(new) && ended.contains(later));
    }

    #[test]
    fn only_so_many_are_remembered_and_the_newest_are_among_them() {
        let (ended, now) = (EndedSessions { max: 10, ..EndedSessions::default() }, Utc::now());
        for (seconds, id) in (1..).zip(ids(25)) {
            ended.add([(id, now + TimeDelta::seconds(seconds))], now);
        }
        let known: Vec<_> = ids(25).into_iter().filter(|id| ended.contains(*id)).collect();
        assert_eq!(known, ids(25)[15..]);
    }

    #[test]
    fn what_is_known_already_or_run_out_is_no_change() {
        let (ended, now) = (EndedSessions::default(), Utc::now());
        let mut changes = ended.changes();
        ended.add([(Uuid::from_u128(1), now + TimeDelta::minutes(1))], now);
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        ended.add([(Uuid::from_u128(1), now + TimeDelta::minutes(1)), (Uuid::from_u128(2), now)], now);
        assert!(!changes.has_changed().unwrap());
    }
}
