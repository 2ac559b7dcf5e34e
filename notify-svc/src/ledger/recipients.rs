//! The projection of user-svc's accounts: whom we can write to.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Whom to write to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The account.
    pub user_id: Uuid,
    /// Its address.
    pub email: String,
    /// Its name.
    pub display_name: String,
    /// Its language, a BCP 47 tag.
    pub locale: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// Time of the event that says so.
    pub event_time: DateTime<Utc>,
}

/// Stores what is newer than what is known, but nothing of accounts that are gone.
pub async fn upsert(connection: &mut PgConnection, recipients: &[Recipient]) -> Result<(), sqlx::Error> {
    if recipients.is_empty() {
        return Ok(());
    }
    let text = |field: fn(&Recipient) -> &String| recipients.iter().map(field).cloned().collect::<Vec<_>>();
    sqlx::query!(
        "INSERT INTO recipients (user_id, email, display_name, locale, time_zone, event_time)
         SELECT DISTINCT ON (user_id) user_id, email, display_name, locale, time_zone, event_time
         FROM UNNEST($1::UUID[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TIMESTAMPTZ[])
             AS given (user_id, email, display_name, locale, time_zone, event_time)
         WHERE NOT EXISTS (
             SELECT
             FROM erased_accounts
             WHERE erased_accounts.user_id = given.user_id
         )
         ORDER BY user_id, event_time DESC
         ON CONFLICT (user_id) DO UPDATE
         SET email = EXCLUDED.email,
             display_name = EXCLUDED.display_name,
             locale = EXCLUDED.locale,
             time_zone = EXCLUDED.time_zone,
             event_time = EXCLUDED.event_time
         WHERE recipients.event_time < EXCLUDED.event_time",
        &recipients.iter().map(|recipient| recipient.user_id).collect::<Vec<_>>(),
        &text(|recipient| &recipient.email),
        &text(|recipient| &recipient.display_name),
        &text(|recipient| &recipient.locale),
        &text(|recipient| &recipient.time_zone),
        &recipients.iter().map(|recipient| recipient.event_time).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Answers those of the accounts that are known, and keeps them from being erased until the transaction ends.
pub async fn find(
    connection: &mut PgConnection,
    user_ids: &[Uuid],
) -> Result<HashMap<Uuid, Recipient>, sqlx::Error> {
    let found = sqlx::query_as!(
        Recipient,
        "SELECT user_id, email, display_name, locale, time_zone, event_time
         FROM recipients
         WHERE user_id = ANY($1)
         ORDER BY user_id
         FOR KEY SHARE",
        user_ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().map(|recipient| (recipient.user_id, recipient)).collect())
}
