//! The page docs/events.md, made from the contracts and from what the services say of themselves.

mod contracts;
mod listeners;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Result, Write as _};

use notify_svc::notification::{Need, Template};
use prost_reflect::{DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use self::contracts::Contracts;
use self::listeners::{Listener, listeners, publisher};

/// What does not follow from the contracts; the tables go between the two.
const BEFORE: &str = include_str!("events_page/before.md");
const REQUESTS: &str = include_str!("events_page/requests.md");
const AFTER: &str = include_str!("events_page/after.md");

/// `UPDATE_PAGES=1 cargo test -p standalone --lib` writes the page anew.
#[test]
fn the_page_of_events_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/events.md");
    let page = page();
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(path, &page).expect("the page can be written");
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == page,
        "docs/events.md is not what the contracts say; UPDATE_PAGES=1 writes it anew"
    );
}

#[test]
fn everything_on_the_page_has_a_comment() {
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let bare: Vec<_> = rows.filter(|row| row.trim_end_matches('|').trim_end().ends_with('|')).collect();
    assert!(bare.is_empty(), "{bare:#?}");
}

/// An event that nobody writes would be a promise to whoever listens.
#[test]
fn every_event_is_published_by_the_owner_of_its_topic() {
    let pool = DescriptorPool::decode(fitness_proto::DESCRIPTOR_SET).expect("the build made the descriptors");
    let mut events_found = 0;
    for (topic, events) in Contracts::new(&pool).events_by_topic() {
        if topic == notify_svc::events::REQUESTS {
            continue;
        }
        let sources = listeners::sources(publisher(&topic));
        for event in events {
            assert!(sources.contains(&format!("{} {{", event.name())), "{} is never made", event.full_name());
            events_found += 1;
        }
    }
    assert!(events_found > 20, "only {events_found} events were found");
}

fn page() -> String {
    let pool = DescriptorPool::decode(fitness_proto::DESCRIPTOR_SET).expect("the build made the descriptors");
    let mut text = String::from(BEFORE);
    write_events(&mut text, &Contracts::new(&pool)).expect("a string takes whatever is written");
    write_requests(&mut text).expect("a string takes whatever is written");
    text + AFTER
}

/// The mails that other backends may ask for.
fn write_requests(text: &mut String) -> Result {
    writeln!(text, "{REQUESTS}\n| Template | Variables |\n|---|---|")?;
    for template in Template::ALL {
        let Some(needs) = template.needs_of_others() else { continue };
        let needs = needs.iter().map(|(name, need)| match need {
            Need::Text(most) => format!("`{name}`: text of at most {most} characters"),
            Need::Maybe(most) => format!("`{name}`, optional: text of at most {most} characters"),
            Need::Time => format!("`{name}`: time, RFC 3339"),
        });
        writeln!(text, "| `{}` | {} |", template.name(), needs.collect::<Vec<_>>().join("; "))?;
    }
    Ok(())
}

fn write_events(text: &mut String, contracts: &Contracts) -> Result {
    let listeners = listeners();
    let topics = contracts.events_by_topic();
    writeln!(text, "| Topic | Published by | Listened to by |\n|---|---|---|")?;
    for topic in topics.keys() {
        let groups = listeners.iter().filter(|listener| listener.topics.contains(&topic.as_str()));
        let groups: Vec<_> = groups.map(Listener::described).collect();
        writeln!(text, "| `{topic}` | {} | {} |", publisher(topic), groups.join(", "))?;
    }
    for (topic, events) in &topics {
        writeln!(text, "\n## {topic}")?;
        let mut parts = Parts::default();
        for event in events {
            write_event(text, contracts, &listeners, event)?;
            parts.of(event);
        }
        for message in parts.messages.values() {
            writeln!(
                text,
                "\n### {}\n\nA part of events above. {}",
                message.name(),
                contracts.message(message)
            )?;
            write_fields(text, contracts, message)?;
        }
        for choice in parts.enums.values() {
            writeln!(text, "\n### {}\n\n{}\n", choice.name(), contracts.choice(choice))?;
            writeln!(text, "| Value | Number | Meaning |\n|---|---|---|")?;
            for value in choice.values() {
                writeln!(text, "| `{}` | {} | {} |", value.name(), value.number(), contracts.value(&value))?;
            }
        }
    }
    Ok(())
}

fn write_event(
    text: &mut String,
    contracts: &Contracts,
    listeners: &[Listener],
    event: &MessageDescriptor,
) -> Result {
    writeln!(text, "\n### {}\n\n{}\n", event.name(), contracts.message(event))?;
    let acting: Vec<_> = listeners.iter().filter_map(|listener| listener.effect(event)).collect();
    let acting =
        if acting.is_empty() { "Nobody here acts on it.".to_owned() } else { acting.join("; ") + "." };
    writeln!(text, "`ce_type`: `{}` · key: `{}` · {acting}", event.full_name(), contracts.key(event).name())?;
    write_fields(text, contracts, event)
}

fn write_fields(text: &mut String, contracts: &Contracts, message: &MessageDescriptor) -> Result {
    writeln!(text, "\n| Field | Number | Type | Meaning |\n|---|---|---|---|")?;
    for field in message.fields() {
        let meaning = contracts.field(&field);
        writeln!(text, "| `{}` | {} | {} | {meaning} |", field.name(), field.number(), kind(&field))?;
    }
    Ok(())
}

fn kind(field: &FieldDescriptor) -> String {
    let kind = match field.kind() {
        Kind::Message(message) if message.package_name() == "google.protobuf" => message.name().to_owned(),
        Kind::Message(message) => linked(message.name()),
        Kind::Enum(choice) => linked(choice.name()),
        simple => format!("{simple:?}").to_lowercase(),
    };
    if field.is_list() { format!("list of {kind}") } else { kind }
}

fn linked(name: &str) -> String {
    format!("[{name}](#{})", name.to_lowercase())
}

/// The messages and enums that events are made of.
#[derive(Default)]
struct Parts {
    messages: BTreeMap<String, MessageDescriptor>,
    enums: BTreeMap<String, EnumDescriptor>,
    seen: BTreeSet<String>,
}

impl Parts {
    fn of(&mut self, message: &MessageDescriptor) {
        if !self.seen.insert(message.full_name().to_owned()) {
            return;
        }
        for field in message.fields() {
            match field.kind() {
                Kind::Message(part) if part.package_name() != "google.protobuf" => {
                    self.of(&part);
                    self.messages.insert(part.name().to_owned(), part);
                }
                Kind::Enum(choice) => {
                    self.enums.insert(choice.name().to_owned(), choice);
                }
                _ => {}
            }
        }
    }
}
