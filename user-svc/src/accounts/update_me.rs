//! `UpdateMe`: changes what the caller says about themselves.

use chassis::auth::Principal;
use chassis::errors::Violation;
use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::UserProfileUpdated;
use uuid::Uuid;

use super::{AccountError, Accounts, timestamp};
use crate::profile::Profile;
use crate::store::users;
use crate::user::User;

/// The fields to change; what is absent stays as it is.
#[derive(Debug, Default)]
pub struct UpdateMe {
    /// Name shown to other people.
    pub display_name: Option<String>,
    /// Language tag.
    pub locale: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
}

impl Accounts {
    /// Changes the profile of the caller and answers the account.
    pub async fn update_me(&self, principal: &Principal, request: UpdateMe) -> Result<User, AccountError> {
        let now = self.now();

        let mut transaction = self.pool.begin().await?;
        let user = self.lock_caller(&mut transaction, principal).await?;
        let profile = Profile::parse(
            request.display_name.as_deref().unwrap_or(&user.display_name),
            request.locale.as_deref().unwrap_or(&user.locale),
            request.time_zone.as_deref().unwrap_or(&user.time_zone),
        )
        .map_err(in_profile)?;
        let changed = User {
            display_name: profile.display_name.clone(),
            locale: profile.locale.as_str().to_owned(),
            time_zone: profile.time_zone.name().to_owned(),
            ..user.clone()
        };
        if changed == user {
            return Ok(user);
        }
        users::update_profile(&mut transaction, user.user_id, &profile, now).await?;
        let event = profile_updated(user.user_id, user.email, &profile, now);
        self.outbox.enqueue(&mut transaction, &event).await?;
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(user_id = %user.user_id, "profile updated");
        Ok(changed)
    }
}

/// The violations from the root of the request.
fn in_profile(violations: Vec<Violation>) -> Vec<Violation> {
    let named =
        |violation: Violation| Violation::new(format!("profile.{}", violation.field), violation.description);
    violations.into_iter().map(named).collect()
}

/// The event of a changed profile, with all of it.
pub(super) fn profile_updated(
    user_id: Uuid,
    email: String,
    profile: &Profile,
    now: DateTime<Utc>,
) -> UserProfileUpdated {
    UserProfileUpdated {
        user_id: user_id.to_string(),
        email,
        display_name: profile.display_name.clone(),
        locale: profile.locale.as_str().to_owned(),
        time_zone: profile.time_zone.name().to_owned(),
        update_time: Some(timestamp(now)),
    }
}
