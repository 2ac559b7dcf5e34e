//! A real Apache Kafka broker, run as a child process, for the tests that a broker of our own cannot stand in for.
//!
//! One node in `KRaft` mode is broker and controller at once; it listens on 127.0.0.1 only and never creates a topic
//! unasked. `deploy/kafka/provide` brings its jars to `target/kafka`; `KAFKA_HOME` names another installation. The
//! broker survives [`ApacheKafka::kill`] and [`ApacheKafka::stop`] with its data and its port, and it never survives this
//! process: a watchdog notices the death of it, however it dies.

mod installation;
mod metadata;
mod process;
mod properties;
mod server;

use std::io;
use std::path::PathBuf;

pub use server::ApacheKafka;

/// How a broker is run.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder for data, settings and log; a temporary one, removed in the end, if `None`.
    pub data_dir: Option<PathBuf>,
    /// The port to listen on; a free one if 0.
    pub port: u16,
    /// The most memory for its heap, in MiB.
    pub heap_mib: u16,
    /// Settings of `server.properties`; they win over the ones of this module.
    pub properties: Vec<(String, String)>,
    /// Further listeners that ask for more than the plain one.
    pub secured: Option<Secured>,
}

impl Default for Config {
    fn default() -> Self {
        Self { data_dir: None, port: 0, heap_mib: 384, properties: Vec::new(), secured: None }
    }
}

/// What the secured listeners need.
#[derive(Clone, Debug)]
pub struct Secured {
    /// A PEM file with the broker's private key (PKCS #8) and its certificates.
    pub key_store: PathBuf,
    /// Names and passwords of those who may sign in, by PLAIN or SCRAM. They show in the list of processes.
    pub users: Vec<(String, String)>,
}

/// A secured listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// TLS; anyone may connect.
    Ssl,
    /// A user and a password in the clear.
    SaslPlaintext,
    /// A user and a password under TLS.
    SaslSsl,
}

/// Why a broker is not available.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are no jars of Apache Kafka.
    #[error(
        "Apache Kafka is not in {path}; `make test-real` or deploy/kafka/provide fetches it, and KAFKA_HOME names \
         an installation of your own"
    )]
    NotInstalled {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A program could not be run.
    #[error("cannot run {program}; Apache Kafka needs Java 17 (in JAVA_HOME or PATH)")]
    Run {
        /// The program.
        program: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The files of the broker cannot be kept there.
    #[error("cannot use {path} for Apache Kafka")]
    Folder {
        /// The file or folder in question.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The storage could not be formatted.
    #[error("the storage of Apache Kafka could not be formatted: {output}")]
    Format {
        /// What was printed.
        output: String,
    },
    /// The broker ended while it was starting.
    #[error("Apache Kafka did not start ({status}):\n{log}")]
    Exited {
        /// Its exit status.
        status: String,
        /// The last lines of its log.
        log: String,
    },
    /// The broker did not answer in time.
    #[error("Apache Kafka is not ready after {seconds} s:\n{log}")]
    NotReady {
        /// How long it was given.
        seconds: u64,
        /// The last lines of its log.
        log: String,
    },
    /// The broker is not running.
    #[error("Apache Kafka is not running")]
    NotRunning,
    /// The broker could not be sent a signal.
    #[error("Apache Kafka cannot be paused or resumed")]
    Signal(#[source] io::Error),
}
