//! Reminders.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::reminder::Reminder;
use crate::model::schedule::Weekdays;

/// A row of `reminders`.
struct Row {
    reminder_id: Uuid,
    message: String,
    time_of_day: NaiveTime,
    days_of_week: Vec<i16>,
    time_zone: Option<String>,
    routine_id: Option<Uuid>,
    enabled: bool,
    skip_dates: Vec<NaiveDate>,
    next_due_time: Option<DateTime<Utc>>,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl From<Row> for Reminder {
    fn from(row: Row) -> Self {
        let day = |number: i16| Weekday::try_from(u8::try_from(number - 1).ok()?).ok();
        Self {
            reminder_id: row.reminder_id,
            message: row.message,
            time_of_day: row.time_of_day,
            weekdays: Weekdays::of(row.days_of_week.into_iter().filter_map(day)),
            // Checked when it was stored; a zone that this build does not know counts as UTC.
            time_zone: row.time_zone.map(|name| name.parse().unwrap_or(chrono_tz::UTC)),
            routine_id: row.routine_id,
            enabled: row.enabled,
            skip_dates: row.skip_dates,
            next_due_time: row.next_due_time,
            create_time: row.create_time,
            update_time: row.update_time,
        }
    }
}

/// A reminder whose time has come, and what its event says beside it.
pub(crate) struct Due {
    pub(crate) user_id: Uuid,
    pub(crate) reminder: Reminder,
    pub(crate) time: DateTime<Utc>,
    pub(crate) profile_zone: Tz,
    pub(crate) routine_name: Option<String>,
}

/// The days as the table has them.
fn numbers(weekdays: Weekdays) -> Vec<i16> {
    weekdays.iter().map(|day| day.number_from_monday() as i16).collect()
}

/// How many reminders an athlete has.
pub(crate) async fn count(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM reminders
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_one(connection)
    .await
}

/// Stores a reminder.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    user_id: Uuid,
    reminder: &Reminder,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO reminders
            (reminder_id, user_id, message, time_of_day, days_of_week, time_zone, routine_id, enabled, skip_dates,
             next_due_time, create_time, update_time)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        "#,
        reminder.reminder_id,
        user_id,
        reminder.message,
        reminder.time_of_day,
        &numbers(reminder.weekdays),
        reminder.time_zone.map(Tz::name),
        reminder.routine_id,
        reminder.enabled,
        &reminder.skip_dates,
        reminder.next_due_time,
        reminder.create_time,
        reminder.update_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores what was changed of a reminder.
pub(crate) async fn update(connection: &mut PgConnection, reminder: &Reminder) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE reminders
        SET message = $2,
            time_of_day = $3,
            days_of_week = $4,
            time_zone = $5,
            routine_id = $6,
            enabled = $7,
            skip_dates = $8,
            next_due_time = $9,
            update_time = $10
        WHERE reminder_id = $1
        "#,
        reminder.reminder_id,
        reminder.message,
        reminder.time_of_day,
        &numbers(reminder.weekdays),
        reminder.time_zone.map(Tz::name),
        reminder.routine_id,
        reminder.enabled,
        &reminder.skip_dates,
        reminder.next_due_time,
        reminder.update_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes a reminder and answers whether there was one.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    user_id: Uuid,
    reminder_id: Uuid,
) -> sqlx::Result<bool> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM reminders
        WHERE reminder_id = $1
            AND user_id = $2
        "#,
        reminder_id,
        user_id,
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Finds a reminder of an athlete.
pub(crate) async fn find(
    connection: &mut PgConnection,
    user_id: Uuid,
    reminder_id: Uuid,
) -> sqlx::Result<Option<Reminder>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT reminder_id, message, time_of_day, days_of_week, time_zone, routine_id, enabled, skip_dates, next_due_time,
            create_time, update_time
        FROM reminders
        WHERE reminder_id = $1
            AND user_id = $2
        "#,
        reminder_id,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Reminder::from))
}

/// Finds a reminder of an athlete and keeps others from changing it until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    user_id: Uuid,
    reminder_id: Uuid,
) -> sqlx::Result<Option<Reminder>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT reminder_id, message, time_of_day, days_of_week, time_zone, routine_id, enabled, skip_dates, next_due_time,
            create_time, update_time
        FROM reminders
        WHERE reminder_id = $1
            AND user_id = $2
        FOR NO KEY UPDATE
        "#,
        reminder_id,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Reminder::from))
}

/// Reminders of an athlete behind the given one, oldest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    user_id: Uuid,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Reminder>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT reminder_id, message, time_of_day, days_of_week, time_zone, routine_id, enabled, skip_dates, next_due_time,
            create_time, update_time
        FROM reminders
        WHERE user_id = $1
            AND reminder_id > $2
        ORDER BY reminder_id
        LIMIT $3
        "#,
        user_id,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Reminder::from).collect())
}

/// The reminders that go by the time zone of their athlete's profile, kept from others until the transaction ends.
pub(crate) async fn lock_followers(
    connection: &mut PgConnection,
    user_id: Uuid,
) -> sqlx::Result<Vec<Reminder>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT reminder_id, message, time_of_day, days_of_week, time_zone, routine_id, enabled, skip_dates, next_due_time,
            create_time, update_time
        FROM reminders
        WHERE user_id = $1
            AND time_zone IS NULL
        ORDER BY reminder_id
        FOR NO KEY UPDATE
        "#,
        user_id,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Reminder::from).collect())
}

/// Claims reminders whose time has come, passing over those that another process has claimed, and those set `aside`.
pub(crate) async fn claim_due(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    aside: &[Uuid],
    limit: i64,
) -> sqlx::Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"
        SELECT reminders.user_id, reminder_id, message, time_of_day, days_of_week, reminders.time_zone, reminders.routine_id,
            enabled, skip_dates, next_due_time AS "due_time!", reminders.create_time, reminders.update_time,
            athletes.time_zone AS profile_zone, routines.name AS "routine_name?"
        FROM reminders
        INNER JOIN athletes USING (user_id)
        LEFT JOIN routines USING (routine_id)
        WHERE next_due_time <= $1
            AND reminder_id <> ALL($3)
        ORDER BY next_due_time
        LIMIT $2
        FOR NO KEY UPDATE OF reminders SKIP LOCKED
        "#,
        now,
        limit,
        aside,
    )
    .fetch_all(connection)
    .await?;
    let due = rows.into_iter().map(|row| Due {
        user_id: row.user_id,
        time: row.due_time,
        profile_zone: row.profile_zone.parse().unwrap_or(chrono_tz::UTC),
        routine_name: row.routine_name,
        reminder: Reminder::from(Row {
            reminder_id: row.reminder_id,
            message: row.message,
            time_of_day: row.time_of_day,
            days_of_week: row.days_of_week,
            time_zone: row.time_zone,
            routine_id: row.routine_id,
            enabled: row.enabled,
            skip_dates: row.skip_dates,
            next_due_time: Some(row.due_time),
            create_time: row.create_time,
            update_time: row.update_time,
        }),
    });
    Ok(due.collect())
}

/// Sets when a reminder comes next.
pub(crate) async fn set_next(
    connection: &mut PgConnection,
    reminder_id: Uuid,
    next_due_time: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE reminders
        SET next_due_time = $2
        WHERE reminder_id = $1
        "#,
        reminder_id,
        next_due_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}
