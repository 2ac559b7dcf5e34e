//! How fast mail goes out, with the raw limit of the same run beside each figure.
//!
//! - One SMTP connection: ours, step by step and pipelined, beside a bare client that writes ready-made bytes.
//! - The ledger: rows that are there already go out over several connections, beside as many bare clients.
//! - The intake: events to rows.
//!
//! Sizes: `BENCH_MAILS` (default 20000), `BENCH_CONNECTIONS` (8), `TEST_DATABASE_URL`. The sink accepts everything and
//! keeps nothing; client and sink share the machine, so ratios say more than rates.

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::health::{Health, Need};
use chassis::lifecycle::Tasks;
use chassis::sealing::SealingKeys;
use eventbus::{Envelope, TraceContext};
use fitness_proto::fitness::user::v1::{EmailVerified, UserRegistered};
use notify_svc::delivery::{DeliveryConfig, Wake, Workers};
use notify_svc::events::{Arrival, Intake};
use notify_svc::metrics::Metrics;
use notify_svc::notification::Template;
use notify_svc::render::samples::sample;
use notify_svc::render::{Locale, Renderer};
use notify_svc::smtp::{Encryption, Outcome, SmtpConfig, Timeouts, connect};
use outbox::Outbox;
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

const BATCH: usize = 500;

fn main() -> anyhow::Result<()> {
    // `cargo test --benches` runs this too; there is nothing to measure then.
    if env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let mails = size("BENCH_MAILS", 20_000);
    let connections = size("BENCH_CONNECTIONS", 8);
    let sink = sink().await?;
    let keys = SealingKeys::parse(&SealingKeys::generate("bench"))?;
    let renderer = Arc::new(Renderer::new(
        "no-reply@fitness.example".parse()?,
        "https://fitness.example",
        keys.clone(),
    )?);
    let mail = renderer.render(&sample(Template::Welcome, Locale::English, &keys))?;

    println!("{mails} mails of {} bytes, {connections} connections\n", mail.data().len());
    println!("{:<52}{:>12}{:>10}", "", "per second", "ratio");

    let bare = rate(mails, bare_clients(sink, 1, mails, mail.data().to_owned()).await?);
    row("one connection, bare client", bare, None);
    for (name, pipelining) in [("one connection, step by step", false), ("one connection, pipelined", true)] {
        let mut connection = connect(&smtp(sink, pipelining)).await?;
        let start = Instant::now();
        for _ in 0..mails {
            let outcome = connection.send(&mail).await;
            anyhow::ensure!(matches!(outcome, Outcome::Accepted(_)), "the sink refused: {outcome:?}");
        }
        row(name, rate(mails, start.elapsed()), Some(bare));
    }
    let start = Instant::now();
    for _ in 0..mails {
        renderer.render(&sample(Template::Welcome, Locale::English, &keys))?;
    }
    row("rendering, one thread", rate(mails, start.elapsed()), None);

    let bare = rate(mails, bare_clients(sink, connections, mails, mail.data().to_owned()).await?);
    row(&format!("{connections} connections, bare clients"), bare, None);
    for (name, pipelining) in [("ledger to sink, step by step", false), ("ledger to sink, pipelined", true)] {
        let pool = database().await?;
        let taken = take(&pool, mails).await?;
        let config = DeliveryConfig::new(smtp(sink, pipelining), connections);
        let elapsed = deliver(&pool, config, Arc::clone(&renderer), mails).await?;
        row(name, rate(mails, elapsed), Some(bare));
        if pipelining {
            row("events to ledger", rate(mails, taken), None);
        }
        pool.close().await;
    }
    Ok(())
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
        credentials: None,
        pipelining,
        timeouts: Timeouts::default(),
    }
}

/// Accepts everything and keeps nothing; answers its port.
async fn sink() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(swallow(stream));
        }
    });
    Ok(port)
}

async fn swallow(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    stream.write_all(b"220 sink\r\n").await?;
    let (mut line, mut answers, mut in_data) = (Vec::new(), Vec::new(), false);
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match line.get(..4) {
            _ if in_data && line == b".\r\n" => {
                in_data = false;
                b"250 taken\r\n"
            }
            _ if in_data => b"",
            Some(b"EHLO") => b"250-sink\r\n250-8BITMIME\r\n250 PIPELINING\r\n",
            Some(b"DATA") => {
                in_data = true;
                b"354 go\r\n"
            }
            _ => b"250 ok\r\n",
        };
        answers.extend_from_slice(answer);
        // What came in one write is answered in one.
        if stream.buffer().is_empty() && !answers.is_empty() {
            stream.write_all(&answers).await?;
            answers.clear();
        }
    }
}

