//! The whole path, measured from outside on the release binary: what the gateway adds to a call, and how long a person
//! waits for the first mail.
//!
//! Sizes by environment: `BENCH_CALLS` (default 3000), `BENCH_REGISTRATIONS` (500), `BENCH_RATE` (50 a second).

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, dead_code, unused_imports)]
#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

mod harness;

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use embedded::mailbox::{Mailbox, MailboxConfig};
use fitness_proto::fitness::user::v1::GetMeRequest;
use fitness_proto::fitness::user::v1::user_service_client::UserServiceClient;
use harness::{Account, Api, Inbox, Options, System};
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tonic::transport::{Channel, Endpoint};

#[tokio::main]
async fn main() {
    let local = "127.0.0.1:0".parse().unwrap();
    let config = MailboxConfig { smtp_addr: local, http_addr: local, ..MailboxConfig::in_memory() };
    let mailbox = Mailbox::start(config).await.unwrap();
    let system = System::start(Options {
        environment: vec![
            ("SMTP_HOST", mailbox.smtp_addr().ip().to_string()),
            ("SMTP_PORT", mailbox.smtp_addr().port().to_string()),
            ("LOG_LEVEL", "warn".to_owned()),
        ],
        ..Options::default()
    })
    .await;
    let token = sign_in(&system.api(), &mailbox).await;
    compare_hops(&system, &token).await;
    registration_to_mail(&system.api(), &mailbox).await;
}

fn size(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000, 3).unwrap()
}

fn row(name: &str, times: &Histogram<u64>) {
    let ms = |quantile: f64| times.value_at_quantile(quantile) as f64 / 1_000.0;
    println!("{name:<44} {:>9.3} {:>9.3} {:>9.3}   {}", ms(0.5), ms(0.9), ms(0.99), times.len());
}

async fn sign_in(api: &Api, mailbox: &Mailbox) -> String {
    let account = Account::new("en");
    api.register(&account).await;
    let inbox = Inbox::new(&format!("http://{}", mailbox.http_addr()));
    let code = inbox.wait_for(&account.email, 1, Duration::from_secs(10)).await[0].code();
    let verification = json!({ "email": account.email, "code": code });
    let session: Value = api.post("/v1/auth/verify-email", &verification).await.json().await.unwrap();
    session["access_token"].as_str().unwrap().to_owned()
}

/// The same call directly and through the gateway, in turns, so that both meet the same machine.
async fn compare_hops(system: &System, token: &str) {
    let calls = size("BENCH_CALLS", 3_000);
    let channel: Channel =
        Endpoint::from_shared(format!("http://{}", system.user_svc())).unwrap().connect().await.unwrap();
    let mut direct = UserServiceClient::new(channel);
    let api = system.api();
    let (mut direct_times, mut gateway_times) = (histogram(), histogram());
    let warm_up = 200;
    for number in 0..calls + warm_up {
        let mut request = tonic::Request::new(GetMeRequest {});
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let start = Instant::now();
        direct.get_me(request).await.unwrap();
        let direct_time = start.elapsed();

        let request = api.request("GET", "/v1/users/me").bearer_auth(token);
        let start = Instant::now();
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap();
        let gateway_time = start.elapsed();
        if number >= warm_up {
            direct_times.record(direct_time.as_micros() as u64).unwrap();
            gateway_times.record(gateway_time.as_micros() as u64).unwrap();
        }
    }
    println!("\n{:<44} {:>9} {:>9} {:>9}   n", "GetMe, one caller [ms]", "p50", "p90", "p99");
    row("direct gRPC (the raw limit)", &direct_times);
    row("through the gateway", &gateway_times);
    let ratio = gateway_times.value_at_quantile(0.5) as f64 / direct_times.value_at_quantile(0.5) as f64;
    println!("{:<44} {ratio:>9.2} times", "gateway ÷ direct at p50");
}

/// Registers at a fixed rate, whatever the system does, so that a slow answer does not thin out the load.
async fn registration_to_mail(api: &Api, mailbox: &Mailbox) {
    let (count, rate) = (size("BENCH_REGISTRATIONS", 500), size("BENCH_RATE", 50));
    let mut tick = tokio::time::interval(Duration::from_secs(1) / rate as u32);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..count {
        tick.tick().await;
        let api = api.clone();
        running.spawn(async move {
            let account = Account::new("en");
            let start = Utc::now();
            api.register(&account).await;
            (account.email, start, Utc::now())
        });
    }
    let registered: Vec<(String, DateTime<Utc>, DateTime<Utc>)> = running.join_all().await;
    let (mut answers, mut mails, mut both) = (histogram(), histogram(), histogram());
    for (email, start, answer) in registered {
        let mail = mailbox.wait_for(&email, 1, Duration::from_mins(1)).await[0].received();
        let micros =
            |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).num_microseconds().unwrap().max(0) as u64;
        answers.record(micros(start, answer)).unwrap();
        mails.record(micros(answer, mail)).unwrap();
        both.record(micros(start, mail)).unwrap();
    }
    println!("\n{:<44} {:>9} {:>9} {:>9}   n", format!("register at {rate}/s [ms]"), "p50", "p90", "p99");
    row("request → 202 (Argon2id and the commit)", &answers);
    row("202 → mail in the sink", &mails);
    row("request → mail in the sink", &both);
}
