//! `UploadFile`: takes a picture in.
//!
//! The bytes are stored while they arrive, so that no slow sender fills the memory; then the picture is decoded, and what
//! is kept is written anew.

use bytes::Bytes;
use chassis::limits::Limit;
use chrono::TimeDelta;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::leftovers::Leftovers;
use super::picture::{self, Inspector, PictureError, Rewritten};
use super::{File, FileError, FilePurpose, Files, MAX_FILE_BYTES, ObjectError};
use crate::file::PictureType;
use crate::row_limits;
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

/// What has arrived, as it was sent.
struct Arrived {
    object_id: Uuid,
    picture_type: PictureType,
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
        let mut leftovers = Leftovers::new(self);
        let arrived = self.arrive(&mut leftovers, first, inspector, chunks).await?;
        let picture = self.rewrite(&arrived).await?;
        let file = File {
            file_id: Uuid::now_v7(),
            purpose: new.purpose,
            file_name: new.file_name,
            picture_type: picture.picture_type,
            size_bytes: i32::try_from(picture.bytes.len()).expect("a picture has at most MAX_FILE_BYTES"),
            sha256: Sha256::digest(&picture.bytes).into(),
            create_time: self.now(),
        };
        self.doom(&mut leftovers, file.file_id).await?;
        let mut writer = self.objects.write(file.file_id);
        writer.write(picture.bytes.into()).await?;
        writer.finish().await?;
        self.keep(user_id, &file).await?;
        leftovers.spare(file.file_id);
        leftovers.remove().await;
        tracing::info!(%user_id, file_id = %file.file_id, bytes = file.size_bytes, "file stored");
        Ok(file)
    }

    async fn check_any_room(&self, user_id: Uuid) -> Result<(), FileError> {
        let mut connection = self.pool.acquire().await?;
        let usage = files::usage(&mut connection, user_id).await?;
        self.check_room(usage.ok_or(FileError::AccountGone)?, 1)
    }

    /// Puts an object to be on the list, so that whatever breaks off from here on leaves nothing.
    async fn doom(&self, leftovers: &mut Leftovers, object_id: Uuid) -> Result<(), FileError> {
        let mut connection = self.pool.acquire().await?;
        doomed_objects::add(&mut connection, object_id, self.now() + UPLOAD_GRACE).await?;
        leftovers.add(object_id);
        Ok(())
    }

    /// Stores the bytes as they come; they are nobody's file and never leave the store.
    async fn arrive(
        &self,
        leftovers: &mut Leftovers,
        first: Bytes,
        mut inspector: Inspector,
        mut chunks: impl Stream<Item = Result<Bytes, FileError>> + Send + Unpin,
    ) -> Result<Arrived, FileError> {
        let object_id = Uuid::now_v7();
        self.doom(leftovers, object_id).await?;
        let mut writer = self.objects.write(object_id);
        let mut size_bytes = first.len();
        writer.write(first).await?;
        while let Some(chunk) = chunks.next().await.transpose()? {
            size_bytes += chunk.len();
            if size_bytes > MAX_FILE_BYTES {
                return Err(FileError::invalid("file", format!("must have at most {MAX_FILE_BYTES} bytes")));
            }
            inspector.feed(&chunk).map_err(refuse)?;
            writer.write(chunk).await?;
        }
        let picture_type = inspector.finish().map_err(refuse)?;
        writer.finish().await?;
        Ok(Arrived { object_id, picture_type })
    }

    /// Decodes what arrived and writes it anew. Pictures take turns: decoded, each is a large part of the memory that
    /// there is. All of it is here by now, so nobody waits for a client.
    async fn rewrite(&self, arrived: &Arrived) -> Result<Rewritten, FileError> {
        let _turn = self.decoding.acquire().await.expect("nobody closes the semaphore");
        let chunks = self.objects.read(arrived.object_id).await?.ok_or(FileError::Interrupted)?;
        let bytes: Vec<Bytes> = chunks.try_collect().await.map_err(ObjectError::from)?;
        let (bytes, picture_type) = (bytes.concat(), arrived.picture_type);
        // A decoder that panics has met a picture that is none.
        let rewriting = tokio::task::spawn_blocking(move || picture::rewrite(&bytes, picture_type));
        rewriting.await.unwrap_or(Err(PictureError::Broken)).map_err(refuse)
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
        let most_files = Limit { most: u64::from(self.limits.max_files), ..row_limits::FILES };
        most_files.check(usage.files.cast_signed(), 1)?;
        let most_bytes = Limit { most: self.limits.max_bytes, ..row_limits::FILE_BYTES };
        Ok(most_bytes.check(usage.bytes.cast_signed(), size_bytes)?)
    }
}

fn refuse(error: PictureError) -> FileError {
    FileError::invalid("file", error.to_string())
}
