//! The jars on this machine and the Java that runs them.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// Where `deploy/kafka/provide` puts what it fetched.
const PROVIDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/kafka/current");
/// Begins the name of the jar that has the version in its name; Scala's version stands in front of it.
const CORE_JAR: &str = "kafka_2.13-";

#[derive(Debug)]
pub(super) struct Installation {
    home: PathBuf,
    pub(super) version: String,
}

impl Installation {
    pub(super) fn find() -> Result<Self, Error> {
        let home = env::var_os("KAFKA_HOME").filter(|home| !home.is_empty());
        let home = home.map_or_else(|| PathBuf::from(PROVIDED), PathBuf::from);
        match version(&home.join("libs")) {
            Some(version) => Ok(Self { home, version }),
            None => Err(Error::NotInstalled { path: home }),
        }
    }

    /// A virtual machine that starts fast rather than runs fast: tests start it more often than they tire it.
    pub(super) fn java(&self, heap_mib: u16) -> Command {
        let mut command = Command::new(program());
        command.arg(format!("-Xmx{heap_mib}m")).args([
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
        ]);
        // Classes as they lie in memory, kept by `provide`: half the time of a start. Java ignores what does not fit it.
        let archive = self.home.join("classes.jsa");
        if archive.exists() {
            let mut option = OsString::from("-XX:SharedArchiveFile=");
            option.push(archive);
            command.arg(option);
        }
        command.arg("-cp").arg(self.home.join("libs").join("*"));
        command
    }
}

/// The program that [`Installation::java`] runs.
pub(super) fn program() -> PathBuf {
    match env::var_os("JAVA_HOME").filter(|home| !home.is_empty()) {
        Some(home) => PathBuf::from(home).join("bin/java"),
        None => PathBuf::from("java"),
    }
}

fn version(libs: &Path) -> Option<String> {
    fs::read_dir(libs).ok()?.flatten().find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        Some(name.strip_prefix(CORE_JAR)?.strip_suffix(".jar")?.to_owned())
    })
}
