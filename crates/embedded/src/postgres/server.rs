//! The server process: starting it, finding one that was left behind, stopping either.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::account::Account;
use super::binaries::Binaries;

const POLL: Duration = Duration::from_millis(20);

/// A running server and the port it was given.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
}

/// How a server is started.
#[derive(Debug)]
pub(super) struct Launch<'a> {
    pub(super) binaries: &'a Binaries,
    pub(super) account: Account,
    /// The data directory.
    pub(super) data: &'a Path,
    pub(super) log: &'a Path,
    pub(super) port: u16,
    pub(super) durable: bool,
    pub(super) max_connections: u16,
}

impl Server {
    /// Starts the process; it is not ready yet.
    pub(super) fn spawn(launch: &Launch<'_>) -> io::Result<Self> {
        let log = File::options().create(true).append(true).open(launch.log)?;
        let mut command = launch.account.command(&launch.binaries.postgres());
        command.arg("-D").arg(launch.data).arg("-p").arg(launch.port.to_string());
        for setting in settings(launch) {
            command.args(["-c", &setting]);
        }
        let process = command
            .current_dir(launch.data)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()?;
        Ok(Self { process })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The exit status, once the process has ended.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().ok().flatten()
    }

    /// Sends a signal to the server and its processes, each of which is a session of its own.
    #[cfg(target_os = "linux")]
    pub(super) fn signal_all(&self, signal: Signal) -> io::Result<()> {
        let pid = self.process.id();
        kill_process(Pid::from_child(&self.process), signal)?;
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            // One that has ended meanwhile is none of them any more.
            let _ = Pid::from_raw(child).map(|child| kill_process(child, signal));
        }
        Ok(())
    }

    /// Stops the process and waits until it is gone: rolls open transactions back first, and gives up on order when
    /// the deadline passes.
    pub(super) async fn stop(&mut self, deadline: Duration) {
        let pid = Pid::from_child(&self.process);
        stop(pid, deadline, || self.process.try_wait().ok().flatten().is_some()).await;
    }
}

/// Stops the server a killed process has left running on this data directory, if there is one.
///
/// The caller holds the cluster's lock, so no living process can own that server.
pub(super) async fn stop_orphan(data: &Path, deadline: Duration) -> io::Result<()> {
    let pid_file = data.join("postmaster.pid");
    let Ok(content) = fs::read_to_string(&pid_file) else {
        return Ok(());
    };
    let pid = content.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid
        && runs_on(pid, data)
    {
        tracing::info!("stopping the PostgreSQL server a killed process has left behind");
        stop(pid, deadline, || test_kill_process(pid).is_err()).await;
    }
    // A file left behind stops the next server from starting when its process id belongs to someone else by now.
    match fs::remove_file(pid_file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn stop(pid: Pid, deadline: Duration, mut ended: impl FnMut() -> bool) {
    let escalation = [
        (Signal::INT, deadline),
        (Signal::QUIT, Duration::from_secs(5)),
        (Signal::KILL, Duration::from_secs(5)),
    ];
    for (signal, patience) in escalation {
        // An error means that the process is gone already.
        let _ = kill_process(pid, signal);
        let asked = Instant::now();
        while asked.elapsed() < patience {
            if ended() {
                return;
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Whether the process is a server on this data directory and not a stranger that got the same id later.
fn runs_on(pid: Pid, data: &Path) -> bool {
    let pid = pid.as_raw_nonzero().to_string();
    let arguments = fs::read(Path::new("/proc").join(&pid).join("cmdline"))
        .or_else(|_| {
            Command::new("ps").args(["-o", "args=", "-p", &pid]).output().map(|output| output.stdout)
        })
        .unwrap_or_default();
    let data = data.as_os_str().as_encoded_bytes();
    arguments.windows(data.len()).any(|window| window == data)
}

/// A port nobody listens on at this moment.
pub(super) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Keeps the log of the run before, and starts a new one.
pub(super) fn rotate_log(log: &Path) -> io::Result<()> {
    match fs::rename(log, PathBuf::from(log).with_extension("previous")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn settings(launch: &Launch<'_>) -> Vec<String> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        // No socket file: its folder would have to be short, shared and cleaned up.
        "unix_socket_directories=".to_owned(),
        format!("max_connections={}", launch.max_connections),
        "logging_collector=off".to_owned(),
        "log_destination=stderr".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "jit=off".to_owned(),
    ];
    if !launch.durable {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
    }
    settings
}
