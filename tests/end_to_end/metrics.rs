//! deploy/observability/metrics.md lists what the running system exports, no more and no less. The checks of dashboards
//! and alerts hold these against the page, so that none of them can name a metric or a label that is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::json;

use crate::harness::{Feed, Options, Person, System, eventually, http};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/observability/metrics.md");
const SERVICES: [&str; 4] = ["gateway", "user-svc", "workout-svc", "notify-svc"];
/// A reminder is due at a full minute, and its mail follows.
const LIMIT: Duration = Duration::from_secs(100);

/// What is known of a metric.
#[derive(Clone, Debug, Default)]
struct Metric {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

/// Reads the Prometheus text format (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
fn read(text: &str, metrics: &mut BTreeMap<String, Metric>) {
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name) = (words.next().unwrap(), words.next().unwrap());
            let rest = words.next().unwrap_or_default().to_owned();
            let metric = metrics.entry(name.to_owned()).or_default();
            match what {
                "TYPE" => metric.kind = rest,
                "HELP" => metric.help = rest,
                _ => {}
            }
            continue;
        }
        let (series, _value) = line.rsplit_once(' ').expect("a sample has a value");
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let owner = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|suffix| name.strip_suffix(suffix))
            .find(|base| metrics.get(*base).is_some_and(|metric| metric.kind == "histogram"))
            .unwrap_or(name)
            .to_owned();
        let metric = metrics.get_mut(&owner).unwrap_or_else(|| panic!("{name} has no TYPE line"));
        metric.labels.extend(label_names(labels));
    }
}

/// The names in `a="1",b="x\"y"}`.
fn label_names(mut rest: &str) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((name, value)) = rest.split_once("=\"") {
        names.push(name.trim_start_matches(',').to_owned());
        let mut escaped = false;
        let end = value.char_indices().find(|(_, char)| {
            let ends = *char == '"' && !escaped;
            escaped = *char == '\\' && !escaped;
            ends
        });
        rest = &value[end.expect("a label's value ends").0 + 1..];
    }
    names
}

/// The page.
fn page(metrics: &BTreeMap<String, Metric>) -> String {
    let mut text = "# Metrics\n\n\
        What the services answer at `/metrics` on their ops ports. `le` of histograms and `otel_scope_name`, the part of \
        the\ncode that counts, are left out. Prometheus adds `job`, the service, and `instance`, the process.\n\n\
        This page is made from the running system; an end-to-end test compares the two, and the checks of dashboards \
        and\nalerts hold these against it.\n\n\
        | Metric | Type | Labels | Meaning |\n|---|---|---|---|\n"
        .to_owned();
    for (name, Metric { kind, help, labels }) in metrics {
        let left_out = ["le", "otel_scope_name"];
        let labels: Vec<_> = labels
            .iter()
            .filter(|label| !left_out.contains(&label.as_str()))
            .map(|l| format!("`{l}`"))
            .collect();
        writeln!(text, "| `{name}` | {kind} | {} | {help} |", labels.join(", ")).unwrap();
    }
    text
}

async fn scrape(system: &System) -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::new();
    for service in SERVICES {
        let response = http().get(system.metrics(service)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        read(&response.text().await.unwrap(), &mut metrics);
    }
    metrics
}

/// A workout, a generated routine and a reminder that is due soon.
async fn train(person: &Person) {
    let workout = person.post("/v1/workouts", &json!({ "name": "Monday" })).await;
    let path = format!("/v1/workouts/{}", workout["workout_id"].as_str().unwrap());
    let exercise = person.get("/v1/exercises?equipment=EQUIPMENT_BARBELL&page_size=1").await;
    let set = json!({ "exercise_id": exercise["exercises"][0]["exercise_id"], "reps": 5, "weight_kg": 60 });
    person.post(&format!("{path}/sets"), &set).await;
    person.post(&format!("{path}:finish"), &json!({})).await;
    let wishes = json!({
        "goal": "GOAL_STRENGTH",
        "level": "LEVEL_BEGINNER",
        "days_per_week": 3,
        "equipment": ["EQUIPMENT_BARBELL", "EQUIPMENT_BENCH"],
        "session_minutes": 60,
    });
    person.post("/v1/routines:generate", &wishes).await;
    let due = Utc::now() + TimeDelta::seconds(65);
    let reminder = json!({
        "message": "Leg day",
        "time_of_day": due.format("%H:%M").to_string(),
        "time_zone": "UTC",
    });
    person.post("/v1/reminders", &reminder).await;
}

/// Something on a topic that is no event, as some other program could put it there.
async fn publish_rubbish(system: &System) {
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", system.kafka()).create().unwrap();
    let record = FutureRecord::to("fitness.user.events").key("nobody").payload("no event");
    producer.send(record, LIMIT).await.unwrap();
}

