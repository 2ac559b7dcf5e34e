//! How fast mail goes out, with the raw limit of the same run beside each figure.
//!
//! - One SMTP connection, step by step and pipelined, beside bare clients that write ready-made bytes.
//! - The ledger: rows that are there already go out over several connections, beside as many bare clients.
//! - The parts on their own: rendering, and events to rows.
//! - The whole service: Kafka, ledger, rendering, SMTP, and the outcomes back to Kafka.
//!
//! Ratios are against the bare client that waits for each reply, over as many connections.
//!
//! Sizes: `BENCH_MAILS` (default 20000), `BENCH_CONNECTIONS` (8), `TEST_DATABASE_URL`. Clients, sink, database and
//! broker share the machine, so ratios say more than rates.

#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

mod kafka;
mod ledger;
mod sink;

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::sealing::SealingKeys;
use notify_svc::delivery::DeliveryConfig;
use notify_svc::notification::Template;
use notify_svc::render::samples::sample;
use notify_svc::render::{Locale, Renderer};
use notify_svc::smtp::{Encryption, Outcome, SmtpConfig, Timeouts, WireMail, connect};
use sink::{Sink, Speech};

const ROUNDS: usize = 20;

fn main() -> anyhow::Result<()> {
    // `cargo test --benches` runs this too; there is nothing to measure then.
    if env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // As a task: the thread that blocks on a future is not one of the workers, and each wake-up would cross over.
    runtime.block_on(async { tokio::spawn(run()).await? })
}

async fn run() -> anyhow::Result<()> {
    let mails = size("BENCH_MAILS", 20_000);
    let connections = size("BENCH_CONNECTIONS", 8);
    let sink = Sink::start()?;
    let keys = SealingKeys::parse(&SealingKeys::generate("bench"))?;
    let renderer = Arc::new(Renderer::new(
        "no-reply@fitness.example".parse()?,
        "https://fitness.example",
        keys.clone(),
    )?);
    let mail = renderer.render(&sample(Template::Welcome, Locale::English, &keys))?;

    println!("{mails} mails of {} bytes, {connections} connections\n", mail.data().len());
    println!("{:<52}{:>12}{:>10}", "", "per second", "ratio");

    // In turns: where the kernel places client and sink changes a round trip by a factor, and from minute to minute.
    let (mut elapsed, share) = ([Duration::ZERO; 4], mails / ROUNDS);
    for _ in 0..ROUNDS {
        elapsed[0] += sink.bare_clients(1, share, mail.data(), Speech::StepByStep).await?;
        elapsed[1] += one_connection(&sink, &mail, share, false).await?;
        elapsed[2] += sink.bare_clients(1, share, mail.data(), Speech::Pipelined).await?;
        elapsed[3] += one_connection(&sink, &mail, share, true).await?;
    }
    let [bare, ours, bare_pipelined, ours_pipelined] = elapsed.map(|elapsed| rate(share * ROUNDS, elapsed));
    row("one connection, bare client, step by step", bare, None);
    row("one connection, step by step", ours, Some(bare));
    row("one connection, bare client, pipelined", bare_pipelined, Some(bare));
    row("one connection, pipelined", ours_pipelined, Some(bare));

    let start = Instant::now();
    for _ in 0..mails {
        renderer.render(&sample(Template::Welcome, Locale::English, &keys))?;
    }
    row("rendering, one thread", rate(mails, start.elapsed()), None);

    let bare = rate(mails, sink.bare_clients(connections, mails, mail.data(), Speech::StepByStep).await?);
    row(&format!("{connections} connections, bare clients, step by step"), bare, None);
    let pipelined = sink.bare_clients(connections, mails, mail.data(), Speech::Pipelined).await?;
    row(&format!("{connections} connections, bare clients, pipelined"), rate(mails, pipelined), Some(bare));
    for (name, pipelining) in [("ledger to sink, step by step", false), ("ledger to sink, pipelined", true)] {
        let (pool, _) = ledger::database().await?;
        let taken = ledger::fill(&pool, mails).await?;
        let config = DeliveryConfig::new(smtp(sink.port, pipelining), connections);
        let elapsed = ledger::deliver(&pool, config, Arc::clone(&renderer), &sink, mails).await?;
        row(name, rate(mails, elapsed), Some(bare));
        if pipelining {
            row("events to ledger", rate(mails, taken), None);
        }
        pool.close().await;
    }
    let delivery = DeliveryConfig::new(smtp(sink.port, true), connections);
    let elapsed = kafka::whole_way(&sink, delivery, keys, mails).await?;
    row("Kafka to ledger to sink, the whole service", rate(mails, elapsed), Some(bare));
    Ok(())
}

/// Sends over one connection of ours; answers how long that took.
async fn one_connection(
    sink: &Sink,
    mail: &WireMail,
    mails: usize,
    pipelining: bool,
) -> anyhow::Result<Duration> {
    let mut connection = connect(&smtp(sink.port, pipelining)).await?;
    let start = Instant::now();
    for _ in 0..mails {
        let outcome = connection.send(mail).await;
        anyhow::ensure!(matches!(outcome, Outcome::Accepted(_)), "the sink refused: {outcome:?}");
    }
    Ok(start.elapsed())
}

fn size(name: &str, default: usize) -> usize {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn rate(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

fn row(name: &str, rate: f64, raw: Option<f64>) {
    let ratio = raw.map(|raw| format!("{:.2}", rate / raw)).unwrap_or_default();
    println!("{name:<52}{rate:>12.0}{ratio:>10}");
}

fn smtp(port: u16, pipelining: bool) -> SmtpConfig {
    SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        encryption: Encryption::Off,
        authorities: None,
        credentials: None,
        hello: Some("notify.example.org".to_owned()),
        pipelining,
        timeouts: Timeouts::default(),
    }
}
