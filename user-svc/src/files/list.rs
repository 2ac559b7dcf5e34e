//! `ListFiles`: the pictures of an account, page by page.

use chassis::paging::{Listed, Page};
use uuid::Uuid;

use super::{File, FileError, Files};
use crate::store::files;

impl Files {
    /// Answers a page of the pictures of an account, newest first.
    pub async fn list(&self, user_id: Uuid, page: &Page<Uuid>) -> Result<Listed<File>, FileError> {
        let mut connection = self.pool.acquire().await?;
        let files = files::list(&mut connection, user_id, page.after, page.limit()).await?;
        Ok(page.cut(files, |file| file.file_id))
    }
}
