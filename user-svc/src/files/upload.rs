//! `UploadFile`: stores a picture while it arrives.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::picture::{Inspector, PictureError, PictureType};
use super::{File, FileError, FilePurpose, Files, MAX_FILE_BYTES};
use crate::store::files::Usage;
use crate::store::{doomed_objects, files};

/// How long an upload may take before its object is taken for lost. Far longer than any call.
const UPLOAD_GRACE: TimeDelta = TimeDelta::hours(1);

/// What is said of a picture before its bytes arrive.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// What it is for.
    pub purpose: FilePurpose,
    /// The name it has where it comes from; may be empty.
    pub file_name: String,
}

/// What was stored.
struct Stored {
    picture_type: PictureType,
    size_bytes: usize,
    sha256: [u8; 32],
}

impl Files {
    /// Stores the picture that `chunks` bring. It is a file when all of it is there and has turned out to be a picture.
    ///
    /// Chunks take as long as their sender likes, so nothing that others need is held while one is waited for: each step
    /// on the database has a connection of its own.
    pub async fn upload(
        &self,
        user_id: Uuid,
        new: NewFile,
        mut chunks: impl Stream<Item = Result<Bytes, FileError>> + Send + Unpin,
    ) -> Result<File, FileError> {
        // The name goes into a header of the download.
        if new.file_name.chars().any(|letter| letter.is_control() || "/\\".contains(letter)) {
            return Err(FileError::invalid("file_name", "must not hold slashes or control characters"));
        }
        self.check_any_room(user_id).await?;

        let mut inspector = Inspector::default();
        let Some(first) = chunks.next().await.transpose()? else { return Err(refuse(PictureError::Unknown)) };
        inspector.feed(&first).map_err(refuse)?;
        let file_id = Uuid::now_v7();
        let now = self.now();
        self.doom(file_id, now + UPLOAD_GRACE).await?;
        let stored = self.store(file_id, first, inspector, chunks).await?;

        let file = File {
            file_id,
            purpose: new.purpose,
            file_name: new.file_name,
            picture_type: stored.picture_type,
            size_bytes: i32::try_from(stored.size_bytes).expect("a file has at most MAX_FILE_BYTES"),
            sha256: stored.sha256,
            create_time: now,
        };
        self.keep(user_id, &file).await?;
        tracing::info!(%user_id, %file_id, bytes = file.size_bytes, "file stored");
        Ok(file)
    }

    async fn check_any_room(&self, user_id: Uuid) -> Result<(), FileError> {
        let mut connection = self.pool.acquire().await?;
        let usage = files::usage(&mut connection, user_id).await?;
        self.check_room(usage.ok_or(FileError::AccountGone)?, 1)
    }

    async fn doom(&self, file_id: Uuid, time: DateTime<Utc>) -> Result<(), FileError> {
        let mut connection = self.pool.acquire().await?;
        Ok(doomed_objects::add(&mut connection, file_id, time).await?)
    }

    async fn store(
        &self,
        file_id: Uuid,
        first: Bytes,
        mut inspector: Inspector,
        mut chunks: impl Stream<Item = Result<Bytes, FileError>> + Send + Unpin,
    ) -> Result<Stored, FileError> {
        let mut writer = self.objects.write(file_id);
        let mut hash = Sha256::new();
        let mut size_bytes = first.len();
        hash.update(&first);
        writer.write(first).await?;
        while let Some(chunk) = chunks.next().await.transpose()? {
            size_bytes += chunk.len();
            if size_bytes > MAX_FILE_BYTES {
                return Err(FileError::invalid("file", format!("must have at most {MAX_FILE_BYTES} bytes")));
            }
            inspector.feed(&chunk).map_err(refuse)?;
            hash.update(&chunk);
            writer.write(chunk).await?;
        }
        let picture_type = inspector.finish().map_err(refuse)?;
        writer.finish().await?;
        Ok(Stored { picture_type, size_bytes, sha256: hash.finalize().into() })
    }

    /// Makes the object a file of the account. Uploads of one account take turns here, so that none gets past the
    /// limits beside another.
    async fn keep(&self, user_id: Uuid, file: &File) -> Result<(), FileError> {
        let mut transaction = self.pool.begin().await?;
        if !files::lock_owner(&mut transaction, user_id).await? {
            return Err(FileError::AccountGone);
        }
        let usage = files::usage(&mut transaction, user_id).await?.ok_or(FileError::AccountGone)?;
        self.check_room(usage, u64::from(file.size_bytes.unsigned_abs()))?;
        // Given up for lost: it may be removed at any moment.
        if !doomed_objects::spare(&mut transaction, file.file_id).await? {
            return Err(FileError::Interrupted);
        }
        files::insert(&mut transaction, user_id, file).await?;
        transaction.commit().await?;
        Ok(())
    }

    fn check_room(&self, usage: Usage, size_bytes: u64) -> Result<(), FileError> {
        let limits = self.limits;
        if usage.files >= u64::from(limits.max_files) {
            let reason = format!("is one too many: an account keeps at most {} files", limits.max_files);
            return Err(FileError::invalid("file", reason));
        }
        if usage.bytes + size_bytes > limits.max_bytes {
            let reason =
                format!("is too much: the files of an account have at most {} bytes", limits.max_bytes);
            return Err(FileError::invalid("file", reason));
        }
        Ok(())
    }
}

fn refuse(error: PictureError) -> FileError {
    FileError::invalid("file", error.to_string())
}