/// Sends ready-made bytes without any pipelining or bookkeeping.
async fn bare_clients(port: u16, connections: usize, mails: usize, data: String) -> anyhow::Result<Duration> {
    let data: Arc<str> = data.into();
    let start = Instant::now();
    let clients: Vec<_> = (0..connections)
        .map(|number| {
            let share = mails / connections + usize::from(number < mails % connections);
            tokio::spawn(bare_client(port, share, Arc::clone(&data)))
        })
        .collect();
    for client in clients {
        client.await??;
    }
    Ok(start.elapsed())
}

async fn bare_client(port: u16, mails: usize, data: Arc<str>) -> anyhow::Result<()> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    stream.write_all(b"EHLO bench\r\n").await?;
    while !line.starts_with("250 ") {
        line.clear();
        stream.read_line(&mut line).await?;
    }
    for _ in 0..mails {
        let commands =
            ["MAIL FROM:<no-reply@fitness.example>\r\n", "RCPT TO:<ann@example.org>\r\n", "DATA\r\n", &data];
        for command in commands {
            stream.write_all(command.as_bytes()).await?;
            line.clear();
            stream.read_line(&mut line).await?;
        }
        anyhow::ensure!(line.starts_with("250"), "the sink refused: {line}");
    }
    Ok(())
}

/// An empty database with the tables of the service.
async fn database() -> anyhow::Result<PgPool> {
    let url = embedded::postgres::fresh_database("notify_bench").await;
    let pool = PgPool::connect(&url).await?;
    notify_svc::ledger::migrate(&pool).await?;
    outbox::migrate(&pool).await?;
    Ok(pool)
}

/// Fills the ledger; answers how long the events of the mails took.
async fn take(pool: &PgPool, mails: usize) -> anyhow::Result<Duration> {
    let intake = Intake::new(pool.clone(), Wake::default(), Vec::new(), Arc::new(Metrics::default()));
    let people: Vec<_> = (0..mails).map(|_| Uuid::now_v7().to_string()).collect();
    let registered = people.iter().map(|user_id| {
        envelope(&UserRegistered {
            user_id: user_id.clone(),
            email: format!("{user_id}@example.org"),
            display_name: "Ann".to_owned(),
            locale: "en".to_owned(),
            time_zone: "UTC".to_owned(),
            create_time: None,
        })
    });
    let verified =
        people.iter().map(|user_id| envelope(&EmailVerified { user_id: user_id.clone(), verify_time: None }));
    take_batches(&intake, &registered.collect::<Vec<_>>()).await?;
    let verified: Vec<_> = verified.collect();
    let start = Instant::now();
    take_batches(&intake, &verified).await?;
    Ok(start.elapsed())
}

async fn take_batches(intake: &Intake, envelopes: &[Envelope]) -> anyhow::Result<()> {
    for batch in envelopes.chunks(BATCH) {
        let arrivals: Vec<_> =
            batch.iter().map(|envelope| Arrival { envelope, trace: envelope.trace.clone() }).collect();
        let outcomes = intake.take(&arrivals).await;
        anyhow::ensure!(
            outcomes.iter().all(|outcome| *outcome == eventbus::Outcome::Done),
            "an event was not taken"
        );
    }
    Ok(())
}

fn envelope<E: eventbus::Event>(event: &E) -> Envelope {
    Envelope::new(event, Uuid::now_v7(), "bench", chrono::Utc::now(), TraceContext::default())
}

/// Sends everything in the ledger; answers how long that took.
async fn deliver(
    pool: &PgPool,
    config: DeliveryConfig,
    renderer: Arc<Renderer>,
    mails: usize,
) -> anyhow::Result<Duration> {
    let tasks = Tasks::default();
    let workers = Workers {
        config,
        pool: pool.clone(),
        outbox: Outbox::new("bench"),
        renderer,
        wake: Wake::default(),
        metrics: Arc::new(Metrics::default()),
        smtp: Health::default().dependency("smtp", Need::Deferrable),
    };
    let start = Instant::now();
    workers.start(&tasks);
    loop {
        let sent: i64 = sqlx::query_scalar("SELECT count(*) FROM notifications WHERE state = 'sent'")
            .fetch_one(pool)
            .await?;
        if sent.unsigned_abs() as usize >= mails {
            break;
        }
        // Counting is work for the database too; it is not asked more often than a run can bear.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let elapsed = start.elapsed();
    anyhow::ensure!(tasks.drain(Duration::from_secs(10)).await, "the workers did not stop");
    Ok(elapsed)
}
