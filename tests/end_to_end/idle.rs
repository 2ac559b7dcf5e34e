//! What an idle system costs: processor time by thread and by process, wake-ups, and the spans that it exports.
//!
//! `IDLE_SECONDS` (default 600) says how long. Linux only: the figures are those of /proc.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, dead_code, unused_imports)]
#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

mod harness;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::{Collector, Options, System};

/// Start-up has ended by then, and what follows it.
const SETTLED: Duration = Duration::from_secs(30);

/// What was used so far.
#[derive(Clone, Copy, Default)]
struct Used {
    nanoseconds: u64,
    wakes: u64,
}

impl Used {
    fn since(self, before: Self) -> Self {
        Self {
            nanoseconds: self.nanoseconds.saturating_sub(before.nanoseconds),
            wakes: self.wakes.saturating_sub(before.wakes),
        }
    }

    fn add(&mut self, more: Self) {
        self.nanoseconds += more.nanoseconds;
        self.wakes += more.wakes;
    }
}

#[tokio::main]
async fn main() {
    let seconds = std::env::var("IDLE_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    let collector = Collector::start().await;
    let system = System::start(Options {
        environment: vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()),
            ("LOG_LEVEL", "info".to_owned()),
        ],
        ..Options::default()
    })
    .await;
    tokio::time::sleep(SETTLED).await;
    let (spans_before, before, start) = (collector.all().len(), tasks(&system), Instant::now());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (after, elapsed) = (tasks(&system), start.elapsed().as_secs_f64());

    let mut parts: BTreeMap<&str, Used> = BTreeMap::new();
    let mut total = Used::default();
    for (task, (part, used)) in &after {
        let used = used.since(before.get(task).map(|(_, used)| *used).unwrap_or_default());
        parts.entry(part).or_default().add(used);
        total.add(used);
    }
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(_, used)| std::cmp::Reverse(used.nanoseconds));
    println!("{:<50} {:>12} {:>9}", format!("idle for {elapsed:.0} s"), "% of a core", "wakes/s");
    for (part, used) in parts.into_iter().chain([("in all", total)]) {
        let percent = used.nanoseconds as f64 / elapsed / 1e7;
        println!("{part:<50} {percent:>12.3} {:>9.1}", used.wakes as f64 / elapsed);
    }
    println!("spans exported: {}", collector.all().len() - spans_before);
}

/// Every thread of the system, and every thread of what it has started, with the part that it belongs to.
fn tasks(system: &System) -> BTreeMap<String, (String, Used)> {
    let own = system.process();
    let mut found = BTreeMap::new();
    for process in system.descendants().into_iter().chain([own]) {
        let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { continue };
        for task in tasks.filter_map(Result::ok) {
            let part = if process == own { thread(&task.path()) } else { command(process) };
            // One that has ended meanwhile is none any more.
            if let (Some(part), Some(used)) = (part, used(&task.path())) {
                found.insert(task.path().display().to_string(), (part, used));
            }
        }
    }
    found
}

/// Threads of a kind carry a number at the end of their names.
fn thread(task: &Path) -> Option<String> {
    let name = fs::read_to_string(task.join("comm")).ok()?;
    Some(format!("thread {}", name.trim().trim_end_matches(|char: char| char.is_ascii_digit())))
}

/// PostgreSQL's processes say in their command lines what they do, and for which database.
fn command(process: u32) -> Option<String> {
    let line = fs::read_to_string(format!("/proc/{process}/cmdline")).ok()?.replace('\0', " ");
    Some(
        line.lines()
            .next()?
            .split(" 127.0.0.1")
            .next()?
            .chars()
            .take(50)
            .collect::<String>()
            .trim()
            .to_owned(),
    )
}

fn used(task: &Path) -> Option<Used> {
    let schedule = fs::read_to_string(task.join("schedstat")).ok()?;
    let status = fs::read_to_string(task.join("status")).ok()?;
    let switches = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    Some(Used {
        nanoseconds: schedule.split_whitespace().next()?.parse().ok()?,
        wakes: switches.trim().parse().ok()?,
    })
}
