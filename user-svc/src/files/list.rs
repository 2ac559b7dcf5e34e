//! `ListFiles`: the pictures of an account, page by page.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::{File, FileError, Files};
use crate::store::files;

const DEFAULT_PAGE_SIZE: i64 = 50;

/// A page of pictures.
#[derive(Debug)]
pub struct FilePage {
    /// The pictures, newest first.
    pub files: Vec<File>,
    /// Asks for the next page; empty on the last.
    pub next_page_token: String,
}

impl Files {
    /// Answers the page after `page_token`, which is empty for the first. A page size of 0 is the default.
    pub async fn list(&self, user_id: Uuid, page_size: u32, page_token: &str) -> Result<FilePage, FileError> {
        let before = match page_token {
            "" => None,
            token => Some(last_of(token).ok_or_else(|| {
                FileError::invalid("page_token", "must be the next_page_token of an earlier page")
            })?),
        };
        let page_size = if page_size == 0 { DEFAULT_PAGE_SIZE } else { i64::from(page_size) };
        let mut connection = self.pool.acquire().await?;
        // One more than asked for tells whether there is another page.
        let mut files = files::list(&mut connection, user_id, before, page_size + 1).await?;
        let mut next_page_token = String::new();
        if files.len() as i64 > page_size {
            files.truncate(page_size as usize);
            if let Some(last) = files.last() {
                next_page_token = BASE64_URL_SAFE_NO_PAD.encode(last.file_id);
            }
        }
        Ok(FilePage { files, next_page_token })
    }
}

fn last_of(page_token: &str) -> Option<Uuid> {
    Uuid::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(page_token).ok()?).ok()
}
