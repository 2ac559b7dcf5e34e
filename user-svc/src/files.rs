//! The use cases of files, one file each: pictures in a store of objects, described by rows.
//!
//! An object and its row cannot be written in one transaction. So the object comes first, under an id that nobody
//! knows yet, and is on the list of doomed objects until the transaction that adds the row takes it off. A row that
//! goes, by itself or with its account, puts its object on the list. The sweeper removes what is on it.

mod config;
mod delete;
mod download;
mod error;
mod leftovers;
mod list;
mod lost;
mod objects;
mod picture;
mod strays;
mod sweep;
mod upload;

use std::sync::Arc;

use chassis::time::Clock;
use chrono::{DateTime, SubsecRound as _, Utc};
use sqlx::PgPool;
use tokio::sync::Semaphore;

pub use self::config::{FileLimits, FileStore, FilesConfig};
pub use self::download::Download;
pub use self::error::FileError;
pub use self::objects::{ObjectError, Objects};
pub use self::upload::NewFile;
use crate::file::{File, FilePurpose};

/// The longest picture in bytes.
pub const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;

/// Keeps the pictures of accounts; cheap to clone.
#[derive(Clone)]
pub struct Files {
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where the bytes are.
    pub objects: Objects,
    /// How much an account may keep.
    pub limits: FileLimits,
    /// Turns at decoding a picture.
    pub decoding: Arc<Semaphore>,
}

impl Files {
    /// The time in the precision of the database, so that what is answered is what was stored.
    fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }
}