#[tokio::test]
async fn the_page_of_metrics_lists_what_the_running_system_exports() {
    let system = System::start(Options::default()).await;
    let person = Person::join(&system, "en").await;
    let _feed = Feed::open(&person).await;
    publish_rubbish(&system).await;
    train(&person).await;

    // Written with UPDATE_PAGES=1; then it is read what changed, and committed.
    let update = std::env::var_os("UPDATE_PAGES").is_some();
    // What takes longest comes by the clock or by way of the dead letters.
    let late = ["workout_announcement_delay_seconds", "notify_dead_letters"];
    let metrics = eventually("everything has been exported", LIMIT, || async {
        let metrics = scrape(&system).await;
        late.iter().all(|name| metrics.contains_key(*name)).then_some(metrics)
    })
    .await;
    let exported = page(&metrics);
    if update {
        std::fs::write(PAGE, &exported).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        written == exported,
        "deploy/observability/metrics.md is not what the system exports; UPDATE_PAGES=1 writes it anew.\n{}",
        difference(&written, &exported)
    );
    assert_eq!(faults(&metrics), [""; 0], "`promtool check metrics` says so too");
    assert_nothing_personal(&person, &system).await;
}

/// What `promtool check metrics` finds fault with
/// (<https://github.com/prometheus/prometheus/tree/main/util/promlint>).
fn faults(metrics: &BTreeMap<String, Metric>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, Metric { kind, help, labels }) in metrics {
        let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
        let mut check = |is_fault: bool, fault: &str| {
            if is_fault {
                faults.push(format!("{name}: {fault}"));
            }
        };
        check(help.is_empty(), "no help");
        check((kind == "counter") != ends(&["_total"]), "a counter ends in _total, and nothing else does");
        check(
            kind != "histogram" && (ends(&["_count", "_sum", "_bucket"]) || labels.contains("le")),
            "_count, _sum, _bucket and le are for histograms",
        );
        check(
            ends(&[
                "_ms",
                "_milliseconds",
                "_us",
                "_minutes",
                "_hours",
                "_kilobytes",
                "_megabytes",
                "_percent",
            ]),
            "no base unit",
        );
        check(ends(&["_gauge", "_counter", "_histogram"]), "the type does not belong into the name");
        check(name.contains(':') || name.contains(char::is_uppercase), "a name in snake_case");
    }
    faults
}

#[test]
fn a_gauge_that_calls_itself_a_count_is_a_fault() {
    let mut metrics = BTreeMap::new();
    let text = "# HELP a_count Things.\n# TYPE a_count gauge\na_count 3\n\
                # TYPE b_ms counter\nb_ms 3\n\
                # HELP good_total Things.\n# TYPE good_total counter\ngood_total 3\n\
                # HELP c_seconds Time.\n# TYPE c_seconds histogram\nc_seconds_count 1\n";
    read(text, &mut metrics);
    let names: Vec<_> =
        faults(&metrics).iter().map(|fault| fault.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["a_count", "b_ms", "b_ms", "b_ms"]);
}

/// The lines that only one of the two has.
fn difference(written: &str, exported: &str) -> String {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (written.lines().collect(), exported.lines().collect());
    let gone = old.difference(&new).map(|line| format!("- {line}\n"));
    let come = new.difference(&old).map(|line| format!("+ {line}\n"));
    gone.chain(come).collect()
}

async fn assert_nothing_personal(person: &Person, system: &System) {
    for service in SERVICES {
        let text = http().get(system.metrics(service)).send().await.unwrap().text().await.unwrap();
        for secret in [&person.account.email, &person.user_id, &person.access_token] {
            assert!(!text.contains(secret.as_str()), "{service} exports {secret}");
        }
    }
}

#[test]
fn a_metric_that_only_one_side_knows_is_a_difference() {
    let mut metrics = BTreeMap::new();
    let text = "# HELP a_total Things.\n# TYPE a_total counter\na_total{x=\"1\",y=\"b\\\",z=\\\\\"} 3\n\
                # HELP b_seconds Time.\n# TYPE b_seconds histogram\nb_seconds_bucket{le=\"+Inf\"} 1\nb_seconds_sum 2\n";
    read(text, &mut metrics);
    let names: Vec<_> = metrics.keys().map(String::as_str).collect();
    assert_eq!(names, ["a_total", "b_seconds"]);
    assert_eq!(metrics["a_total"].labels.iter().collect::<Vec<_>>(), ["x", "y"]);
    let whole = page(&metrics);
    metrics.remove("b_seconds");
    assert_eq!(difference(&whole, &page(&metrics)), "- | `b_seconds` | histogram |  | Time. |\n");
}
