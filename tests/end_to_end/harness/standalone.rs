//! All services in one process: the binary `fitness-trainer`, and what it brings along.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::Options;
use super::system::LOG_LEVEL;

/// Runs the binary and ends it when the pipe to this script closes, however the tests end. The script lets go of its
/// output, which so ends with the binary: one that cannot start is seen at once.
const GUARD: &str = r#"
"$0" "$@" & child=$!
echo "pid $child"
exec >/dev/null
read -r _
kill -TERM $child 2>/dev/null
wait $child
"#;
/// A first `initdb` on a machine that does much else.
const START_LIMIT: Duration = Duration::from_mins(2);
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A running system.
pub(super) struct Standalone {
    guard: Child,
    _pipe: ChildStdin,
    pid: u32,
    summary: HashMap<String, String>,
    log: tempfile::NamedTempFile,
}

impl Standalone {
    /// Starts a system and waits until it says that it is ready.
    pub(super) async fn start(options: Options) -> Self {
        tokio::task::spawn_blocking(move || Self::start_blocking(&options)).await.unwrap()
    }

    fn start_blocking(options: &Options) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, env!("CARGO_BIN_EXE_fitness-trainer"), "--free-ports"]);
        match &options.data_dir {
            Some(folder) => command.arg("--data-dir").arg(folder),
            None => command.arg("--ephemeral"),
        };
        // The surroundings of the test run must not configure the system under test.
        for name in
            ["DATABASE_URL", "KAFKA_BROKERS", "SMTP_HOST", "OTEL_EXPORTER_OTLP_ENDPOINT", "FITNESS_CONFIG"]
        {
            command.env_remove(name);
        }
        let mut guard = command
            .env("LOG_LEVEL", LOG_LEVEL)
            .envs(options.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.reopen().unwrap())
            .spawn()
            .unwrap();
        let pipe = guard.stdin.take().unwrap();
        let lines = lines_of(guard.stdout.take().unwrap());
        let deadline = Instant::now() + START_LIMIT;
        let next = || lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        let pid = next().unwrap().strip_prefix("pid ").unwrap().parse().unwrap();
        let mut summary = HashMap::new();
        loop {
            let line = next().unwrap_or_else(|reason| {
                let log = std::fs::read_to_string(log.path()).unwrap_or_default();
                panic!("the system did not start ({reason}):\n{}", super::logs::tail(&log));
            });
            if line.contains("Ctrl-C") {
                break;
            }
            if let Some((name, value)) = line.trim().split_once("  ") {
                summary.insert(name.to_owned(), value.trim().to_owned());
            }
        }
        let system = Self { guard, _pipe: pipe, pid, summary, log };
        system.wait_until_ready();
        system
    }

    fn wait_until_ready(&self) {
        let start = Instant::now();
        let addr = self.address("REST").trim_start_matches("http://").to_owned();
        loop {
            let answer = std::net::TcpStream::connect(&addr).and_then(|mut stream| {
                use std::io::{Read as _, Write as _};
                stream.set_read_timeout(Some(ANSWER_LIMIT))?;
                stream.write_all(b"GET /readyz HTTP/1.0\r\n\r\n")?;
                let mut text = String::new();
                stream.read_to_string(&mut text)?;
                Ok(text)
            });
            if answer.is_ok_and(|text| text.contains(" 200 ")) {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "the system is not ready:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// An address in the table that the start ends in.
    pub(super) fn address(&self, row: &str) -> &str {
        self.summary.get(row).unwrap_or_else(|| panic!("no {row} in {:?}", self.summary))
    }

    /// Everything logged so far.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Sends a signal to the process: `KILL`, `TERM`, `STOP`, `CONT`.
    pub(super) fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([&format!("-{name}"), &self.pid.to_string()]).status().unwrap();
        assert!(status.success(), "kill -{name} {}", self.pid);
    }

    /// Waits until the process is gone.
    pub(super) async fn gone(&self, limit: Duration) {
        let process = format!("/proc/{}", self.pid);
        super::eventually("the process is gone", limit, || async {
            // A zombie that the guard has not reaped yet is gone for all that matters.
            let state = std::fs::read_to_string(Path::new(&process).join("stat")).unwrap_or_default();
            (state.is_empty() || state.contains(") Z")).then_some(())
        })
        .await;
    }

    /// The process.
    pub(super) fn process(&self) -> u32 {
        self.pid
    }

    /// The processes that the system has started, by their parent's id.
    pub(super) fn descendants(&self) -> Vec<u32> {
        let mut found = vec![self.pid];
        let mut index = 0;
        while index < found.len() {
            let children = Command::new("pgrep").args(["-P", &found[index].to_string()]).output().unwrap();
            let children = String::from_utf8(children.stdout).unwrap();
            found.extend(children.split_whitespace().map(|pid| pid.parse::<u32>().unwrap()));
            index += 1;
        }
        found.split_off(1)
    }
}

/// What a process prints, line by line; closed when nobody can print any more.
fn lines_of(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

impl Drop for Standalone {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the end of the log:\n{}", super::logs::tail(&self.log()));
        }
        // The guard ends with its pipe; waiting for it keeps one test's shutdown out of the next one's time.
        let _ = Command::new("kill").args(["-TERM", &self.pid.to_string()]).stderr(Stdio::null()).status();
        drop(self.guard.stdin.take());
    }
}
