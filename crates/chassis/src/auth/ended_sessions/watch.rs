//! Hears from user-svc which sessions are over, for as long as the service runs.
//!
//! A stream begins with all of them, so it does not matter what was missed before it, or by whom it is answered.

use std::time::Duration;

use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::ended_session_service_client::EndedSessionServiceClient;
use fitness_proto::fitness::user::v1::{EndedSession, WatchEndedSessionsRequest};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::EndedSessions;
use crate::grpc::client::Client;

/// How long a stream may be silent: user-svc says something each second.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long after the end of a stream it is asked for again.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
enum WatchError {
    #[error("user-svc says nothing")]
    Silence,
    #[error("user-svc does not tell: {0}")]
    Call(tonic::Code),
}

impl EndedSessions {
    /// Watches until `shutdown`. What is known stays known while user-svc is away.
    pub(in crate::auth) async fn watch(&self, client: Client, shutdown: CancellationToken) {
        let mut told = true;
        loop {
            let watching = self.follow(client.clone(), &mut told);
            let Some(outcome) = shutdown.run_until_cancelled(watching).await else { return };
            if let Err(error) = outcome
                && std::mem::replace(&mut told, false)
            {
                tracing::warn!(%error, "sessions that end from now on count until user-svc is heard again");
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                return;
            }
        }
    }

    /// Takes in what one stream says, until it ends.
    async fn follow(&self, client: Client, told: &mut bool) -> Result<(), WatchError> {
        let mut service = EndedSessionServiceClient::new(client.untraced());
        let call = service.watch_ended_sessions(WatchEndedSessionsRequest {});
        let answer = timeout(PATIENCE, call).await.map_err(|_| WatchError::Silence)?;
        let mut stream = answer.map_err(|status| WatchError::Call(status.code()))?.into_inner();
        loop {
            let message = timeout(PATIENCE, stream.message()).await.map_err(|_| WatchError::Silence)?;
            let Some(message) = message.map_err(|status| WatchError::Call(status.code()))? else {
                return Ok(());
            };
            if !std::mem::replace(told, true) {
                tracing::info!("user-svc tells again which sessions have ended");
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "what is told is kept until the clock of the machine says otherwise"
            )]
            self.add(message.sessions.iter().filter_map(read), Utc::now());
        }
    }
}

fn read(session: &EndedSession) -> Option<(Uuid, DateTime<Utc>)> {
    let forget_time = session.forget_time?;
    let forget_time = DateTime::from_timestamp(forget_time.seconds, forget_time.nanos.try_into().ok()?)?;
    Some((session.session_id.parse().ok()?, forget_time))
}

#[cfg(test)]
mod tests;
