//! What an upload leaves in the store beside its file: the bytes as they came, and everything if it fails.

use uuid::Uuid;

use super::{FileError, Files};
use crate::store::doomed_objects;

/// Objects of an upload that are to go. Dropped, as an upload is that fails or whose caller is gone, it removes them; what
/// a killed process leaves is on the list of doomed objects.
pub(super) struct Leftovers {
    files: Files,
    object_ids: Vec<Uuid>,
}

impl Leftovers {
    pub(super) fn new(files: &Files) -> Self {
        Self { files: files.clone(), object_ids: Vec::new() }
    }

    pub(super) fn add(&mut self, object_id: Uuid) {
        self.object_ids.push(object_id);
    }

    /// It has become a file.
    pub(super) fn spare(&mut self, object_id: Uuid) {
        self.object_ids.retain(|other| *other != object_id);
    }

    /// Removes them now.
    pub(super) async fn remove(mut self) {
        let object_ids = std::mem::take(&mut self.object_ids);
        self.files.remove_objects(&object_ids).await;
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        let object_ids = std::mem::take(&mut self.object_ids);
        if !object_ids.is_empty() {
            let files = self.files.clone();
            tokio::spawn(async move { files.remove_objects(&object_ids).await });
        }
    }
}

impl Files {
    /// Removes those of the objects that are on the list: one that is not has become a file, though its upload may not have
    /// heard of it. What cannot be removed now stays on the list.
    async fn remove_objects(&self, object_ids: &[Uuid]) {
        if let Err(error) = self.try_to_remove(object_ids).await {
            tracing::debug!(%error, "objects of an upload are removed later");
        }
    }

    async fn try_to_remove(&self, object_ids: &[Uuid]) -> Result<(), FileError> {
        let mut connection = self.pool.acquire().await?;
        let doomed = doomed_objects::hasten(&mut connection, object_ids).await?;
        drop(connection);
        for object_id in &doomed {
            self.objects.remove(*object_id).await?;
        }
        let mut connection = self.pool.acquire().await?;
        Ok(doomed_objects::forget(&mut connection, &doomed).await?)
    }
}
