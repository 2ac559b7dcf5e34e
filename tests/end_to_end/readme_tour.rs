//! The tour of the README, typed as it stands there, and its answers compared with what the page shows.

use std::collections::BTreeSet;
use std::process::Command;

use tokio_stream::StreamExt as _;
use tonic::transport::Endpoint;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::harness::{Options, System, read_topic};

const README: &str = include_str!("../../README.md");
/// Between the outputs of two commands.
const MARK: &str = "== the next command ==";
/// For a machine that is busy with other tests; the tour itself takes some ten seconds.
const LIMIT_SECONDS: &str = "300";

/// A command and what the page shows of its answer.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    command: String,
    shown: String,
}

/// What is typed begins with a dollar and goes on for as long as its quotes are open or its lines end in a backslash.
fn steps(page: &str) -> Vec<Step> {
    let tour =
        page.split("\n## ").find(|section| section.starts_with("A tour")).expect("the page has a tour");
    let mut steps: Vec<Step> = Vec::new();
    let mut open = false;
    for line in tour.lines() {
        if let Some(command) = line.strip_prefix("    $ ") {
            steps.push(Step { command: command.to_owned(), shown: String::new() });
        } else if let (Some(step), Some(text)) = (steps.last_mut(), line.strip_prefix("    ")) {
            let place = if open { &mut step.command } else { &mut step.shown };
            place.push('\n');
            place.push_str(text);
            if !open {
                continue;
            }
        } else {
            continue;
        }
        open = steps.last().is_some_and(|step| is_open(&step.command));
    }
    steps
}

fn is_open(command: &str) -> bool {
    command.matches('\'').count() % 2 == 1 || command.ends_with('\\')
}

/// What of an answer is the same every time: names of fields, words in capitals, names of events and services, statuses.
fn constants(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
    let words = text.split(|letter: char| !is_part(letter)).filter(|word| word.len() > 2);
    let is_constant = |word: &&str| {
        let is_name = word.contains('_') && !word.contains(|letter: char| letter.is_ascii_digit());
        let is_type =
            word.starts_with("fitness.") || word.starts_with("grpc.") || word.starts_with("Workout");
        let is_shouted = word.len() > 3 && word.chars().all(|letter| letter.is_ascii_uppercase());
        (is_name && word.is_ascii() && !word.starts_with('_') && !word.contains('-')) || is_type || is_shouted
    };
    words.filter(is_constant).map(str::to_owned).collect()
}

fn has(tool: &str) -> bool {
    Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap().status.success()
}

/// The services that a server lists, as grpcurl asks for them.
async fn reflected(address: &str) -> BTreeSet<String> {
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(channel);
    let answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap();
    match answers.into_inner().next().await.unwrap().unwrap().message_response {
        Some(MessageResponse::ListServicesResponse(list)) => {
            list.service.into_iter().map(|service| service.name).collect()
        }
        other => panic!("no list of services: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_works_as_it_is_typed() {
    assert!(has("jq") && has("curl"), "the tour needs jq and curl: apt install jq curl, or brew install jq");
    let system = System::start(Options::default()).await;
    let user_svc = system.user_svc();
    let here = [
        ("http://127.0.0.1:8080", system.rest()),
        ("http://127.0.0.1:8025", system.inbox().base().to_owned()),
        ("127.0.0.1:50051", user_svc.clone()),
        ("127.0.0.1:9092", system.kafka().to_owned()),
    ];
    let steps = steps(README);
    assert!(steps.len() > 20, "the tour has only {} commands", steps.len());
    let (typed, optional): (Vec<_>, Vec<_>) = steps.iter().partition(|step| {
        !["grpcurl", "kcat"].iter().any(|tool| step.command.starts_with(tool) && !has(tool))
    });

    let script: Vec<_> =
        typed.iter().map(|step| format!("{}\necho; echo '{MARK}'\n", step.command)).collect();
    let script = here.iter().fold(script.concat(), |script, (page, real)| script.replace(page, real));
    let run = tokio::task::spawn_blocking(move || {
        Command::new("timeout").args([LIMIT_SECONDS, "bash", "-c", &script]).output().unwrap()
    });
    let run = run.await.unwrap();
    let output = String::from_utf8_lossy(&run.stdout).into_owned();
    let errors = String::from_utf8_lossy(&run.stderr).into_owned();
    let answers: Vec<_> = output.split(MARK).collect();
    assert_eq!(answers.len(), typed.len() + 1, "{output}\n{errors}");
    for (step, answer) in typed.iter().zip(&answers) {
        let (expected, found) = (constants(&step.shown), constants(answer));
        let missing: Vec<_> = expected.difference(&found).collect();
        assert!(missing.is_empty(), "{}\nanswers without {missing:?}:\n{answer}\n{errors}", step.command);
        assert_eq!(step.shown.trim().is_empty(), answer.trim().is_empty(), "{}: {answer}", step.command);
    }

    // What the tools would list, where they are missing.
    for step in optional {
        if step.command.ends_with(" list") {
            let shown: BTreeSet<_> = step.shown.split_whitespace().map(str::to_owned).collect();
            assert_eq!(shown, reflected(&user_svc).await);
        } else if step.command.starts_with("kcat") {
            let named = |text: &str| -> BTreeSet<String> {
                constants(text).into_iter().filter(|word| word.starts_with("fitness.user.v1.")).collect()
            };
            let wanted = named(&step.shown.replace(['=', ','], " "));
            assert!(wanted.len() >= 4, "{wanted:?}");
            let told = |records: &[crate::harness::Record]| {
                records.iter().map(|record| record.headers["ce_type"].clone()).collect::<BTreeSet<_>>()
            };
            read_topic(system.kafka(), "fitness.user.events", |records| told(records).is_superset(&wanted))
                .await;
        }
    }
}

#[test]
fn commands_and_answers_are_told_apart() {
    let page = "\n## A tour\n\n    $ one -d '{\n        2}' \\\n        | three\n    answer\n      more\n\ntext\n    $ four\n## Next\n    $ no";
    let expected = [("one -d '{\n    2}' \\\n    | three", "\nanswer\n  more"), ("four", "")];
    let expected: Vec<_> = expected
        .iter()
        .map(|(command, shown)| Step { command: (*command).to_owned(), shown: (*shown).to_owned() })
        .collect();
    assert_eq!(steps(page), expected);
}
