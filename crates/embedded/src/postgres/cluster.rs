//! The cluster as its users see it: start, connect, stop.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::distr::{Alphanumeric, SampleString};
#[cfg(target_os = "linux")]
use rustix::process::Signal;

use super::PostgresError;
use super::account::Account;
use super::binaries::Binaries;
use super::database::{connect, create_database};
use super::server::{self, Launch, Server};
use crate::watchdog::{Signals, Watchdog};

const START_LIMIT: Duration = Duration::from_mins(1);
const CONNECT_LIMIT: Duration = Duration::from_secs(1);
const STOP_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
/// A fast shutdown, then an immediate one.
const SHUTDOWN: Signals = Signals { ask: "INT", insist: "QUIT" };
/// A free port can be taken by someone else before the server binds it.
const PORT_ATTEMPTS: usize = 5;

/// How a private cluster is run.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// The folder for the cluster's files. As root they may lie elsewhere: see [`Cluster::directory`].
    pub data_dir: PathBuf,
    /// The port to listen on; a free one if `None` or 0.
    pub port: Option<u16>,
    /// Whether commits survive a crash of the machine. Tests do without.
    pub durable: bool,
    /// Whether the files are removed when the cluster stops or its process ends.
    pub ephemeral: bool,
    /// The number of connections the server accepts.
    pub max_connections: u16,
}

impl ClusterConfig {
    /// A durable cluster in `data_dir` on a free port.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), port: None, durable: true, ephemeral: false, max_connections: 200 }
    }

    /// A cluster for one run: not durable, and removed afterwards.
    pub fn ephemeral(data_dir: impl Into<PathBuf>) -> Self {
        Self { durable: false, ephemeral: true, max_connections: 300, ..Self::new(data_dir) }
    }
}

/// A running private cluster. Dropped without [`Cluster::stop`], it is shut down by its watchdog.
#[derive(Debug)]
pub struct Cluster {
    directory: PathBuf,
    password: String,
    port: u16,
    server: Server,
    watchdog: Watchdog,
    /// Held for the life of the cluster; the kernel frees it when the process dies.
    _lock: File,
}

impl Cluster {
    /// Starts the cluster, creating it at the first start, and returns once it answers.
    pub async fn start(config: ClusterConfig) -> Result<Self, PostgresError> {
        let binaries = Binaries::find()?;
        let account = Account::choose()?;
        let directory = account.prepare_folder(&config.data_dir)?;
        let folder = |source| PostgresError::Folder { path: directory.clone(), source };

        let lock = lock(&directory)?;
        let data = directory.join("data");
        server::stop_orphan(&data, STOP_LIMIT).await.map_err(folder)?;
        let password = password(&directory.join("password"), account).map_err(folder)?;
        if !data.exists() {
            initialise(&binaries, account, &directory, &data, config.durable).await?;
        }

        let log = directory.join("server.log");
        server::rotate_log(&log).map_err(folder)?;
        let fixed = config.port.filter(|port| *port != 0);
        let mut attempt = 1;
        loop {
            let port = fixed.map_or_else(server::free_port, Ok).map_err(folder)?;
            let launch = Launch {
                binaries: &binaries,
                account,
                data: &data,
                log: &log,
                port,
                durable: config.durable,
                max_connections: config.max_connections,
            };
            let remove = config.ephemeral.then_some(directory.as_path());
            let (server, watchdog) = launch_guarded(&launch, remove)
                .map_err(|source| PostgresError::Run { program: binaries.postgres(), source })?;
            let mut cluster = Self {
                directory: directory.clone(),
                password: password.clone(),
                port,
                server,
                watchdog,
                _lock: lock.try_clone().map_err(folder)?,
            };
            let error = match cluster.ready(&log).await {
                Ok(()) => return Ok(cluster),
                Err(error) => error,
            };
            let PostgresError::Exited { log: reason, .. } = &error else {
                return Err(error);
            };
            if fixed.is_some() || attempt == PORT_ATTEMPTS || !reason.contains("Address already in use") {
                // With the server gone the watchdog has nothing left to stop; it may still have files to remove.
                let _ = cluster.watchdog.release();
                return Err(error);
            }
            attempt += 1;
            let _ = cluster.watchdog.release_keeping_files();
        }
    }

