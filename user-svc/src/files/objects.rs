//! The bytes of pictures, in a folder or in an S3-compatible store.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig,
};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::config::FileStore;

/// What is written at once. S3 takes no smaller parts than this but the last.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// A call waits for these bytes, so a store that is away is given up soon.
const RETRY_TIMEOUT: Duration = Duration::from_secs(3);

/// The store of objects failed, or does not have the object.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ObjectError(#[from] object_store::Error);

/// A store of objects that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenObjectsError {
    /// The folder is not there and cannot be made.
    #[error("the folder {} cannot be used; set FILES_DIR to another one", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The settings do not make a store.
    #[error("the settings FILES_… do not fit together")]
    Settings(#[source] object_store::Error),
}

/// A store of objects, named by the ids of files; cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The folder, where that is the store.
    folder: Option<PathBuf>,
}

impl Objects {
    /// Opens the store. A folder is made if it is missing; a bucket need not answer yet.
    pub fn open(store: &FileStore) -> Result<Self, OpenObjectsError> {
        match store {
            FileStore::Folder(folder) => {
                let failed = |source| OpenObjectsError::Folder { folder: folder.clone(), source };
                std::fs::create_dir_all(folder).map_err(failed)?;
                let local = LocalFileSystem::new_with_prefix(folder).map_err(OpenObjectsError::Settings)?;
                let store = Arc::new(local.with_fsync(true));
                Ok(Self { store, prefix: Path::default(), folder: Some(folder.clone()) })
            }
            FileStore::S3 { url, endpoint, region, access_key_id, secret_access_key } => {
                let mut builder = AmazonS3Builder::new()
                    .with_url(url)
                    .with_region(region)
                    .with_retry(RetryConfig {
                        max_retries: 3,
                        retry_timeout: RETRY_TIMEOUT,
                        ..RetryConfig::default()
                    })
                    .with_client_options(
                        ClientOptions::new()
                            .with_connect_timeout(Duration::from_secs(2))
                            .with_timeout(Duration::from_secs(20)),
                    );
                if let Some(endpoint) = endpoint {
                    builder = builder.with_endpoint(endpoint).with_allow_http(true);
                }
                if let (Some(id), Some(secret)) = (access_key_id, secret_access_key) {
                    builder = builder
                        .with_access_key_id(id.expose_secret())
                        .with_secret_access_key(secret.expose_secret());
                }
                let store = Arc::new(builder.build().map_err(OpenObjectsError::Settings)?);
                let prefix = url.trim_start_matches("s3://").split_once('/').map_or("", |(_, folder)| folder);
                Ok(Self { store, prefix: Path::from(prefix), folder: None })
            }
        }
    }

    /// Begins an object. It exists from [`ObjectWriter::finish`] on.
    pub(crate) fn write(&self, file_id: Uuid) -> ObjectWriter {
        let (store, path) = (Arc::clone(&self.store), self.path(file_id));
        ObjectWriter { store, path, buffer: Vec::new(), buffered: 0, parts: None }
    }

    /// Answers the bytes of an object, nothing if there is none.
    pub(crate) async fn read(
        &self,
        file_id: Uuid,
    ) -> Result<Option<BoxStream<'static, Result<Bytes, object_store::Error>>>, ObjectError> {
        match self.store.get(&self.path(file_id)).await {
            Ok(object) => Ok(Some(object.into_stream())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Answers the length of an object, nothing if there is none.
    pub(crate) async fn size(&self, file_id: Uuid) -> Result<Option<u64>, ObjectError> {
        match self.store.head(&self.path(file_id)).await {
            Ok(object) => Ok(Some(object.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an object and what is left of one that was never finished. One that is gone already is no error.
    pub(crate) async fn remove(&self, file_id: Uuid) -> Result<(), ObjectError> {
        if let Some(folder) = &self.folder {
            // Objects are written beside their place and moved there; a killed process leaves the first of the two.
            let _ = tokio::fs::remove_file(folder.join(format!("{file_id}#1"))).await;
        }
        match self.store.delete(&self.path(file_id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The ids of all objects.
    pub(crate) fn ids(&self) -> BoxStream<'static, Result<Uuid, object_store::Error>> {
        self.sizes().map_ok(|(id, _)| id).boxed()
    }

    /// The ids of all objects with their lengths. What is there under another name was not put there by us.
    pub(crate) fn sizes(&self) -> BoxStream<'static, Result<(Uuid, u64), object_store::Error>> {
        let prefix = (!self.prefix.as_ref().is_empty()).then_some(&self.prefix);
        let objects = self.store.list(prefix);
        objects
            .try_filter_map(|object| async move {
                let id = object.location.filename().and_then(|name| name.parse().ok());
                Ok(id.map(|id| (id, object.size)))
            })
            .boxed()
    }

    fn path(&self, file_id: Uuid) -> Path {
        self.prefix.clone().join(file_id.to_string())
    }
}

/// An object being written. Dropped before its end, it leaves nothing behind.
pub(crate) struct ObjectWriter {
    store: Arc<dyn ObjectStore>,
    path: Path,
    buffer: Vec<Bytes>,
    buffered: usize,
    /// Small objects are written at once and need no parts.
    parts: Option<Box<dyn MultipartUpload>>,
}

impl ObjectWriter {
    /// Adds bytes; every few MiB are sent on.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        self.buffered += bytes.len();
        self.buffer.push(bytes);
        if self.buffered >= PART_BYTES {
            if self.parts.is_none() {
                self.parts = Some(self.store.put_multipart(&self.path).await?);
            }
            let part = self.take_buffer();
            if let Some(parts) = &mut self.parts {
                parts.put_part(part).await?;
            }
        }
        Ok(())
    }

    /// Ends the object.
    pub(crate) async fn finish(mut self) -> Result<(), ObjectError> {
        let rest = self.take_buffer();
        match &mut self.parts {
            None => {
                self.store.put(&self.path, rest).await?;
            }
            Some(parts) => {
                if rest.content_length() > 0 {
                    parts.put_part(rest).await?;
                }
                parts.complete().await?;
                self.parts = None;
            }
        }
        Ok(())
    }

    fn take_buffer(&mut self) -> PutPayload {
        self.buffered = 0;
        std::mem::take(&mut self.buffer).into_iter().collect()
    }
}

impl Drop for ObjectWriter {
    fn drop(&mut self) {
        if let Some(mut parts) = self.parts.take() {
            // Whoever uploads may be gone in the middle of a call, and with them the call.
            tokio::spawn(async move {
                if let Err(error) = parts.abort().await {
                    tracing::debug!(%error, "the parts of an unfinished object are left to the store");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests;
