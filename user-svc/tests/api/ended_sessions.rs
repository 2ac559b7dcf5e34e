//! `WatchEndedSessions`: whatever ends a session is told to the services that verify tokens.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::time::Clock as _;
use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;
use tonic::Streaming;

use crate::fixture::{Options, PASSWORD, Service, within};

/// What a watcher hears.
struct Watcher {
    stream: Streaming<proto::WatchEndedSessionsResponse>,
    heard: BTreeSet<String>,
}

impl Watcher {
    async fn of(service: &Service) -> Self {
        let request = proto::WatchEndedSessionsRequest {};
        let stream = service.ended.clone().watch_ended_sessions(request).await.unwrap().into_inner();
        Self { stream, heard: BTreeSet::new() }
    }

    /// Takes in one message, and answers whether it was there.
    async fn hear(&mut self) -> bool {
        let message = within("a reading", self.stream.message()).await.unwrap();
        let Some(message) = message else { return false };
        for session in message.sessions {
            assert!(session.forget_time.is_some());
            self.heard.insert(session.session_id);
        }
        true
    }

    async fn until(&mut self, session_id: &str) {
        within("the end of a session", async {
            while !self.heard.contains(session_id) {
                assert!(self.hear().await, "the stream ends");
            }
        })
        .await;
    }
}

async fn current(service: &Service, token: &str) -> String {
    let sessions = service.sessions(token).await.unwrap();
    sessions.into_iter().find(|session| session.current).unwrap().session_id
}

#[tokio::test]
async fn every_way_to_end_a_session_is_told_to_who_watches_and_to_who_comes_later() {
    let service = Service::start().await;
    let mut watcher = Watcher::of(&service).await;
    let opened = service.open_account("anna@example.org").await;
    let sign_in = async || {
        let signed_in = service.login("anna@example.org", PASSWORD).await.unwrap();
        (current(&service, &signed_in.access_token).await, signed_in)
    };
    let mut all = BTreeSet::new();

    let (out, session) = sign_in().await;
    service.logout(&session.access_token).await.unwrap();
    let (revoked, _) = sign_in().await;
    service.revoke_session(&opened.access_token, &revoked).await.unwrap();
    let (reused, session) = sign_in().await;
    let next = service.refresh(&session.refresh_token).await.unwrap();
    service.refresh(&next.refresh_token).await.unwrap();
    service.refresh(&session.refresh_token).await.unwrap_err();
    let (changed, _) = sign_in().await;
    service.change_password(&opened.access_token, PASSWORD, "a password of my own").await.unwrap();
    for ended in [out, revoked, reused, changed] {
        watcher.until(&ended).await;
        all.insert(ended);
    }
    let first = current(&service, &opened.access_token).await;
    assert_eq!(watcher.heard, all, "the session that goes on is not told");

    service.forgot_password("anna@example.org").await.unwrap();
    service.reset_password(&service.last_link().await, PASSWORD).await.unwrap();
    watcher.until(&first).await;
    let (deleted, session) = sign_in().await;
    service.delete_me(&session.access_token).await.unwrap();
    watcher.until(&deleted).await;
    all.extend([first, deleted]);
    let mut latecomer = Watcher::of(&service).await;
    assert!(latecomer.hear().await);
    assert_eq!((&watcher.heard, &latecomer.heard), (&all, &all));
    service.stop().await;
}

#[tokio::test]
async fn a_session_whose_end_is_committed_late_is_not_missed() {
    let service = Service::start().await;
    let late = current(&service, &service.open_account("anna@example.org").await.access_token).await;
    let other = service.login("anna@example.org", PASSWORD).await.unwrap();
    let quick = current(&service, &other.access_token).await;
    let mut watcher = Watcher::of(&service).await;
    let mut transaction = service.pool.begin().await.unwrap();
    sqlx::query("UPDATE sessions SET revoke_time = now() WHERE session_id = $1::uuid")
        .bind(&late)
        .execute(&mut *transaction)
        .await
        .unwrap();
    service.logout(&other.access_token).await.unwrap();
    watcher.until(&quick).await;
    // At least one further reading has begun behind the one that ended later and was seen earlier.
    assert!(watcher.hear().await && watcher.hear().await);
    assert!(!watcher.heard.contains(&late));
    transaction.commit().await.unwrap();
    watcher.until(&late).await;
    service.stop().await;
}

#[tokio::test]
async fn what_ended_longer_ago_than_a_token_lives_is_forgotten() {
    let options = Options { housekeeping_interval: Duration::from_millis(20), ..Options::usual().await };
    let service = Service::start_ready(options).await;
    let opened = service.open_account("anna@example.org").await;
    let other = service.login("anna@example.org", PASSWORD).await.unwrap();
    let [old, new] =
        [&current(&service, &opened.access_token).await, &current(&service, &other.access_token).await];
    service.logout(&opened.access_token).await.unwrap();
    service.logout(&other.access_token).await.unwrap();
    for (session_id, minutes) in [(new, 15), (old, 17)] {
        sqlx::query("UPDATE ended_sessions SET end_time = $2 WHERE session_id = $1::uuid")
            .bind(session_id)
            .bind(service.clock.now() - TimeDelta::minutes(minutes))
            .execute(&service.pool)
            .await
            .unwrap();
    }
    within("the old end to be forgotten", async {
        while service.count("SELECT count(*) FROM ended_sessions").await > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(service.tables_with(new).await.contains(&"public.ended_sessions".to_owned()));
    service.stop().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_who_watches() {
    let service = Service::start().await;
    let mut watcher = Watcher::of(&service).await;
    assert!(watcher.hear().await);
    service.stop().await;
}
