//! `DeleteFile`: removes a picture for good.

use chassis::lifecycle::chain;
use uuid::Uuid;

use super::{FileError, Files};
use crate::store::{doomed_objects, files};

impl Files {
    /// Deletes a file of the account, row and object.
    ///
    /// The row decides: once it is gone so is the file, and an object that cannot be removed now is left to the sweeper.
    pub async fn delete(&self, user_id: Uuid, file_id: Uuid) -> Result<(), FileError> {
        let mut connection = self.pool.acquire().await?;
        if !files::delete(&mut connection, user_id, file_id).await? {
            return Err(FileError::NotFound);
        }
        match self.objects.remove(file_id).await {
            Ok(()) => doomed_objects::forget(&mut connection, &[file_id]).await?,
            Err(error) => tracing::warn!(%file_id, error = %chain(&error), "an object is removed later"),
        }
        tracing::info!(%user_id, %file_id, "file deleted");
        Ok(())
    }
}
