//! `healthcheck`: one question to the service on this machine, for containers that have no curl.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::{ProcessError, Service, on, say};
use crate::config::Settings;
use crate::health::{Need, Report, State};

/// Longest time for the whole question; whoever runs health checks kills them soon after.
const LIMIT: Duration = Duration::from_secs(3);

/// A report is some hundred bytes; what is longer comes from somebody else.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// Why the service does not count as healthy.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unhealthy {
    /// The address says only that some port is to be picked.
    #[error("the address for health has port 0, so nobody knows where to ask")]
    Nowhere,
    /// Nobody answers.
    #[error("nothing answers at {0}")]
    Silent(SocketAddr, #[source] io::Error),
    /// The answer takes too long.
    #[error("{addr} did not answer within {} s", LIMIT.as_secs())]
    Slow {
        /// Who was asked.
        addr: SocketAddr,
    },
    /// The answer comes from something else.
    #[error("what answers at {0} is not a service of ours")]
    Foreign(SocketAddr),
    /// It answers that it is not ready.
    #[error("not ready: {0}")]
    NotReady(String),
}

pub(super) fn run<S: Service>(file: Option<&Path>, live: bool) -> Result<(), ProcessError> {
    let mut settings = Settings::load(file);
    let addr = reachable(S::ops_addr(&mut settings));
    settings.finish_part()?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let verdict = on(runtime, async { Ok(timeout(LIMIT, ask(addr, live)).await) })?;
    say(&verdict.map_err(|_| Unhealthy::Slow { addr })??);
    Ok(())
}

/// Where a listener on `addr` is reached from the same machine.
fn reachable(mut addr: SocketAddr) -> SocketAddr {
    match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    addr
}

async fn ask(addr: SocketAddr, live: bool) -> Result<String, Unhealthy> {
    if addr.port() == 0 {
        return Err(Unhealthy::Nowhere);
    }
    let path = if live { "/livez" } else { "/readyz" };
    let answer = get(addr, path).await.map_err(|error| Unhealthy::Silent(addr, error))?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(Unhealthy::Foreign(addr))?;
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    match (live, status) {
        (true, Some("200")) => Ok("alive".to_owned()),
        (false, Some("200" | "503")) => {
            let report: Report = serde_json::from_str(body).map_err(|_| Unhealthy::Foreign(addr))?;
            if report.ready { Ok(ready(&report)) } else { Err(Unhealthy::NotReady(waits_for(&report))) }
        }
        _ => Err(Unhealthy::Foreign(addr)),
    }
}

/// The one request that this process ever makes; HTTP/1.0, so that the answer comes in one piece and ends the connection.
async fn get(addr: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(addr).await?;
    let request = format!("GET {path} HTTP/1.0\r\nhost: {addr}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn ready(report: &Report) -> String {
    match names(report, |_| true) {
        away if away.is_empty() => "ready".to_owned(),
        away => format!("ready; away: {away}"),
    }
}

fn waits_for(report: &Report) -> String {
    if report.draining {
        return "it is stopping".to_owned();
    }
    names(report, |need| need == Need::Required)
}

/// What is not up, with the reason.
fn names(report: &Report, counts: impl Fn(Need) -> bool) -> String {
    let mut names = Vec::new();
    for (name, status) in &report.dependencies {
        match &status.state {
            State::Down { reason } if counts(status.need) => names.push(format!("{name} ({reason})")),
            State::Unknown if counts(status.need) => names.push(format!("{name} (not tried yet)")),
            State::Down { .. } | State::Unknown | State::Up => {}
        }
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_asked_on_loopback() {
        let asked = |addr: &str| reachable(addr.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:9465"), "127.0.0.1:9465");
        assert_eq!(asked("[::]:9465"), "[::1]:9465");
        assert_eq!(asked("10.0.0.7:9465"), "10.0.0.7:9465");
    }
}
