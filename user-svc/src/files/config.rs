//! Settings of files.

use std::path::PathBuf;

use chassis::config::{Settings, WebUrl};
use secrecy::SecretString;

/// Where pictures are kept and how many.
#[derive(Clone, Debug)]
pub struct FilesConfig {
    /// Where the bytes go.
    pub store: FileStore,
    /// How much an account may keep.
    pub limits: FileLimits,
}

/// A store of objects.
#[derive(Clone, Debug)]
pub enum FileStore {
    /// A folder, made if it is missing. Replicas have to share it.
    Folder(PathBuf),
    /// A bucket of S3 or of a store that speaks like it.
    S3 {
        /// `s3://bucket` or `s3://bucket/folder`.
        url: String,
        /// The store, where it is not Amazon's.
        endpoint: Option<String>,
        /// The region of the bucket.
        region: String,
        /// Who asks.
        access_key_id: Option<SecretString>,
        /// The proof of it.
        secret_access_key: Option<SecretString>,
    },
}

/// How much an account may keep.
#[derive(Clone, Copy, Debug)]
pub struct FileLimits {
    /// Most pictures.
    pub max_files: u32,
    /// Most bytes in all of them.
    pub max_bytes: u64,
}

impl FilesConfig {
    /// Reads the settings.
    pub fn from_settings(settings: &mut Settings) -> Self {
        let url: Option<String> = settings.optional(
            "FILES_URL",
            "S3-compatible bucket for pictures, as s3://bucket/folder; FILES_DIR if not set.",
        );
        let folder =
            settings.value("FILES_DIR", "Folder for pictures; replicas have to share it.", ".data/files");
        let endpoint: Option<WebUrl> = settings
            .optional("FILES_S3_ENDPOINT", "URL of the S3-compatible store; Amazon's by region if not set.");
        let endpoint = endpoint.map(|endpoint| endpoint.as_str().to_owned());
        let region = settings.value("FILES_S3_REGION", "Region of the bucket.", "us-east-1");
        let access_key_id = settings.optional_secret("FILES_S3_ACCESS_KEY_ID", "Access key of the bucket.");
        let secret_access_key =
            settings.optional_secret("FILES_S3_SECRET_ACCESS_KEY", "Secret of the access key.");
        let store = match url {
            None => FileStore::Folder(folder),
            Some(url) => {
                if !url.starts_with("s3://") {
                    settings.problem("FILES_URL: it has to look like s3://bucket/folder");
                }
                FileStore::S3 { url, endpoint, region, access_key_id, secret_access_key }
            }
        };
        let limits = FileLimits {
            max_files: settings.number(
                "FILES_MAX_PER_ACCOUNT",
                "Most pictures of an account.",
                200,
                0..=1_000_000,
            ),
            max_bytes: settings.number(
                "FILES_MAX_BYTES_PER_ACCOUNT",
                "Most bytes in all pictures of an account.",
                524_288_000,
                0..=1_099_511_627_776,
            ),
        };
        Self { store, limits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row_limits::{FILE_BYTES, FILES};

    #[test]
    fn the_endpoint_of_the_store_is_a_web_address() {
        for url in [
            "javascript:alert(1)",
            "ftp://s3.example.org",
            "s3.example.org",
            "https://me:hunter2@s3.example.org",
        ] {
            let mut settings =
                Settings::from_pairs([("FILES_URL", "s3://pictures"), ("FILES_S3_ENDPOINT", url)]);
            FilesConfig::from_settings(&mut settings);
            let problems = settings.finish().unwrap_err().to_string();
            assert!(problems.contains("FILES_S3_ENDPOINT: ") && !problems.contains("hunter2"), "{problems}");
        }
    }

    #[test]
    fn the_settings_begin_with_the_limits_of_an_account() {
        let mut settings = Settings::from_pairs::<String, String>([]);
        let limits = FilesConfig::from_settings(&mut settings).limits;
        assert_eq!((u64::from(limits.max_files), limits.max_bytes), (FILES.most, FILE_BYTES.most));
    }
}
