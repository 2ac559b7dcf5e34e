//! A picture as its owner sees it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

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

/// A format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureType {
    /// ISO/IEC 10918.
    Jpeg,
    /// ISO/IEC 15948.
    Png,
    /// RFC 9649.
    WebP,
}

impl PictureType {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }

    /// The format of that media type.
    pub fn from_media_type(name: &str) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::WebP].into_iter().find(|format| format.media_type() == name)
    }
}
