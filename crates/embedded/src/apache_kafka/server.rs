//! The broker as its users see it: start, stop, kill, pause, and start again where it was.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{io, iter};

use rustix::process::Signal;
use tempfile::TempDir;

use super::installation::{self, Installation};
use super::metadata::known_brokers;
use super::process::Process;
use super::properties::{self, Ports};
use super::{Config, Error, Listener};

const START_LIMIT: Duration = Duration::from_mins(1);
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(20);
const TOOL_HEAP_MIB: u16 = 128;
/// A free port can be taken by someone else before the broker binds it.
const PORT_ATTEMPTS: usize = 5;
/// Any cluster has an id, 16 bytes in base64; nothing here tells clusters apart by it.
const CLUSTER_ID: &str = "Zml0bmVzcy10cmFpbmVyIQ";

/// A broker. Dropped, it is killed, and its temporary folder is removed.
#[derive(Debug)]
pub struct ApacheKafka {
    installation: Installation,
    config: Config,
    ports: Ports,
    folder: PathBuf,
    process: Option<Process>,
    /// Last, so that the process is gone when the folder goes.
    temporary: Option<TempDir>,
}

impl ApacheKafka {
    /// Starts a broker and returns once it answers clients. Data that lies in the folder is taken up.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let installation = Installation::find()?;
        let (folder, temporary) = folder(config.data_dir.as_deref())?;
        let mut attempt = 1;
        let ports =
            free_ports(config.port).map_err(|source| Error::Folder { path: folder.clone(), source })?;
        let mut broker = Self { installation, config, ports, folder, process: None, temporary };
        loop {
            let error = match broker.start_again().await {
                Ok(()) => return Ok(broker),
                Err(error) => error,
            };
            let taken = matches!(&error, Error::Exited { log, .. } if log.contains("Address already in use"));
            if !taken || broker.config.port != 0 || attempt == PORT_ATTEMPTS {
                return Err(error);
            }
            attempt += 1;
            broker.ports = free_ports(0).map_err(broker.folder_error())?;
        }
    }

    /// The address of the plain listener; it stays the same over all starts.
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.plain))
    }

    /// The address of a secured listener, which answers only if [`Config::secured`] is set.
    pub fn secured_addr(&self, listener: Listener) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.of(listener)))
    }

    /// The version of Apache Kafka.
    pub fn version(&self) -> &str {
        &self.installation.version
    }

    /// One of Kafka's own commands, by its class: `org.apache.kafka.tools.TopicCommand` is what `kafka-topics.sh` runs.
    pub fn command(&self, class: &str) -> std::process::Command {
        let mut command = self.installation.java(TOOL_HEAP_MIB);
        command.arg(class);
        command
    }

    /// The folder with the data, `server.properties` and `server.log`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Shuts the broker down in order (SIGTERM); it is gone on return.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Kills the broker (SIGKILL); it is gone on return.
    #[allow(clippy::unused_async, reason = "reads like its counterpart, `stop`")]
    pub async fn kill(&mut self) {
        self.process = None;
    }

    /// Suspends the broker (SIGSTOP): its connections stay open and say nothing.
    pub fn pause(&self) -> Result<(), Error> {
        self.signal(Signal::STOP)
    }

    /// Lets a paused broker go on (SIGCONT).
    pub fn resume(&self) -> Result<(), Error> {
        self.signal(Signal::CONT)
    }

    /// Starts the broker with the same data on the same ports, after [`stop`](Self::stop) or [`kill`](Self::kill), and
    /// returns once it answers. A broker that runs is left alone.
    pub async fn start_again(&mut self) -> Result<(), Error> {
        if self.process.is_some() {
            return Ok(());
        }
        let data = self.folder.join("data");
        let settings = self.folder.join("server.properties");
        let logging = self.folder.join("log4j2.properties");
        fs::write(&settings, properties::render(&self.config, &self.ports, &data))
            .map_err(self.folder_error())?;
        fs::write(&logging, properties::LOGGING).map_err(self.folder_error())?;
        if !data.join("meta.properties").exists() {
            self.format(&settings).await?;
        }
        let mut command = self.installation.java(self.config.heap_mib);
        command
            .arg(format!("-Dlog4j2.configurationFile={}", logging.display()))
            .arg("kafka.Kafka")
            .arg(&settings);
        let remove = self.temporary.as_ref().map(TempDir::path);
        let mut process = Process::spawn(command, &self.log(), remove).map_err(not_run)?;
        self.ready(&mut process).await?;
        self.process = Some(process);
        Ok(())
    }

    /// Formats as an operator would, in a process of its own, so that the cluster has all features of its version.
    async fn format(&self, settings: &Path) -> Result<(), Error> {
        let mut command = self.installation.java(self.config.heap_mib);
        command
            .args(["kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID, "--config"])
            .arg(settings)
            .args(properties::scram_options(&self.config));
        let output = tokio::process::Command::from(command).output().await.map_err(not_run)?;
        if output.status.success() {
            return Ok(());
        }
        let output = [output.stdout, output.stderr].concat();
        Err(Error::Format { output: String::from_utf8_lossy(&output).trim().to_owned() })
    }

    async fn ready(&self, process: &mut Process) -> Result<(), Error> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if let Some(status) = process.ended() {
                return Err(Error::Exited { status: status.to_string(), log: tail(&self.log()) });
            }
            // The time limit is for a stranger on the same port, who may accept the connection and say nothing.
            if let Ok(Ok(1..)) = tokio::time::timeout(ANSWER_LIMIT, known_brokers(self.addr())).await
                && self.secured_listen().await
            {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        Err(Error::NotReady { seconds: START_LIMIT.as_secs(), log: tail(&self.log()) })
    }

    /// Whether the secured listeners, if it has any, are open: they open one after the other.
    async fn secured_listen(&self) -> bool {
        if self.config.secured.is_none() {
            return true;
        }
        for listener in [Listener::Ssl, Listener::SaslPlaintext, Listener::SaslSsl] {
            if tokio::net::TcpStream::connect(self.secured_addr(listener)).await.is_err() {
                return false;
            }
        }
        true
    }

    fn signal(&self, signal: Signal) -> Result<(), Error> {
        self.process.as_ref().ok_or(Error::NotRunning)?.signal(signal).map_err(Error::Signal)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    fn folder_error(&self) -> impl FnOnce(io::Error) -> Error {
        let path = self.folder.clone();
        |source| Error::Folder { path, source }
    }
}

fn not_run(source: io::Error) -> Error {
    Error::Run { program: installation::program(), source }
}

fn folder(wanted: Option<&Path>) -> Result<(PathBuf, Option<TempDir>), Error> {
    let Some(path) = wanted else {
        let temporary = tempfile::Builder::new().prefix("fitness-trainer-kafka-").tempdir();
        let temporary = temporary.map_err(|source| Error::Folder { path: std::env::temp_dir(), source })?;
        return Ok((temporary.path().to_owned(), Some(temporary)));
    };
    let fail = |source| Error::Folder { path: path.to_owned(), source };
    fs::create_dir_all(path).map_err(fail)?;
    Ok((path.canonicalize().map_err(fail)?, None))
}

/// Ports nobody listens on at this moment; `plain` is taken as it is unless it is 0.
fn free_ports(plain: u16) -> io::Result<Ports> {
    // Held until all are found, so that no port comes up twice.
    let held: Vec<TcpListener> = iter::repeat_with(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .take(5)
        .collect::<io::Result<_>>()?;
    let port = |index: usize| Ok::<_, io::Error>(held[index].local_addr()?.port());
    Ok(Ports {
        plain: if plain == 0 { port(0)? } else { plain },
        controller: port(1)?,
        ssl: port(2)?,
        sasl_plaintext: port(3)?,
        sasl_ssl: port(4)?,
    })
}

fn tail(log: &Path) -> String {
    let content = fs::read(log).unwrap_or_default();
    let content = String::from_utf8_lossy(&content);
    let lines: Vec<&str> = content.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
