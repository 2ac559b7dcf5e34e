//! Everybody's notifications, for administrators.

use chassis::paging::{Listed, Page};
use uuid::Uuid;

use super::{NotificationError, Notifications};
use crate::ledger::history::{self, Entry, Filter};
use crate::notification::{State, Template};

/// Which notifications.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Whose.
    pub user_id: Option<Uuid>,
    /// In which state.
    pub state: Option<State>,
    /// Which mail; all if empty.
    pub template: String,
}

impl Notifications {
    /// Answers a page of all notifications that fit.
    pub async fn search(
        &self,
        search: &Search,
        page: &Page<Uuid>,
    ) -> Result<Listed<Entry>, NotificationError> {
        let filter = Filter {
            user_id: search.user_id,
            state: search.state.map(State::name),
            template: template(&search.template)?.map(Template::name),
        };
        let mut connection = self.pool.acquire().await?;
        let rows = history::search(&mut connection, &filter, page).await?;
        Ok(page.cut(rows, |entry| entry.notification_id))
    }
}

/// The mail that a filter names; none if it names none.
pub(super) fn template(name: &str) -> Result<Option<Template>, NotificationError> {
    if name.is_empty() {
        return Ok(None);
    }
    name.parse().map(Some).map_err(|_| NotificationError::invalid("template", "must be the name of a mail"))
}
