//! A process that outlives this one for a moment, to shut the server down when this one is killed.
//!
//! It reads from a pipe whose other end only this process holds. The kernel closes that end when this process ends,
//! also by `kill -9`, so end of file without a farewell means: the server has lost its parent. The watchdog runs in a
//! process group of its own, because Ctrl-C in a terminal goes to the whole group.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Reads the server's process id, then the farewell. Without a farewell it sends the signals it was given: the first
/// at once, the second after ten seconds, and five seconds later it kills. Last it removes the folder it was given.
const SCRIPT: &str = r#"
read -r server || exit 0
if ! read -r farewell; then
    tenths=0
    kill "-$2" "$server" 2>/dev/null
    while kill -0 "$server" 2>/dev/null && [ "$tenths" -lt 200 ]; do
        [ "$tenths" -eq 100 ] && kill "-$3" "$server" 2>/dev/null
        [ "$tenths" -eq 150 ] && kill -KILL "$server" 2>/dev/null
        sleep 0.1
        tenths=$((tenths + 1))
    done
fi
[ "$farewell" = keep ] || [ -z "$1" ] || rm -rf -- "$1"
"#;

/// Names of the signals that end a server: one that asks, and one that insists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signals {
    pub(crate) ask: &'static str,
    pub(crate) insist: &'static str,
}

/// The watchdog of one server. Dropped without [`Watchdog::release`], it ends the server.
#[derive(Debug)]
pub(crate) struct Watchdog {
    process: Child,
    pipe: ChildStdin,
}

impl Watchdog {
    /// Starts a watchdog, which removes `remove` when it ends. It does nothing until it is told what to guard.
    pub(crate) fn spawn(remove: Option<&Path>, signals: Signals) -> io::Result<Self> {
        let mut process = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(remove.map_or(OsStr::new(""), Path::as_os_str))
            .args([signals.ask, signals.insist])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = process.stdin.take().expect("the pipe was asked for above");
        Ok(Self { process, pipe })
    }

    /// Names the server to guard.
    pub(crate) fn guard(&mut self, server: u32) -> io::Result<()> {
        writeln!(self.pipe, "{server}")
    }

    /// Ends the watchdog after the server is down. It still removes what it was given to remove.
    pub(crate) fn release(self) -> io::Result<()> {
        self.say("stopped")
    }

    /// Ends the watchdog after the server is down, and leaves all files.
    pub(crate) fn release_keeping_files(self) -> io::Result<()> {
        self.say("keep")
    }

    fn say(mut self, farewell: &str) -> io::Result<()> {
        writeln!(self.pipe, "{farewell}")?;
        drop(self.pipe);
        self.process.wait().map(drop)
    }
}
