//! An account was opened or changed: its athlete profile is made or brought up to date.

use fitness_proto::fitness::workout::v1::AthleteProfileCreated;

use super::{Athlete, Profile};
use crate::store::athletes::{self, Stored};
use crate::training::{Training, TrainingError, timestamp};

impl Training {
    /// Keeps what user-svc says about an account. The first word of an account makes its profile, which is announced
    /// once; word of an erased account is ignored.
    pub(crate) async fn arrive(&self, profile: &Profile) -> Result<(), TrainingError> {
        let now = self.now();
        let mut transaction = self.pool.begin().await?;
        athletes::take_turn(&mut transaction, profile.user_id).await?;
        if athletes::is_erased(&mut transaction, profile.user_id).await? {
            return Ok(());
        }
        let before = athletes::find(&mut transaction, profile.user_id).await?;
        let stored = athletes::put(&mut transaction, profile, now).await?;
        let after =
            Athlete::new(profile.user_id, profile.display_name.clone(), &profile.locale, &profile.time_zone);
        if stored != Stored::Outdated && before.is_none_or(|before| before.time_zone != after.time_zone) {
            self.follow_time_zone(&mut transaction, profile.user_id, after.time_zone).await?;
        }
        if stored == Stored::Created {
            let user_id = profile.user_id.to_string();
            let event = AthleteProfileCreated { user_id, create_time: Some(timestamp(now)) };
            self.outbox.enqueue(&mut transaction, &event).await?;
        }
        transaction.commit().await?;
        self.outbox.committed();

        tracing::debug!(user_id = %profile.user_id, ?stored, "profile arrived");
        Ok(())
    }
}
