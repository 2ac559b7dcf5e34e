//! What has to be done from time to time: appointing the admin of the configuration, removing what is over.

use std::time::Duration;

use chassis::lifecycle::chain;
use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::grant_trainer::EVENTS_COUNT;
use super::limits::PLACE_LIFETIME;
use super::{AccountError, Accounts};
use crate::ended_sessions;
use crate::store::retention::{self, BATCH};

impl Accounts {
    /// Works at the given interval until `shutdown`. Replicas may do it at the same time: they skip each other's rows. What
    /// cannot be done keeps nothing else from being done.
    pub(crate) async fn keep_house(&self, interval: Duration, shutdown: CancellationToken) {
        let mut appointed = false;
        loop {
            let round = async {
                if !appointed {
                    match self.appoint_admin().await {
                        Ok(()) => appointed = true,
                        Err(error) => warn(&error, "the admin of the configuration"),
                    }
                }
                for leftover in Leftover::ALL {
                    if let Err(error) = self.remove(leftover).await {
                        warn(&error, leftover.name());
                    }
                }
            };
            if shutdown.run_until_cancelled(round).await.is_none() {
                return;
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(interval)).await.is_none() {
                return;
            }
        }
    }

    async fn remove(&self, leftover: Leftover) -> Result<(), AccountError> {
        let (now, mut connection) = (self.now(), self.pool.acquire().await?);
        loop {
            let connection = &mut connection;
            let removed = match leftover {
                Leftover::EndedWindows => retention::delete_ended_windows(connection, now).await?,
                Leftover::OldRegistrations => retention::delete_old_registrations(connection, now).await?,
                Leftover::OldTries => retention::delete_old_tries(connection, now).await?,
                Leftover::OldAskers => retention::delete_old_askers(connection, now).await?,
                Leftover::OldPlaces => retention::delete_old_places(connection, now - PLACE_LIFETIME).await?,
                Leftover::EndedSessions => retention::delete_ended_sessions(connection, now).await?,
                Leftover::ForgottenEnds => {
                    let forgotten = now - ended_sessions::memory(self.access_tokens.lifetime());
                    retention::delete_forgotten_ends(connection, forgotten).await?
                }
                Leftover::UsedTokens => {
                    retention::delete_used_tokens(connection, now - self.session_lifetime).await?
                }
                Leftover::HandledEvents => {
                    let forgotten = now - EVENTS_COUNT - TimeDelta::days(1);
                    retention::delete_handled_events(connection, forgotten).await?
                }
            };
            if removed < BATCH {
                return Ok(());
            }
        }
    }
}

/// What is over and goes.
#[derive(Clone, Copy, Debug)]
enum Leftover {
    /// Windows of limits that have ended.
    EndedWindows,
    /// Registrations that nobody proved.
    OldRegistrations,
    /// Tries of codes.
    OldTries,
    /// Who asked for codes.
    OldAskers,
    /// Places not used for long.
    OldPlaces,
    /// Sessions that have ended.
    EndedSessions,
    /// That sessions have ended, once no access token of them is left.
    ForgottenEnds,
    /// Refresh tokens that were used so long ago that a session could have ended since: such a token is refused like an
    /// invented one.
    UsedTokens,
    /// The ids of handled events, a day after events of that age count for nothing.
    HandledEvents,
}

impl Leftover {
    const ALL: [Self; 9] = [
        Self::EndedWindows,
        Self::OldRegistrations,
        Self::OldTries,
        Self::OldAskers,
        Self::OldPlaces,
        Self::EndedSessions,
        Self::ForgottenEnds,
        Self::UsedTokens,
        Self::HandledEvents,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::EndedWindows => "windows of limits",
            Self::OldRegistrations => "registrations that nobody proved",
            Self::OldTries => "tries of codes",
            Self::OldAskers => "who asked for codes",
            Self::OldPlaces => "places of sign-ins",
            Self::EndedSessions => "ended sessions",
            Self::ForgottenEnds => "ends of sessions",
            Self::UsedTokens => "used refresh tokens",
            Self::HandledEvents => "ids of handled events",
        }
    }
}

fn warn(error: &AccountError, what: &str) {
    tracing::warn!(error = %chain(error), what, "housekeeping failed, it goes on later");
}
