//! What processes print: kept in a folder under `target` while a test runs, and after it if it failed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a person who reads the log of a failed test does not need.
const NOISE: [&str; 7] = [
    "TRACE",
    "tower::",
    "sqlx::",
    "tonic::",
    "opentelemetry_sdk:",
    // Requests, one line each.
    " http.server{",
    " rpc.server{",
];
const TAIL_LINES: usize = 60;

/// The last lines that a person might need.
pub(super) fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().filter(|line| !NOISE.iter().any(|noise| line.contains(noise))).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// A folder for the logs of one system.
pub(super) struct Logs(PathBuf);

impl Logs {
    pub(super) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let run = format!("{}-{}", env!("CARGO_CRATE_NAME"), std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("logs").join(run).join(number.to_string());
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// The file of a process.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.log"))
    }

    /// Everything printed so far, process by process.
    pub(super) fn text(&self) -> String {
        self.files().iter().map(|path| fs::read_to_string(path).unwrap_or_default()).collect()
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
            return;
        }
        for path in self.files() {
            let log = fs::read_to_string(&path).unwrap_or_default();
            eprintln!("the end of {}:\n{}\n", path.display(), tail(&log));
        }
    }
}
