//! `config`, `--help`, and what a wrong configuration makes of a start.

use std::io::Write as _;

use crate::SUBJECT;
use crate::binary::{run, serving};

#[tokio::test]
async fn every_setting_is_shown_with_its_origin_and_no_secret_is() {
    let (mut environment, ops) = serving(Vec::new());
    environment.push(("DATABASE_URL", "postgres://me:hunter2@db.example.org/data".to_owned()));
    environment.push(("SMTP_USER", "me".to_owned()));
    environment.push(("SMTP_PASS", "hunter3".to_owned()));
    environment.push(("PLANNER_MODEL_URL", "http://127.0.0.1:9/v1".to_owned()));
    environment.push(("PLANNER_MODEL_NAME", "a-model".to_owned()));
    environment.push(("PLANNER_MODEL_KEY", "hunter4".to_owned()));
    environment.push(("FILES_S3_SECRET_ACCESS_KEY", "hunter5".to_owned()));
    environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317".to_owned()));
    let mut secrets: Vec<String> = (2..=5).map(|number| format!("hunter{number}")).collect();
    let names: Vec<_> = (SUBJECT.secrets)().into_iter().map(|(name, _)| name).collect();
    let own = environment.iter().filter(|(name, _)| names.contains(name));
    secrets.extend(own.flat_map(|(_, value)| value.lines().map(str::to_owned)));

    let shown = run(&["config"], environment).await;
    assert_eq!(shown.code, Some(0), "{}", shown.text());
    for secret in secrets {
        assert!(!shown.text().contains(&secret), "a secret is shown: {}", shown.text());
    }
    let row = |name: &str| {
        let mut rows = shown.stdout.lines().filter(|row| row.split_whitespace().next() == Some(name));
        let row = rows.next().unwrap_or_else(|| panic!("{name} is not in\n{}", shown.stdout));
        row.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row(SUBJECT.ops_addr), format!("{ops} environment"));
    assert_eq!(row("LOG_LEVEL"), "info default");
    assert_eq!(row("OTEL_EXPORTER_OTLP_ENDPOINT"), "http://collector:4317 environment");
    for name in names {
        assert_eq!(row(name), "set environment");
    }
}

#[tokio::test]
async fn values_from_files_are_shown_with_the_file() {
    let mut secret = tempfile::NamedTempFile::new().unwrap();
    secret.write_all(b"http://collector:4317\n").unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"log_format = \"json\"\n").unwrap();
    let (mut environment, _) = serving(Vec::new());
    let (secret, file) = (secret.path().to_str().unwrap(), file.path().to_str().unwrap());
    environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT_FILE", secret.to_owned()));
    let shown = run(&["--config", file, "config"], environment).await;
    assert_eq!(shown.code, Some(0), "{}", shown.text());
    assert!(
        shown.stdout.contains(&format!("OTEL_EXPORTER_OTLP_ENDPOINT_FILE, {secret}")),
        "{}",
        shown.stdout
    );
    let json = shown.stdout.lines().find(|row| row.starts_with("LOG_FORMAT")).unwrap();
    assert!(json.contains(" json ") && json.ends_with(file), "{json}");
}

#[tokio::test]
async fn what_is_wrong_stands_at_the_end_and_the_rest_is_shown_all_the_same() {
    let (mut environment, _) = serving(Vec::new());
    environment.push((SUBJECT.ops_addr, "here".to_owned()));
    environment.push(("LOG_FORMAT", "poetry".to_owned()));
    let shown = run(&["config"], environment.clone()).await;
    assert_eq!(shown.code, Some(1));
    assert!(shown.stdout.contains("OTEL_SERVICE_NAME"), "{}", shown.stdout);
    let started = run(&["serve"], environment).await;
    assert_eq!(started.code, Some(1));
    assert_eq!(shown.stderr, started.stderr, "the start says the same");
    for name in [SUBJECT.ops_addr, "LOG_FORMAT", "2 problem"] {
        assert!(shown.stderr.contains(name), "{name} is not in {}", shown.stderr);
    }
}

#[tokio::test]
async fn the_help_teaches_every_command() {
    let help = run(&["--help"], Vec::new()).await;
    assert_eq!(help.code, Some(0));
    for command in ["serve", "migrate", "topics", "healthcheck", "config"] {
        assert!(help.stdout.lines().any(|line| line.trim_start().starts_with(command)), "{}", help.stdout);
        assert!(run(&[command, "--help"], Vec::new()).await.code == Some(0));
    }
    assert!(help.stdout.contains(&format!("{} migrate", SUBJECT.name)), "{}", help.stdout);
}

#[tokio::test]
async fn an_unknown_command_is_refused() {
    let refused = run(&["destroy"], Vec::new()).await;
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("destroy"), "{}", refused.stderr);
}

/// As the services before took them: accepted, and told with the name to use.
#[tokio::test]
async fn old_names_of_settings_are_accepted_and_told_at_the_start() {
    let (mut environment, _) = serving(Vec::new());
    environment.retain(|(name, _)| *name != "KAFKA_BROKERS");
    environment.push(("MESSAGE_BROKER_URL", "kafka://127.0.0.1:1".to_owned()));
    environment.push(("KAFKA_TOPIC", "emails".to_owned()));
    let shown = run(&["config"], environment.clone()).await;
    assert_eq!(shown.code, Some(0), "{}", shown.text());
    let brokers = shown.stdout.lines().find(|row| row.starts_with("KAFKA_BROKERS")).unwrap();
    assert!(brokers.contains(" 127.0.0.1:1 "), "{brokers}");

    // An address that nobody can listen on ends the start after the telling.
    environment.push((SUBJECT.listeners[0], "192.0.2.1:1".to_owned()));
    let told = run(&["serve"], environment).await;
    assert_ne!(told.code, Some(0));
    for word in ["MESSAGE_BROKER_URL", "KAFKA_BROKERS", "KAFKA_TOPIC"] {
        assert!(told.text().contains(word), "{word} is not told: {}", told.text());
    }
}
