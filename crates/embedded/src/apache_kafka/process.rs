//! The process of a broker, and its watchdog.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::watchdog::{Signals, Watchdog};

const POLL: Duration = Duration::from_millis(20);
/// How long a broker may take to hand its partitions back and close its files.
const STOP_LIMIT: Duration = Duration::from_secs(20);
/// To a virtual machine SIGQUIT means to print its threads, so the second request is the first one again.
const SHUTDOWN: Signals = Signals { ask: "TERM", insist: "TERM" };

/// A running broker.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    watchdog: Option<Watchdog>,
}

impl Process {
    /// Starts the process with its output appended to `log`. Should this process die, the other one is ended and
    /// `remove` is removed.
    pub(super) fn spawn(mut command: Command, log: &Path, remove: Option<&Path>) -> io::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        // The watchdog comes first, so that the broker is never without one for longer than one write takes.
        let mut watchdog = Watchdog::spawn(remove, SHUTDOWN)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C in a terminal goes to the whole group of this process.
            .process_group(0)
            .spawn()?;
        watchdog.guard(child.id())?;
        Ok(Self { child, watchdog: Some(watchdog) })
    }

    /// The exit status, once the process has ended.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    /// Asks the process to shut down and waits for it; kills it when it takes too long.
    pub(super) async fn stop(mut self) {
        // An error means that the process is gone already. A paused process would not hear the request.
        let _ = self.signal(Signal::CONT);
        let _ = self.signal(Signal::TERM);
        let asked = Instant::now();
        while self.ended().is_none() && asked.elapsed() < STOP_LIMIT {
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Process {
    /// Whatever still runs is killed, and is gone afterwards; the files stay.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(watchdog) = self.watchdog.take()
            && let Err(error) = watchdog.release_keeping_files()
        {
            tracing::warn!(%error, "the watchdog of Apache Kafka had ended early");
        }
    }
}
