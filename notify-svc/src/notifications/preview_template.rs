//! An administrator looks at a mail.

use super::{NotificationError, Notifications};
use crate::render::{Content, Locale};

impl Notifications {
    /// Writes the sample of a mail in the language that fits the tag best.
    pub fn preview_template(&self, name: &str, locale: &str) -> Result<Content, NotificationError> {
        let template = name.parse().map_err(|_| NotificationError::NotFound)?;
        Ok(self.renderer.preview(template, Locale::negotiate(locale))?)
    }
}
