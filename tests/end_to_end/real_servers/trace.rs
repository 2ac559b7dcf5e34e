//! One registration's trace over all processes, as a collector receives it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::harness::{Account, Collector, Deployment, Plan, ReceivedSpan, eventually};

const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;
const CALLER: &str = "00f067aa0ba902b7";
const LIMIT: Duration = Duration::from_mins(1);

/// Of a topic, by default.
const PARTITIONS: usize = 6;

/// A span by the process it is from, its kind, and a part of its name.
type Step = (&'static str, i32, &'static str);

/// The ways that have to be in the trace, each step below the one before it, directly or not.
const WAYS: [&[Step]; 4] = [
    // The mail with the code.
    &[
        ("gateway", SERVER, "POST /v1/auth/register"),
        ("gateway", CLIENT, "fitness.user.v1.AuthService/Register"),
        ("user-svc", SERVER, "fitness.user.v1.AuthService/Register"),
        ("user-svc", PRODUCER, "send fitness.user.events"),
        ("notify-svc", CONSUMER, "process fitness.user.events"),
        ("notify-svc", CLIENT, "smtp"),
    ],
    // What notify-svc says of it.
    &[
        ("user-svc", PRODUCER, "send fitness.user.events"),
        ("notify-svc", CONSUMER, "process fitness.user.events"),
        ("notify-svc", PRODUCER, "send fitness.notification.events"),
    ],
    // The athlete, of whom the live feed hears.
    &[
        ("user-svc", PRODUCER, "send fitness.user.events"),
        ("workout-svc", CONSUMER, "process fitness.user.events"),
        ("workout-svc", PRODUCER, "send fitness.workout.events"),
        ("gateway", CONSUMER, "process fitness.workout.events"),
    ],
    &[
        ("user-svc", PRODUCER, "send fitness.user.events"),
        ("gateway", CONSUMER, "process fitness.user.events"),
    ],
];

fn is(span: &ReceivedSpan, (service, kind, name): Step) -> bool {
    span.service == service && span.kind == kind && span.name.to_lowercase().contains(&name.to_lowercase())
}

/// The spans above one, nearest first; the last one names whom it has for a parent.
fn ancestors<'a>(spans: &'a [ReceivedSpan], span: &'a ReceivedSpan) -> Vec<&'a ReceivedSpan> {
    let parent = |of: &&ReceivedSpan| spans.iter().find(|candidate| candidate.span_id == of.parent_span_id);
    std::iter::successors(parent(&span), parent).collect()
}

/// Whether a span at the end of the way has all other steps above it, in their order.
fn has_way(spans: &[ReceivedSpan], way: &[Step]) -> bool {
    let (last, above) = way.split_last().unwrap();
    spans.iter().filter(|span| is(span, *last)).any(|span| {
        let mut up = ancestors(spans, span).into_iter();
        above.iter().rev().all(|step| up.any(|ancestor| is(ancestor, *step)))
    })
}

/// The spans for who has to find out what is missing.
fn list(spans: &[ReceivedSpan]) -> String {
    let line = |span: &ReceivedSpan| {
        let ReceivedSpan { service, name, kind, span_id, parent_span_id, .. } = span;
        format!("{parent_span_id} > {span_id} {service} {name} ({kind})\n")
    };
    spans.iter().map(line).collect()
}

/// The feed's group begins at the end of each partition, which it has to find first. So people register until the gateway
/// has seen some of them on each.
async fn until_the_gateway_listens(deployment: &Deployment, collector: &Collector) {
    let step = ("gateway", CONSUMER, "process fitness.user.events");
    eventually("the gateway listens", LIMIT, || async {
        deployment.api().register(&Account::new("en")).await;
        let spans = collector.all();
        let seen = spans.iter().filter(|span| is(span, step));
        let partitions: BTreeSet<_> =
            seen.map(|span| &span.attributes["messaging.destination.partition.id"]).collect();
        (partitions.len() == PARTITIONS).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_of_one_registration_runs_through_all_processes() {
    let collector = Collector::start().await;
    let mut environment = super::cheap_hashes();
    environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()));
    environment.push(("OTEL_BSP_SCHEDULE_DELAY", "200".to_owned()));
    let deployment = Deployment::start(Plan { environment, ..Plan::default() }).await;
    until_the_gateway_listens(&deployment, &collector).await;
    let account = Account::new("en");
    let trace_id = uuid::Uuid::now_v7().simple().to_string();
    let request = deployment.api().request("POST", "/v1/auth/register");
    let request = request.header("traceparent", format!("00-{trace_id}-{CALLER}-01"));
    assert_eq!(request.json(&account.registration()).send().await.unwrap().status(), 202);
    let mail = deployment.inbox().wait_for(&account.email, 1, LIMIT).await.remove(0);
    assert_eq!(mail.header("X-Trace-Id"), trace_id);

    let start = Instant::now();
    let missing = || {
        let spans = collector.trace(&trace_id);
        WAYS.into_iter().find(|way| !has_way(&spans, way))
    };
    while let Some(way) = missing() {
        let spans = collector.trace(&trace_id);
        assert!(start.elapsed() < LIMIT, "no such way: {way:#?}\nin:\n{}", list(&spans));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let spans = collector.trace(&trace_id);
    let services: BTreeSet<_> = spans.iter().map(|span| span.service.as_str()).collect();
    assert_eq!(services, ["gateway", "notify-svc", "user-svc", "workout-svc"].into());
    let sends = spans.iter().filter(|span| is(span, ("user-svc", PRODUCER, "send fitness.user.events")));
    assert_eq!(sends.count(), 2, "UserRegistered and OneTimeCodeIssued");

    // One tree: everything is below the caller, once all has arrived.
    eventually("the trace is one tree", LIMIT, || async {
        let spans = collector.trace(&trace_id);
        let root =
            |span: &ReceivedSpan| ancestors(&spans, span).last().unwrap_or(&span).parent_span_id == CALLER;
        spans.iter().all(root).then_some(())
    })
    .await;
    for span in collector.all() {
        let text = format!("{span:?}");
        assert!(!text.contains(&account.email) && !text.contains(&account.password), "{text}");
    }
    super::assert_nothing_personal_is_logged(&deployment);
    deployment.end().await;
}
