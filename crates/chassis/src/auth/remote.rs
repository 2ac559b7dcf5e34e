//! The public keys of another service, fetched when it can be reached and kept while it cannot. The sessions that are
//! over come from there as well.
//!
//! A service that starts before user-svc knows no key: its calls answer `DEPENDENCY_UNAVAILABLE` until the first fetch.
//! From then on it verifies by itself, whatever becomes of user-svc. A token signed by a key that is not known (keys
//! are rotated by restarting user-svc) asks for a fetch and waits for it. It is refused only if user-svc has just
//! answered a set without its key: while user-svc cannot be asked, nobody knows, and a rotation signs nobody out.

use std::sync::Arc;
use std::time::Duration;

use fitness_proto::fitness::user::v1::GetKeySetRequest;
use fitness_proto::fitness::user::v1::auth_service_client::AuthServiceClient;
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{Keys, Verifier};
use crate::grpc::client::Client;
use crate::health::Dependency;
use crate::lifecycle::chain;

/// How often the keys are fetched without being asked for.
const REFRESH_INTERVAL: Duration = Duration::from_mins(5);
/// How often they are fetched at most: invented key ids must not turn into load.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// How long a fetch may take, and a call waits for one.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// How a verifier asks for keys and learns that they were fetched.
#[derive(Debug)]
pub(super) struct Wishes {
    wish: Notify,
    /// The last fetch that ended.
    fetched: watch::Sender<Option<Fetched>>,
}

/// A fetch that ended.
#[derive(Clone, Copy, Debug)]
struct Fetched {
    end: Instant,
    /// Whether the keys came.
    answered: bool,
}

impl Wishes {
    /// Waits for the next fetch, unless the last one is fresh, and answers whether the keys known now are those that
    /// user-svc publishes now.
    pub(super) async fn fulfilled(&self) -> bool {
        let mut fetched = self.fetched.subscribe();
        let last = *fetched.borrow_and_update();
        if let Some(last) = last.filter(|last| last.end.elapsed() < MIN_INTERVAL) {
            return last.answered;
        }
        self.wish.notify_one();
        let changed = timeout(FETCH_TIMEOUT, fetched.changed()).await;
        let answered = fetched.borrow().is_some_and(|fetched| fetched.answered);
        matches!(changed, Ok(Ok(()))) && answered
    }
}

/// Fetches the keys for the verifier it was made with; runs beside the service.
#[derive(Debug)]
pub struct KeySetFetcher {
    verifier: Verifier,
    wishes: Arc<Wishes>,
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("user-svc did not answer in time")]
    Timeout,
    #[error("user-svc did not answer its keys: {0}")]
    Call(tonic::Code),
    #[error("the answer is no key set")]
    Document(#[from] serde_json::Error),
    #[error("a key of the set cannot be used")]
    Key(#[from] jsonwebtoken::errors::Error),
}

impl Verifier {
    /// A verifier without keys, and the task that gets them from user-svc.
    pub fn remote(issuer: &str) -> (Self, KeySetFetcher) {
        let wishes = Arc::new(Wishes { wish: Notify::new(), fetched: watch::Sender::new(None) });
        let verifier = Self::with_keys(Keys::none(), issuer, Some(Arc::clone(&wishes)));
        (verifier.clone(), KeySetFetcher { verifier, wishes })
    }
}

impl KeySetFetcher {
    /// Keeps the keys fresh, and the sessions that are over known, until `shutdown`. `dependency` is up from the first
    /// fetch on.
    pub async fn run(self, client: Client, dependency: Dependency, shutdown: CancellationToken) {
        let ended = self.verifier.clone();
        tokio::join!(
            self.keep_keys(client.clone(), dependency, shutdown.clone()),
            ended.0.ended.watch(client, shutdown),
        );
    }

    async fn keep_keys(self, client: Client, dependency: Dependency, shutdown: CancellationToken) {
        let mut pause = MIN_INTERVAL;
        loop {
            let fetched = shutdown.run_until_cancelled(fetch(client.clone())).await;
            let answered = matches!(fetched, Some(Ok(_)));
            match fetched {
                None => return,
                Some(Ok(keys)) => {
                    self.verifier.replace_keys(keys);
                    dependency.up();
                    pause = REFRESH_INTERVAL;
                }
                Some(Err(error)) => {
                    tracing::debug!(error = %chain(&error), "the token keys could not be fetched");
                    if !self.verifier.has_keys() {
                        dependency.down("user-svc has not answered its keys yet");
                        pause = MIN_INTERVAL;
                    }
                }
            }
            self.wishes.fetched.send_replace(Some(Fetched { end: Instant::now(), answered }));
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                () = self.wishes.wish.notified() => {}
            }
        }
    }
}

async fn fetch(client: Client) -> Result<Keys, FetchError> {
    let mut auth = AuthServiceClient::new(client.untraced());
    let answer = timeout(FETCH_TIMEOUT, auth.get_key_set(GetKeySetRequest {})).await;
    let answer =
        answer.map_err(|_| FetchError::Timeout)?.map_err(|status| FetchError::Call(status.code()))?;
    let document: JwkSet = serde_json::from_slice(&answer.into_inner().data)?;
    Ok(Keys::of(&document)?)
}

#[cfg(test)]
mod tests;