    /// The connection URL of one of the cluster's databases. It contains the password.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}?sslmode=disable", self.password, self.port)
    }

    /// The port the cluster listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the cluster's files are. This differs from the configured folder if the account the server runs as may
    /// not enter that one.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Creates an empty database unless it exists.
    pub async fn create_database(&self, name: &str) -> Result<(), PostgresError> {
        create_database(&self.url("postgres"), name).await
    }

    /// Stops every process of the server where it stands (SIGSTOP): connections stay open and are not answered.
    #[cfg(target_os = "linux")]
    pub fn freeze(&self) -> io::Result<()> {
        self.server.signal_all(Signal::STOP)
    }

    /// Lets a frozen server go on.
    #[cfg(target_os = "linux")]
    pub fn thaw(&self) -> io::Result<()> {
        self.server.signal_all(Signal::CONT)
    }

    /// Shuts the cluster down: open transactions are rolled back, and the process is gone afterwards.
    pub async fn stop(mut self) {
        self.server.stop(STOP_LIMIT).await;
        if let Err(error) = self.watchdog.release() {
            tracing::warn!(%error, "the watchdog of PostgreSQL had ended early");
        }
    }

    async fn ready(&mut self, log: &Path) -> Result<(), PostgresError> {
        let started = Instant::now();
        let url = self.url("postgres");
        while started.elapsed() < START_LIMIT {
            if let Some(status) = self.server.ended() {
                return Err(PostgresError::Exited { status: status.to_string(), log: tail(log) });
            }
            // The time limit is for a stranger on the same port, who may accept the connection and say nothing.
            if let Ok(Ok(connection)) = tokio::time::timeout(CONNECT_LIMIT, connect(&url)).await {
                drop(connection);
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        Err(PostgresError::NotReady { seconds: START_LIMIT.as_secs(), log: tail(log) })
    }
}

fn launch_guarded(launch: &Launch<'_>, remove: Option<&Path>) -> io::Result<(Server, Watchdog)> {
    // The watchdog comes first, so that the server is never without one for longer than one write takes.
    let mut watchdog = Watchdog::spawn(remove, SHUTDOWN)?;
    let server = Server::spawn(launch)?;
    watchdog.guard(server.id())?;
    Ok((server, watchdog))
}

fn lock(directory: &Path) -> Result<File, PostgresError> {
    let path = directory.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|source| PostgresError::Folder { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PostgresError::InUse { path: directory.to_owned() }),
        Err(TryLockError::Error(source)) => Err(PostgresError::Folder { path, source }),
    }
}

/// The superuser's password, made at the first start. Only the server's account can read the file.
fn password(path: &Path, account: Account) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(password) if !password.trim().is_empty() => Ok(password.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => {
            let password = Alphanumeric.sample_string(&mut rand::rng(), 32);
            fs::write(path, "")?;
            account.own(path, 0o600)?;
            fs::write(path, &password)?;
            Ok(password)
        }
    }
}

/// Runs `initdb` in a folder beside the final one, so that a cluster is either complete or absent.
async fn initialise(
    binaries: &Binaries,
    account: Account,
    directory: &Path,
    data: &Path,
    durable: bool,
) -> Result<(), PostgresError> {
    let folder = |source| PostgresError::Folder { path: data.to_owned(), source };
    let unfinished = directory.join("data.unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(folder)?;
    }
    let mut command = account.command(&binaries.initdb());
    command
        .args([
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ])
        .arg("--pwfile")
        .arg(directory.join("password"))
        .arg("-D")
        .arg(&unfinished)
        .current_dir(directory);
    if !durable {
        command.arg("--no-sync");
    }
    let output = tokio::process::Command::from(command)
        .output()
        .await
        .map_err(|source| PostgresError::Run { program: binaries.initdb(), source })?;
    if !output.status.success() {
        let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(PostgresError::Initialise { output });
    }
    fs::rename(&unfinished, data).map_err(folder)
}

fn tail(log: &Path) -> String {
    let content = fs::read(log).unwrap_or_default();
    let content = String::from_utf8_lossy(&content);
    let lines: Vec<&str> = content.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("; ")
}
