//! Which mails people want.

use std::collections::HashMap;

use chrono::NaiveTime;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::preferences::Preferences;
use crate::quiet_hours::QuietHours;

struct Row {
    user_id: Uuid,
    switched_off: Vec<String>,
    quiet: bool,
    quiet_start: NaiveTime,
    quiet_end: NaiveTime,
}

impl From<Row> for Preferences {
    fn from(row: Row) -> Self {
        let Row { switched_off, quiet, quiet_start, quiet_end, .. } = row;
        Self {
            // A category that a newer version added means nothing to this one.
            switched_off: switched_off.iter().filter_map(|name| name.parse().ok()).collect(),
            quiet_hours: QuietHours { enabled: quiet, start: quiet_start, end: quiet_end },
        }
    }
}

/// Answers the preferences of those who have changed them.
pub async fn find(
    connection: &mut PgConnection,
    user_ids: &[Uuid],
) -> Result<HashMap<Uuid, Preferences>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT user_id, switched_off, quiet, quiet_start, quiet_end
         FROM preferences
         WHERE user_id = ANY($1)",
        user_ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.into())).collect())
}

/// Answers the preferences of somebody and keeps others from changing them until the transaction ends.
pub async fn lock(connection: &mut PgConnection, user_id: Uuid) -> Result<Preferences, sqlx::Error> {
    let QuietHours { enabled, start, end } = QuietHours::default();
    sqlx::query!(
        "INSERT INTO preferences (user_id, switched_off, quiet, quiet_start, quiet_end)
         VALUES ($1, '{}', $2, $3, $4)
         ON CONFLICT (user_id) DO NOTHING",
        user_id,
        enabled,
        start,
        end,
    )
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query_as!(
        Row,
        "SELECT user_id, switched_off, quiet, quiet_start, quiet_end
         FROM preferences
         WHERE user_id = $1
         FOR UPDATE",
        user_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(row.into())
}

/// Stores preferences that are locked.
pub async fn store(
    connection: &mut PgConnection,
    user_id: Uuid,
    preferences: &Preferences,
) -> Result<(), sqlx::Error> {
    let switched_off: Vec<_> =
        preferences.switched_off.iter().map(|category| category.name().to_owned()).collect();
    sqlx::query!(
        "UPDATE preferences
         SET switched_off = $2,
             quiet = $3,
             quiet_start = $4,
             quiet_end = $5,
             update_time = now()
         WHERE user_id = $1",
        user_id,
        &switched_off,
        preferences.quiet_hours.enabled,
        preferences.quiet_hours.start,
        preferences.quiet_hours.end,
    )
    .execute(connection)
    .await?;
    Ok(())
}
