//! Reading the ledger: what became of notifications, and why.

use chassis::paging::Page;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A notification without what is in the mail.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The notification.
    pub notification_id: Uuid,
    /// Whom it is for.
    pub user_id: Uuid,
    /// Which mail.
    pub template: String,
    /// What it is about.
    pub category: String,
    /// Where it stands.
    pub state: String,
    /// The language it is written in.
    pub locale: String,
    /// Attempts so far.
    pub attempts: i32,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
    /// When it changed last.
    pub update_time: DateTime<Utc>,
    /// When it is tried next; `None` once it is final.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it is of no use any more.
    pub deliver_before: Option<DateTime<Utc>>,
    /// The event that caused it.
    pub event_id: Uuid,
    /// Its type.
    pub event_type: Option<String>,
    /// When that happened.
    pub event_time: DateTime<Utc>,
    /// Where the event was found.
    pub topic: Option<String>,
    /// In which partition.
    pub partition: Option<i32>,
    /// At which position.
    pub record_offset: Option<i64>,
    /// The trace of the event.
    pub traceparent: Option<String>,
}

/// One change of a notification.
#[derive(Clone, Debug)]
pub struct Change {
    /// The state it went to.
    pub state: String,
    /// Attempts up to then.
    pub attempt: i32,
    /// Reply code of the relay.
    pub reply_code: Option<i32>,
    /// What the relay said.
    pub reply_text: Option<String>,
    /// The reason in words.
    pub detail: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Which notifications; `None` is all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Whose.
    pub user_id: Option<Uuid>,
    /// In which state.
    pub state: Option<&'static str>,
    /// Which mail.
    pub template: Option<&'static str>,
}

/// Answers somebody's notifications, newest first, and one more than the page holds if there is one.
pub async fn of_user(
    connection: &mut PgConnection,
    user_id: Uuid,
    page: &Page<Uuid>,
) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as!(
        Entry,
        "SELECT notification_id, user_id, template, category, state, locale, attempts, create_time, update_time,
                next_attempt_at, deliver_before, event_id, event_type, event_time, topic, partition, record_offset,
                traceparent
         FROM notifications
         WHERE user_id = $1
           AND notification_id < $2
         ORDER BY notification_id DESC
         LIMIT $3",
        user_id,
        page.after.unwrap_or(Uuid::max()),
        page.limit(),
    )
    .fetch_all(connection)
    .await
}

/// Answers notifications of everybody in the same way.
pub async fn search(
    connection: &mut PgConnection,
    filter: &Filter,
    page: &Page<Uuid>,
) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as!(
        Entry,
        "SELECT notification_id, user_id, template, category, state, locale, attempts, create_time, update_time,
                next_attempt_at, deliver_before, event_id, event_type, event_time, topic, partition, record_offset,
                traceparent
         FROM notifications
         WHERE ($1::UUID IS NULL OR user_id = $1)
           AND ($2::TEXT IS NULL OR state = $2)
           AND ($3::TEXT IS NULL OR template = $3)
           AND notification_id < $4
         ORDER BY notification_id DESC
         LIMIT $5",
        filter.user_id,
        filter.state,
        filter.template,
        page.after.unwrap_or(Uuid::max()),
        page.limit(),
    )
    .fetch_all(connection)
    .await
}

/// Answers one notification.
pub async fn find(
    connection: &mut PgConnection,
    notification_id: Uuid,
) -> Result<Option<Entry>, sqlx::Error> {
    sqlx::query_as!(
        Entry,
        "SELECT notification_id, user_id, template, category, state, locale, attempts, create_time, update_time,
                next_attempt_at, deliver_before, event_id, event_type, event_time, topic, partition, record_offset,
                traceparent
         FROM notifications
         WHERE notification_id = $1",
        notification_id,
    )
    .fetch_optional(connection)
    .await
}

/// Answers one notification and keeps others from changing it until the transaction ends.
pub async fn lock(
    connection: &mut PgConnection,
    notification_id: Uuid,
) -> Result<Option<Entry>, sqlx::Error> {
    sqlx::query_as!(
        Entry,
        "SELECT notification_id, user_id, template, category, state, locale, attempts, create_time, update_time,
                next_attempt_at, deliver_before, event_id, event_type, event_time, topic, partition, record_offset,
                traceparent
         FROM notifications
         WHERE notification_id = $1
         FOR UPDATE",
        notification_id,
    )
    .fetch_optional(connection)
    .await
}

/// Answers the changes of a notification, oldest first.
pub async fn timeline(
    connection: &mut PgConnection,
    notification_id: Uuid,
) -> Result<Vec<Change>, sqlx::Error> {
    sqlx::query_as!(
        Change,
        "SELECT state, attempt, reply_code, reply_text, detail, at
         FROM notification_timeline
         WHERE notification_id = $1
         ORDER BY entry_id",
        notification_id,
    )
    .fetch_all(connection)
    .await
}
