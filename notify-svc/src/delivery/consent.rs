//! Asking what recipients want, just before their mail goes out.
//!
//! Here and not when the event comes in: hours may lie between the two, and what counts is what the recipient has said
//! last and what time it is then. Mail that cannot be switched off is not asked about and costs nothing here.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::ledger::claims::{self, Claim, HeldBack};
use crate::ledger::preferences;
use crate::metrics::Metrics;
use crate::notification::{Category, Template};
use crate::preferences::{Preferences, Verdict};

pub(super) struct Consent {
    pub(super) owner: Uuid,
    pub(super) metrics: Arc<Metrics>,
}

impl Consent {
    /// Answers the claims that may be sent now; the others are written back.
    pub(super) async fn given(
        &self,
        connection: &mut PgConnection,
        claims: Vec<Claim>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Claim>, sqlx::Error> {
        let asked: Vec<_> =
            claims.iter().filter(|claim| optional(claim).is_some()).map(|claim| claim.user_id).collect();
        if asked.is_empty() {
            return Ok(claims);
        }
        let preferences = preferences::find(connection, &asked).await?;
        let (mut given, mut held) = (Vec::with_capacity(claims.len()), Vec::new());
        for claim in claims {
            match held_back(&claim, &preferences, now) {
                Some(row) => held.push(row),
                None => given.push(claim),
            }
        }
        if !held.is_empty() {
            let skipped = claims::hold_back(connection, self.owner, &held).await?;
            self.metrics.changed("skipped", skipped);
        }
        Ok(given)
    }
}

/// The category of a mail that can be switched off.
fn optional(claim: &Claim) -> Option<Category> {
    let template: Template = claim.template.parse().ok()?;
    Some(template.category()).filter(|category| category.is_optional())
}

fn held_back(
    claim: &Claim,
    preferences: &HashMap<Uuid, Preferences>,
    now: DateTime<Utc>,
) -> Option<HeldBack> {
    let preferences = preferences.get(&claim.user_id)?;
    let (until, detail) =
        match preferences.verdict(optional(claim)?, now, &claim.time_zone, claim.deliver_before) {
            Verdict::Send => return None,
            Verdict::Wait(until) => {
                let zone: Tz = claim.time_zone.parse().unwrap_or(Tz::UTC);
                let end = until.with_timezone(&zone).format("%H:%M");
                (Some(until), format!("waits for the end of the recipient's quiet hours at {end}"))
            }
            Verdict::Skip(reason) => (None, reason.to_owned()),
        };
    Some(HeldBack { notification_id: claim.notification_id, fence: claim.fence, until, detail })
}
