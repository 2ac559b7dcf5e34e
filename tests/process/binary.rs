//! The binary of a service as a child process, in surroundings of its own.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::SUBJECT;

/// What ends by itself does so long before.
const END_LIMIT: Duration = Duration::from_mins(2);

/// The service that a test file is about.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) binary: &'static str,
    /// The setting that says where health is served.
    pub(crate) ops_addr: &'static str,
    /// The settings that say where else it listens.
    pub(crate) listeners: &'static [&'static str],
    /// The secrets without which it does not start, made anew.
    pub(crate) secrets: fn() -> Vec<(&'static str, String)>,
}

/// What a finished command left behind.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Finished {
    /// Both outputs, to look for what must or must not be there.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Pairs as a child takes them.
pub(crate) type Environment = Vec<(&'static str, String)>;

fn command(arguments: &[&str], environment: &Environment) -> Command {
    let mut command = Command::new(SUBJECT.binary);
    // Nothing of the surroundings of the test run configures the service.
    command.args(arguments).env_clear().envs(environment.iter().map(|(name, value)| (*name, value.as_str())));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command to its end.
pub(crate) async fn run(arguments: &[&str], environment: Environment) -> Finished {
    let mut command = tokio::process::Command::from(command(arguments, &environment));
    let start = Instant::now();
    let output = tokio::time::timeout(END_LIMIT, command.kill_on_drop(true).output()).await;
    let output = output.unwrap_or_else(|_| panic!("{} {arguments:?} runs after {END_LIMIT:?}", SUBJECT.name));
    let Output { status, stdout, stderr } = output.expect("the binary can be started");
    let text = |bytes| String::from_utf8(bytes).expect("the binary prints text");
    Finished { code: status.code(), stdout: text(stdout), stderr: text(stderr), took: start.elapsed() }
}

/// A running service; it is killed when the test gives it up.
pub(crate) struct Running {
    child: Option<Child>,
    pub(crate) ops: SocketAddr,
}

/// A key that signs events, the one of RFC 8410, section 10.3, and its public half.
#[allow(dead_code, reason = "not every service signs")]
pub(crate) const EVENT_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----";
pub(crate) const EVENT_PUBLIC_KEY: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

/// By which a service knows whose events count.
pub(crate) fn trust() -> Environment {
    ["USER_SVC_EVENT_PUBLIC_KEY", "WORKOUT_SVC_EVENT_PUBLIC_KEY"]
        .map(|name| (name, EVENT_PUBLIC_KEY.to_owned()))
        .to_vec()
}

/// Everything that `serve` needs, with every port picked by the machine but the one of health, and both servers away
/// unless `servers` names them.
pub(crate) fn serving(servers: Environment) -> (Environment, SocketAddr) {
    let ops = free_addr();
    let mut environment = (SUBJECT.secrets)();
    environment.extend(trust());
    environment.extend(SUBJECT.listeners.iter().map(|name| (*name, "127.0.0.1:0".to_owned())));
    environment.push((SUBJECT.ops_addr, ops.to_string()));
    // Nobody listens there.
    environment.push(("KAFKA_BROKERS", "127.0.0.1:9".to_owned()));
    environment.push(("DATABASE_URL", "postgres://nobody@127.0.0.1:9/nothing".to_owned()));
    environment.push(("FILES_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/files").to_owned()));
    environment.extend(servers);
    (environment, ops)
}

/// Starts the service.
pub(crate) fn serve(arguments: &[&str], servers: Environment) -> Running {
    let (environment, ops) = serving(servers);
    let mut command = command(arguments, &environment);
    // Nobody reads them while it runs, and a full pipe would stop it.
    let child =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary can be started");
    Running { child: Some(child), ops }
}

impl Running {
    /// Asks the running service by the command for it until the answer has what the test wants, and answers it.
    pub(crate) async fn healthcheck(
        &mut self,
        arguments: &[&str],
        wanted: impl Fn(&Finished) -> bool,
    ) -> Finished {
        let line: Vec<_> = ["healthcheck"].iter().chain(arguments).copied().collect();
        let start = Instant::now();
        loop {
            let finished = run(&line, vec![(SUBJECT.ops_addr, self.ops.to_string())]).await;
            if wanted(&finished) {
                return finished;
            }
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "{} ended early: {ended:?}", SUBJECT.name);
            assert!(start.elapsed() < Duration::from_secs(30), "{} says {}", SUBJECT.name, finished.text());
        }
    }

    /// Sends SIGTERM and waits for the end; answers how it ended and how long that took.
    pub(crate) async fn terminate(mut self) -> (Option<i32>, Duration) {
        let mut child = self.child.take().unwrap();
        let start = Instant::now();
        let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return (status.code(), start.elapsed());
            }
            if start.elapsed() > END_LIMIT {
                let _ = child.kill();
                panic!("{} runs {END_LIMIT:?} after SIGTERM", SUBJECT.name);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An address on which nobody listens at this moment.
pub(crate) fn free_addr() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
