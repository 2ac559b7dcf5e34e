//! `DownloadFile`: a picture and its bytes.

use bytes::Bytes;
use futures::stream::BoxStream;
use uuid::Uuid;

use super::{File, FileError, Files};
use crate::store::files;

/// A picture on its way to its owner.
pub struct Download {
    /// What it is.
    pub file: File,
    /// Its bytes.
    pub chunks: BoxStream<'static, Result<Bytes, object_store::Error>>,
}

impl Files {
    /// Answers a file of the account.
    pub async fn download(&self, user_id: Uuid, file_id: Uuid) -> Result<Download, FileError> {
        let mut connection = self.pool.acquire().await?;
        let file = files::get(&mut connection, user_id, file_id).await?.ok_or(FileError::NotFound)?;
        drop(connection);
        if let Some(chunks) = self.objects.read(file_id).await? {
            return Ok(Download { file, chunks });
        }
        // It may have been deleted just now, and its object with it.
        let mut connection = self.pool.acquire().await?;
        files::get(&mut connection, user_id, file_id).await?.ok_or(FileError::NotFound)?;
        tracing::error!(%file_id, "a file has lost its object");
        Err(FileError::Lost)
    }
}
