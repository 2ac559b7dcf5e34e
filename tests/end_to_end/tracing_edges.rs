//! One trace from the click to the SMTP reply, as a collector receives it.

use std::time::Duration;

use crate::harness::{Account, Collector, Options, ReceivedSpan, System, eventually, http};

const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;

/// A sign-in that fails, under a trace of its own; returns when the collector has it.
async fn marker(system: &System, collector: &Collector) -> String {
    let trace_id = uuid::Uuid::now_v7().simple().to_string();
    let account = Account::new("en");
    let response = system
        .api()
        .request("POST", "/v1/auth/login")
        .header("traceparent", format!("00-{trace_id}-00f067aa0ba902b7-01"))
        .json(&serde_json::json!({ "email": account.email, "password": account.password }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
    eventually("the sign-in is exported, door and service", Duration::from_mins(1), || async {
        let spans = collector.trace(&trace_id);
        (spans.iter().filter(|span| span.kind == SERVER).count() == 2).then_some(())
    })
    .await;
    trace_id
}

/// How many probes of its database a process has made.
async fn probes(system: &System) -> u64 {
    let text = http().get(system.metrics("user-svc")).send().await.unwrap().text().await.unwrap();
    text.lines()
        .filter(|line| line.starts_with("db_client_connection_wait_time_seconds_count"))
        .filter(|line| line.contains("pool_name=\"user-svc\""))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum()
}

#[tokio::test]
async fn an_idle_system_exports_nothing_however_often_it_is_probed() {
    let collector = Collector::start().await;
    let system = System::start(Options {
        environment: vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()),
            ("OTEL_BSP_SCHEDULE_DELAY", "200".to_owned()),
        ],
        ..Options::default()
    })
    .await;
    marker(&system, &collector).await;
    let before = collector.all().len();
    let start = probes(&system).await;
    // Ten seconds by the system's own clock: every timer but the slowest comes round, and the gateway asks each service
    // for its health some twenty times.
    eventually("ten probes have gone by", Duration::from_mins(2), || async {
        assert_eq!(system.api().request("GET", "/readyz").send().await.unwrap().status(), 200);
        (probes(&system).await >= start + 10).then_some(())
    })
    .await;
    let last = marker(&system, &collector).await;
    let idle: Vec<_> =
        collector.all().into_iter().skip(before).filter(|span| span.trace_id != last).collect();
    assert!(idle.is_empty(), "{idle:#?}");
    // What comes round more rarely was there at the start.
    let keys: Vec<_> = collector.all().into_iter().filter(|span| span.name.contains("GetKeySet")).collect();
    assert!(keys.is_empty(), "{keys:#?}");
}

#[tokio::test]
async fn the_callers_trace_runs_over_every_hop_to_the_smtp_reply() {
    let collector = Collector::start().await;
    let system = System::start(Options {
        environment: vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()),
            ("OTEL_BSP_SCHEDULE_DELAY", "200".to_owned()),
        ],
        ..Options::default()
    })
    .await;
    let account = Account::new("en");
    let trace_id = uuid::Uuid::now_v7().simple().to_string();
    let caller = "00f067aa0ba902b7";
    let response = system
        .api()
        .request("POST", "/v1/auth/register")
        .header("traceparent", format!("00-{trace_id}-{caller}-01"))
        .json(&account.registration())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 202);
    let mail = system.inbox().wait_for(&account.email, 1, Duration::from_secs(10)).await.remove(0);
    assert_eq!(mail.header("X-Trace-Id"), trace_id);

    let spans = eventually("the SMTP span is exported", Duration::from_secs(20), || async {
        let spans = collector.trace(&trace_id);
        spans
            .iter()
            .any(|span| span.kind == CLIENT && span.name.to_lowercase().contains("smtp"))
            .then_some(spans)
    })
    .await;
    let child_of = |parent: &str, kind: i32, name: &str| -> ReceivedSpan {
        let found =
            spans.iter().find(|s| s.parent_span_id == parent && s.kind == kind && s.name.contains(name));
        found.cloned().unwrap_or_else(|| panic!("no {name:?} of kind {kind} below {parent} in {spans:#?}"))
    };
    let http = child_of(caller, SERVER, "POST /v1/auth/register");
    let client = child_of(&http.span_id, CLIENT, "fitness.user.v1.AuthService/Register");
    let server = child_of(&client.span_id, SERVER, "fitness.user.v1.AuthService/Register");
    let descends = |span: &ReceivedSpan, ancestor: &str| {
        let mut at = span.parent_span_id.clone();
        while at != ancestor {
            match spans.iter().find(|candidate| candidate.span_id == at) {
                Some(parent) => at = parent.parent_span_id.clone(),
                None => return false,
            }
        }
        true
    };
    // What notify-svc reports of the mail continues the same trace on a topic of its own.
    let is_user_event =
        |span: &&ReceivedSpan| span.kind == PRODUCER && span.name == "send fitness.user.events";
    let sends: Vec<_> = spans.iter().filter(is_user_event).collect();
    assert_eq!(sends.len(), 2, "UserRegistered and OneTimeCodeIssued");
    assert!(sends.iter().all(|send| descends(send, &server.span_id)));
    // The live feed and workout-svc read the topic too.
    let in_notify_svc = |span: &&ReceivedSpan| {
        span.kind == CONSUMER && span.attributes["messaging.consumer.group.name"] == "notify-svc"
    };
    let process = spans
        .iter()
        .filter(in_notify_svc)
        .find(|span| sends.iter().any(|send| send.span_id == span.parent_span_id))
        .expect("a consumer span below a producer span");
    assert_eq!(process.name, "process fitness.user.events");
    let smtp =
        spans.iter().find(|span| span.kind == CLIENT && span.name.to_lowercase().contains("smtp")).unwrap();
    assert!(
        spans.iter().filter(in_notify_svc).any(|consumer| descends(smtp, &consumer.span_id)),
        "SMTP is below the consumer"
    );

    // Everything that was exported, of every trace, is free of personal data.
    for span in collector.all() {
        let text = format!("{span:?}");
        assert!(!text.contains(&account.email) && !text.contains(&account.password), "{text}");
    }
}
