//! What goes on over one connection, and when it has to be over.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{AnswerLimit, HttpLimits};

/// How long a client may still say that it has understood that an idle connection ends.
const FAREWELL: Duration = Duration::from_secs(1);
/// A time that no connection lives to see.
const NEVER: Duration = Duration::from_hours(24 * 365);

/// The requests of one connection; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    limits: HttpLimits,
    state: Arc<Mutex<State>>,
    sooner: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    /// Until when each answer has to be taken. What has no answer yet has limits of its own.
    active: HashMap<u64, Option<Instant>>,
    next: u64,
    /// Until when something has to be active.
    idle_until: Instant,
    rest: Rest,
    /// The moment at which the watch looks next.
    watched: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// Nothing has come yet.
    Fresh,
    /// There were requests.
    Idle,
    /// The client was told to go.
    Dismissed,
}

/// What a connection has let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Nothing was asked for a long time.
    Idle,
    /// The client has not sent its head, has not taken its answer, or was dismissed and is still there.
    Client,
}

/// A request under way, from its head to the end of its answer.
#[derive(Debug)]
pub(super) struct Active {
    activity: Activity,
    id: u64,
}

impl Activity {
    pub(super) fn new(limits: HttpLimits) -> Self {
        let idle_until = Instant::now() + limits.head;
        let state =
            State { active: HashMap::new(), next: 0, idle_until, rest: Rest::Fresh, watched: idle_until };
        Self { limits, state: Arc::new(Mutex::new(state)), sooner: Arc::default() }
    }

    /// Notes a request.
    pub(super) fn begin(&self) -> Active {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        state.active.insert(id, None);
        Active { activity: self.clone(), id }
    }

    /// Resolves when the connection has let a time pass.
    pub(super) async fn overdue(&self) -> Overdue {
        loop {
            let deadline = {
                let mut state = self.state();
                let deadline = state.deadline();
                if deadline <= Instant::now() {
                    return state.pass();
                }
                state.watched = deadline;
                deadline
            };
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => {}
                () = self.sooner.notified() => {}
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes the watch where it would look too late.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        if state.deadline() < state.watched {
            self.sooner.notify_one();
        }
    }
}

impl State {
    fn deadline(&self) -> Instant {
        if self.active.is_empty() {
            return self.idle_until;
        }
        let answers = self.active.values().flatten().min();
        answers.copied().unwrap_or_else(|| Instant::now() + NEVER)
    }

    fn pass(&mut self) -> Overdue {
        if !self.active.is_empty() || self.rest != Rest::Idle {
            return Overdue::Client;
        }
        self.rest = Rest::Dismissed;
        self.idle_until = Instant::now() + FAREWELL;
        Overdue::Idle
    }
}

impl Active {
    /// The answer, which is under way until its body has ended or was dropped.
    pub(super) fn answer(self, response: Response) -> Response {
        let limit =
            response.extensions().get::<AnswerLimit>().map_or(self.activity.limits.answer, |limit| limit.0);
        let deadline = Instant::now() + limit;
        self.activity.change(|state| {
            state.active.insert(self.id, Some(deadline));
        });
        response.map(|body| Body::new(Tracked { body, _active: self }))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let idle = self.activity.limits.idle;
        self.activity.change(|state| {
            state.active.remove(&self.id);
            if state.active.is_empty() && state.rest != Rest::Dismissed {
                state.rest = Rest::Idle;
                state.idle_until = Instant::now() + idle;
            }
        });
    }
}

/// A body that tells when it has ended.
struct Tracked {
    body: Body,
    _active: Active,
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(50);
    const LIMITS: HttpLimits =
        HttpLimits { head: MOMENT, idle: MOMENT, answer: MOMENT, ..HttpLimits::OPERATIONS };

    fn answer(limit: Duration) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(AnswerLimit(limit));
        response
    }

    async fn overdue(activity: &Activity) -> Overdue {
        tokio::time::timeout(Duration::from_secs(30), activity.overdue()).await.unwrap()
    }

    #[tokio::test]
    async fn who_sends_no_head_is_overdue_at_once_and_who_rests_is_dismissed_first() {
        assert_eq!(overdue(&Activity::new(LIMITS)).await, Overdue::Client);

        let activity = Activity::new(LIMITS);
        drop(activity.begin().answer(Response::new(Body::empty())));
        assert_eq!(overdue(&activity).await, Overdue::Idle);
        assert_eq!(overdue(&activity).await, Overdue::Client);
    }

    #[tokio::test]
    async fn a_shorter_time_is_noticed_while_a_longer_one_is_watched() {
        let activity = Activity::new(HttpLimits { head: NEVER, ..LIMITS });
        let _long = activity.begin().answer(answer(NEVER));
        let watching = tokio::spawn({
            let activity = activity.clone();
            async move { overdue(&activity).await }
        });
        // The watch has looked once.
        while activity.state().watched < Instant::now() + Duration::from_hours(1) {
            tokio::task::yield_now().await;
        }
        let _short = activity.begin().answer(answer(MOMENT));
        assert_eq!(watching.await.unwrap(), Overdue::Client);
    }

    #[tokio::test]
    async fn a_request_without_an_answer_keeps_the_connection() {
        let activity = Activity::new(LIMITS);
        let active = activity.begin();
        assert!(tokio::time::timeout(4 * MOMENT, activity.overdue()).await.is_err());
        drop(active);
        assert_eq!(overdue(&activity).await, Overdue::Idle);
    }
}
