//! The binary as a child process.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use super::{Api, Inbox};

/// Runs the binary and ends it when the pipe to this script closes, however the tests end.
const GUARD: &str =
    r#""$0" "$@" & child=$!; echo "pid $child"; read -r _; kill -TERM $child 2>/dev/null; wait $child"#;

/// What a person who reads the log of a failed test does not need.
const NOISE: [&str; 4] = ["TRACE", "tower::", "sqlx::", "tonic::"];

/// How a system is started.
#[derive(Default)]
pub(crate) struct Options {
    /// Keeps the data here; without it, the data goes with the process.
    pub(crate) data_dir: Option<PathBuf>,
    /// Settings beside the free ports.
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A running system.
pub(crate) struct System {
    guard: Child,
    _pipe: ChildStdin,
    pid: u32,
    summary: HashMap<String, String>,
    log: tempfile::NamedTempFile,
}

/// The system that tests share which leave it as it is.
pub(crate) async fn shared() -> &'static System {
    static SHARED: OnceCell<System> = OnceCell::const_new();
    SHARED.get_or_init(|| async { System::start(Options::default()).await }).await
}

impl System {
    /// Starts a system and waits until it says that it is ready.
    pub(crate) async fn start(options: Options) -> Self {
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
            .env("LOG_LEVEL", "trace,h2=info,hyper=info")
            .envs(options.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.reopen().unwrap())
            .spawn()
            .unwrap();
        let pipe = guard.stdin.take().unwrap();
        let mut lines = BufReader::new(guard.stdout.take().unwrap()).lines();
        let mut next = || lines.next().and_then(Result::ok);
        let pid = next().unwrap().strip_prefix("pid ").unwrap().parse().unwrap();
        let mut summary = HashMap::new();
        loop {
            let Some(line) = next() else {
                panic!(
                    "the system did not start:\n{}",
                    std::fs::read_to_string(log.path()).unwrap_or_default()
                );
            };
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
        let addr = self.rest().trim_start_matches("http://").to_owned();
        loop {
            let answer = std::net::TcpStream::connect(&addr).and_then(|mut stream| {
                use std::io::{Read as _, Write as _};
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

    fn address(&self, row: &str) -> &str {
        self.summary.get(row).unwrap_or_else(|| panic!("no {row} in {:?}", self.summary))
    }

    /// Base URL of the REST API.
    pub(crate) fn rest(&self) -> &str {
        self.address("REST")
    }

    /// `host:port` of user-svc's gRPC server.
    pub(crate) fn user_svc(&self) -> &str {
        self.address("gRPC user-svc")
    }

    /// Kafka bootstrap servers.
    pub(crate) fn kafka(&self) -> &str {
        self.address("Kafka")
    }

    /// URL of a service's metrics.
    pub(crate) fn metrics(&self, service: &str) -> &str {
        self.address(&format!("metrics {service}"))
    }

    /// A REST client.
    pub(crate) fn api(&self) -> Api {
        Api::new(self.rest())
    }

    /// The embedded mailbox.
    pub(crate) fn inbox(&self) -> Inbox {
        Inbox::new(self.address("mailbox"))
    }

    /// Everything logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Sends a signal to the process: `KILL`, `TERM`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([&format!("-{name}"), &self.pid.to_string()]).status().unwrap();
        assert!(status.success(), "kill -{name} {}", self.pid);
    }

    /// Waits until the process is gone.
    pub(crate) async fn gone(&self, limit: Duration) {
        let process = format!("/proc/{}", self.pid);
        super::eventually("the process is gone", limit, || async {
            // A zombie that the guard has not reaped yet is gone for all that matters.
            let state = std::fs::read_to_string(Path::new(&process).join("stat")).unwrap_or_default();
            (state.is_empty() || state.contains(") Z")).then_some(())
        })
        .await;
    }

    /// The processes that the system has started, by their parent's id.
    pub(crate) fn descendants(&self) -> Vec<u32> {
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

impl Drop for System {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> =
                log.lines().filter(|line| !NOISE.iter().any(|noise| line.contains(noise))).collect();
            eprintln!("the end of the log:\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
        // The guard ends with its pipe; waiting for it keeps one test's shutdown out of the next one's time.
        let _ = Command::new("kill").args(["-TERM", &self.pid.to_string()]).stderr(Stdio::null()).status();
        drop(self.guard.stdin.take());
    }
}
