//! A private PostgreSQL cluster, run as a child process from the binaries of the machine.
//!
//! The cluster listens on 127.0.0.1 only, with a random password kept beside its data. Three things make it safe to
//! run without anyone looking after it:
//!
//! - A lock file in the cluster's folder is held as long as this process lives, so two processes never share a
//!   cluster, and a server found running while the lock is free must be the orphan of a killed process: it is stopped
//!   before a new one starts.
//! - A watchdog process notices the death of this process, however it dies, and shuts the server down.
//! - Both live in process groups of their own: Ctrl-C in the terminal reaches this process alone, which can drain
//!   before it stops its database.

mod account;
mod binaries;
mod cluster;
mod database;
mod server;
mod testing;

use std::io;
use std::path::PathBuf;

pub use cluster::{Cluster, ClusterConfig};
pub use database::{create_database, drop_database};
pub use testing::{for_tests, fresh_database};

/// Why a private cluster or one of its databases is not available.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The machine has no PostgreSQL server binaries in the usual places.
    #[error(
        "no PostgreSQL server found (initdb and postgres, in PATH or the usual folders); install it with \
         `apt-get install postgresql`, `dnf install postgresql-server` or `brew install postgresql`, \
         or set DATABASE_URL to a running server"
    )]
    NotInstalled,
    /// PostgreSQL refuses to run as root and no other account could be found.
    #[error(
        "PostgreSQL does not run as root and there is neither a user `postgres` nor `nobody` to run it as"
    )]
    NoAccount,
    /// The files of the cluster cannot be kept there.
    #[error("cannot use {path} for the PostgreSQL cluster")]
    Folder {
        /// The file or folder in question.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// Another process works on the same cluster.
    #[error("the PostgreSQL cluster in {path} is in use by another process")]
    InUse {
        /// The folder of the cluster.
        path: PathBuf,
    },
    /// A program could not be run.
    #[error("cannot run {program}")]
    Run {
        /// The program.
        program: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// `initdb` failed.
    #[error("initdb failed: {output}")]
    Initialise {
        /// What it printed.
        output: String,
    },
    /// The server ended while it was starting.
    #[error("the PostgreSQL server did not start ({status}): {log}")]
    Exited {
        /// Its exit status.
        status: String,
        /// The last lines of its log.
        log: String,
    },
    /// The server did not answer in time.
    #[error("the PostgreSQL server is not ready after {seconds} s: {log}")]
    NotReady {
        /// How long it was given.
        seconds: u64,
        /// The last lines of its log.
        log: String,
    },
    /// A statement or a connection failed.
    #[error("PostgreSQL refused a request")]
    Database(#[from] sqlx::Error),
}
