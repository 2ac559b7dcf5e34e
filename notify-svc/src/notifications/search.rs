//! Everybody's notifications, for administrators.

use uuid::Uuid;

use super::{NotificationError, Notifications, page};
use crate::ledger::history::{self, Entry, Filter};
use crate::notification::{State, Template};
use crate::page::Paged;

/// Which notifications.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Whose.
    pub user_id: Option<Uuid>,
    /// In which state.
    pub state: Option<State>,
    /// Which mail; all if empty.
    pub template: String,
    /// Most of them.
    pub page_size: i32,
    /// Where to go on.
    pub page_token: String,
}

impl Notifications {
    /// Answers a page of all notifications that fit.
    pub async fn search(&self, search: &Search) -> Result<Paged<Entry>, NotificationError> {
        let page = page(search.page_size, &search.page_token)?;
        let filter = Filter {
            user_id: search.user_id,
            state: search.state.map(State::name),
            template: template(&search.template)?.map(Template::name),
        };
        let mut connection = self.pool.acquire().await?;
        let rows = history::search(&mut connection, &filter, &page).await?;
        Ok(page.of(rows, |entry| entry.notification_id))
    }
}

/// The mail that a filter names; none if it names none.
pub(super) fn template(name: &str) -> Result<Option<Template>, NotificationError> {
    if name.is_empty() {
        return Ok(None);
    }
    name.parse().map(Some).map_err(|_| NotificationError::invalid("template", "must be the name of a mail"))
}
