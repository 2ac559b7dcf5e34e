//! The folder that holds everything that outlives a run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::arguments::Arguments;

/// The data folder of this run; a temporary one goes away with it.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _temporary: Option<TempDir>,
}

impl DataDir {
    pub(crate) fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        if arguments.ephemeral {
            let temporary = tempfile::Builder::new().prefix("fitness-trainer-").tempdir()?;
            return Ok(Self { path: temporary.path().to_owned(), _temporary: Some(temporary) });
        }
        let path = &arguments.data_dir;
        fs::create_dir_all(path).with_context(|| {
            format!("cannot create {}; name another folder with --data-dir", path.display())
        })?;
        let path = path.canonicalize().with_context(|| format!("cannot enter {}", path.display()))?;
        Ok(Self { path, _temporary: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}
