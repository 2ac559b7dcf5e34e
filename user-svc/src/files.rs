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
use uuid::Uuid;

pub use self::config::{FileLimits, FileStore, FilesConfig};
pub use self::download::Download;
pub use self::error::FileError;
pub use self::objects::{ObjectError, Objects};
pub use self::picture::PictureType;
pub use self::upload::NewFile;

/// The longest picture in bytes.
pub const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;

/// A stored picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Identifier, a UUIDv7, and the name of the object.
    pub file_id: Uuid,
    /// What it is for.
    pub purpose: FilePurpose,
    /// The name it had where it came from.
    pub file_name: String,
    /// What its bytes are.
    pub picture_type: PictureType,
    /// Its length.
    pub size_bytes: i32,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// When it was stored.
    pub create_time: DateTime<Utc>,
}

/// What a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePurpose {
    /// It stands beside the name of its owner.
    Avatar,
    /// It shows how training goes.
    ProgressPhoto,
}

impl FilePurpose {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Avatar => "avatar",
            Self::ProgressPhoto => "progress_photo",
        }
    }

    /// The purpose of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Avatar, Self::ProgressPhoto].into_iter().find(|purpose| purpose.as_str() == name)
    }
}

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
