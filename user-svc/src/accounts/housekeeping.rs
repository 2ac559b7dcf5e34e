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
    /// Works at the given interval until `shutdown`. Replicas may do it at the same time: they skip each other's rows.
    pub(crate) async fn keep_house(&self, interval: Duration, shutdown: CancellationToken) {
        let mut appointed = false;
        loop {
            let round = async {
                if !appointed {
                    self.appoint_admin().await?;
                    appointed = true;
                }
                self.prune().await
            };
            match shutdown.run_until_cancelled(round).await {
                None => return,
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    tracing::warn!(error = %chain(&error), "housekeeping failed, it goes on later");
                }
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(interval)).await.is_none() {
                return;
            }
        }
    }

    /// Removes ended windows of limits, registrations that nobody proved, places not used for long, ended sessions, and
    /// refresh tokens that were used so long ago that a session could have ended since: such a token is refused like an
    /// invented one. That sessions have ended is forgotten when no access token of them is left. The ids of handled
    /// events go a day after events of that age count for nothing.
    async fn prune(&self) -> Result<(), AccountError> {
        let now = self.now();
        let mut connection = self.pool.acquire().await?;
        while retention::delete_ended_windows(&mut connection, now).await? == BATCH {}
        while retention::delete_old_registrations(&mut connection, now).await? == BATCH {}
        let long_unused = now - PLACE_LIFETIME;
        while retention::delete_old_places(&mut connection, long_unused).await? == BATCH {}
        while retention::delete_ended_sessions(&mut connection, now).await? == BATCH {}
        let forgotten = now - ended_sessions::memory(self.access_tokens.lifetime());
        while retention::delete_forgotten_ends(&mut connection, forgotten).await? == BATCH {}
        let long_ago = now - self.session_lifetime;
        while retention::delete_used_tokens(&mut connection, long_ago).await? == BATCH {}
        let forgotten = now - EVENTS_COUNT - TimeDelta::days(1);
        while retention::delete_handled_events(&mut connection, forgotten).await? == BATCH {}
        Ok(())
    }
}
