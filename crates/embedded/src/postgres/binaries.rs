//! Where the machine keeps its PostgreSQL server.

use std::cmp::Reverse;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::PostgresError;

/// Folders with one sub-folder per installed version: the parent, the prefix of the sub-folder's name, and the way
/// from there to the programs.
const VERSIONED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// Folders that hold the programs themselves.
const PLAIN: [&str; 4] = ["/usr/bin", "/usr/local/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin"];

/// The folder with the server programs.
#[derive(Clone, Debug)]
pub(super) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// The first complete installation: PATH, `pg_config --bindir`, then the usual folders, newest version first.
    pub(super) fn find() -> Result<Self, PostgresError> {
        candidates()
            .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
            .map(|folder| Self { folder })
            .ok_or(PostgresError::NotInstalled)
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }
}

fn candidates() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path: Vec<PathBuf> = env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    in_path
        .into_iter()
        .chain(std::iter::once_with(configured).flatten())
        .chain(
            VERSIONED.into_iter().flat_map(|(parent, prefix, rest)| versions(parent.as_ref(), prefix, rest)),
        )
        .chain(PLAIN.into_iter().map(PathBuf::from))
}

/// The answer of `pg_config`, which Debian puts into PATH without the server.
fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    (!folder.trim().is_empty()).then(|| PathBuf::from(folder.trim()))
}

fn versions(parent: &Path, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let Ok(entries) = parent.read_dir() else {
        return Vec::new();
    };
    let mut found: Vec<(Vec<u32>, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = version(name.strip_prefix(prefix)?);
            Some((version, entry.path().join(rest)))
        })
        .collect();
    found.sort_by_key(|(version, _)| Reverse(version.clone()));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// The numbers in a version, so that 17 sorts above 9.6.
fn version(text: &str) -> Vec<u32> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["9.6", "17", "15", "readme"] {
            std::fs::create_dir(parent.path().join(name)).unwrap();
        }
        let names: Vec<_> = versions(parent.path(), "", "bin")
            .iter()
            .map(|path| path.strip_prefix(parent.path()).unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["17/bin", "15/bin", "9.6/bin", "readme/bin"]);
    }
}
