//! A program as a child process: its log in a file, its end observed, and its death certain.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Ends what is left when this process dies, however it dies: the kernel closes the other end of the pipe. Each line
/// names a process that has started (`+`) or ended (`-`).
const WATCHDOG: &str = r#"
pids=
while read -r sign pid; do
  case $sign in
    +) pids="$pids $pid " ;;
    -) pids="${pids%% $pid *} ${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
"#;

/// The watchdog and the pipe to it.
struct Guard {
    _process: Child,
    pipe: ChildStdin,
}

static GUARD: LazyLock<Mutex<Guard>> = LazyLock::new(|| {
    let mut process = Command::new("sh")
        .args(["-c", WATCHDOG])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // Ctrl-C goes to the whole group of this process.
        .process_group(0)
        .spawn()
        .expect("there is a shell");
    let pipe = process.stdin.take().expect("the pipe was asked for");
    Mutex::new(Guard { _process: process, pipe })
});

fn tell_guard(sign: char, pid: u32) {
    let mut guard = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(guard.pipe, "{sign} {pid}").expect("the watchdog lives as long as this process");
}

/// How a process ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exit {
    pub(crate) status: ExitStatus,
    /// From the signal to the end.
    pub(crate) took: Duration,
}

/// A running process. Dropped, it is killed.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program` with nothing but `environment`; what it prints is added to `log`.
    pub(crate) fn start(
        name: &str,
        program: &Path,
        arguments: &[&str],
        environment: &BTreeMap<String, String>,
        log: &Path,
    ) -> Self {
        let output = File::options().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment);
        for name in ["PATH", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        tell_guard('+', child.id());
        Self { name: name.to_owned(), child, log: log.to_owned() }
    }

    /// Sends a signal: `TERM`, `KILL`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap();
        assert!(status.success(), "kill -{name} {}", self.name);
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if it has ended.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Sends a signal and waits for the end.
    pub(crate) async fn end(mut self, signal: &str, limit: Duration) -> Exit {
        let start = Instant::now();
        self.signal(signal);
        loop {
            if let Some(status) = self.ended() {
                return Exit { status, took: start.elapsed() };
            }
            assert!(
                start.elapsed() < limit,
                "{} runs {limit:?} after SIG{signal}:\n{}",
                self.name,
                self.tail()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a program that ends by itself has done so.
    pub(crate) async fn wait(mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(start.elapsed() < limit, "{} runs after {limit:?}:\n{}", self.name, self.tail());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Fails if it has ended, with the end of its log.
    pub(crate) fn assert_running(&mut self) {
        if let Some(status) = self.ended() {
            panic!("{} has ended: {status}\n{}", self.name, self.tail());
        }
    }

    /// The end of the log without what nobody reads.
    fn tail(&self) -> String {
        super::logs::tail(&std::fs::read_to_string(&self.log).unwrap_or_default())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        tell_guard('-', self.child.id());
    }
}
