//! Where addresses, passwords, codes and tokens must not turn up.

use std::fmt::Write as _;

use embedded::postgres::Cluster;
use prost::Name as _;

use super::database::Databases;
use super::story::Story;
use crate::harness::{Collector, System, http, records_of};

/// Where the address of a person is the data.
const HOMES_OF_ADDRESSES: [&str; 5] = [
    "user_svc.public.users",
    "user_svc.outbox.events",
    "notify_svc.public.recipients",
    "notify_svc.public.notifications",
    // The mailbox of the installation keeps it in files, not here.
    "notify_svc.public.mailbox",
];

/// What can be read by who operates the system: logs, spans, metrics.
async fn readable(system: &System, collector: &Collector) -> String {
    let mut text = system.log();
    for service in ["gateway", "user-svc", "workout-svc", "notify-svc"] {
        text += &http().get(system.metrics(service)).send().await.unwrap().text().await.unwrap();
    }
    let spans = collector.all();
    assert!(spans.len() > 100, "the spans are exported");
    for span in spans {
        writeln!(text, "span {} {:?}", span.name, span.attributes).unwrap();
    }
    text
}

/// Whether six digits stand alone and are no fraction of a second.
fn holds_code(line: &str, code: &str) -> bool {
    line.match_indices(code).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + code.len()..].chars().next();
        let part_of_more =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
        !part_of_more(before) && !part_of_more(after)
    })
}

pub(super) async fn assert_hidden(story: &Story, system: &System, collector: &Collector, cluster: &Cluster) {
    let address = story.person.account.email.clone();
    let text = readable(system, collector).await;
    assert!(text.contains(" TRACE ") || text.contains("TRACE"), "everything is logged that can be");
    assert!(!text.contains("panicked at"), "something panicked");
    let everywhere = story.secrets.iter().map(|(what, secret)| (*what, secret.as_str()));
    for (what, secret) in everywhere.clone().chain([("the address", address.as_str())]) {
        let lines: Vec<_> = text.lines().filter(|line| line.contains(secret)).take(3).collect();
        assert!(lines.is_empty(), "{what} is readable: {lines:#?}");
    }
    for code in &story.codes {
        let lines: Vec<_> = text.lines().filter(|line| holds_code(line, code)).take(3).collect();
        assert!(lines.is_empty(), "a code is readable: {lines:#?}");
    }

    let databases = Databases::connect(|name| cluster.url(name)).await;
    for table in databases.tables_with(&address).await {
        assert!(HOMES_OF_ADDRESSES.contains(&table.as_str()), "{table} holds an address");
    }
    for (what, secret) in everywhere.clone() {
        assert_eq!(databases.tables_with(secret).await, Vec::<String>::new(), "{what} is stored");
    }

    let homes = [
        fitness_proto::fitness::user::v1::UserRegistered::full_name(),
        fitness_proto::fitness::user::v1::UserProfileUpdated::full_name(),
    ];
    let mut seen = 0;
    for topic in ["fitness.user.events", "fitness.workout.events", "fitness.notification.events"] {
        for record in records_of(system.kafka(), topic, &story.person.user_id).await {
            seen += 1;
            let holds = |secret: &str| {
                let bytes = secret.as_bytes();
                record.payload.windows(bytes.len()).any(|window| window == bytes)
                    || record.headers.values().any(|value| value.contains(secret))
            };
            let event_type = &record.headers["ce_type"];
            for (what, secret) in everywhere.clone() {
                assert!(!holds(secret), "{event_type} holds {what}");
            }
            for code in &story.codes {
                assert!(!holds(code), "{event_type} holds a code");
            }
            assert!(!holds(&address) || homes.contains(event_type), "{event_type} holds an address");
        }
    }
    assert!(seen > 15, "only {seen} records of the person: the topics are not read");
}
