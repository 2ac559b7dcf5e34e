//! Who publishes and who listens, by what the services say of themselves and by where their files stand.

use std::fs;
use std::path::{Path, PathBuf};

use chassis::config::Settings;
use chassis::process::Service;
use notify_svc::events::REQUESTS;
use prost_reflect::MessageDescriptor;

/// A consumer of events.
pub(super) struct Listener {
    pub(super) topics: &'static [&'static str],
    service: &'static str,
    group: String,
    knows: Knows,
}

/// How it shows in the source what a service does with an event.
enum Knows {
    /// One file for each event, named after it; the function reads in it what follows.
    ByFile(PathBuf, fn(&str) -> &'static str),
    /// One list of all events.
    ByList(String),
}

impl Listener {
    fn of<S: Service>(group_setting: &str, effect: fn(&str) -> &'static str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(S::NAME).join("src/events");
        let group = format!("group `{}`, by `{group_setting}`", default_of::<S>(group_setting));
        Self { topics: S::LISTENS_TO, service: S::NAME, group, knows: Knows::ByFile(folder, effect) }
    }

    /// Its name and group, for the table of topics.
    pub(super) fn described(&self) -> String {
        format!("{} ({})", self.service, self.group)
    }

    /// What it does with an event, if anything.
    pub(super) fn effect(&self, event: &MessageDescriptor) -> Option<&'static str> {
        match &self.knows {
            Knows::ByFile(folder, effect) => {
                let source = fs::read_to_string(folder.join(snake_case(event.name()) + ".rs"));
                source.ok().map(|source| effect(&source))
            }
            Knows::ByList(list) => list
                .contains(&format!("{:?}", event.full_name()))
                .then_some("the gateway shows it in the live feed"),
        }
    }
}

/// That of requests it reads where somebody is listed who may ask.
const OF_NOTIFY_SVC: [&str; 3] = {
    let [user, workout] = notify_svc::events::TOPICS;
    [user, workout, REQUESTS]
};

pub(super) fn listeners() -> Vec<Listener> {
    vec![
        Listener::of::<user_svc::Process>("USER_SVC_KAFKA_GROUP", |_| "user-svc changes the account"),
        Listener::of::<workout_svc::Process>(
            "WORKOUT_SVC_KAFKA_GROUP",
            |_| "workout-svc changes the athlete",
        ),
        Listener {
            topics: &OF_NOTIFY_SVC,
            ..Listener::of::<notify_svc::Process>("KAFKA_GROUP", |source| match source {
                _ if source.contains("Effect::Nothing") => "notify-svc writes a mail in some cases",
                _ if source.contains("Effect::Notify") => "notify-svc writes a mail",
                _ if source.contains("Effect::Erase") => "notify-svc erases the person",
                _ => "notify-svc keeps what its mails need",
            })
        },
        Listener {
            topics: gateway::Process::LISTENS_TO,
            service: gateway::Process::NAME,
            group: "a group of each process's own".to_owned(),
            knows: Knows::ByList(feed_catalogue()),
        },
    ]
}

/// The list of the events that the feed shows.
fn feed_catalogue() -> String {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../gateway/src/feed/catalogue.rs");
    let source = fs::read_to_string(source).expect("the feed has a list of events");
    let (_, list) = source.split_once("const CATALOGUE").expect("the list has this name");
    list.split_once("\n];").expect("the list has an end").0.to_owned()
}

/// The service that publishes on a topic.
pub(super) fn publisher(topic: &str) -> &'static str {
    if topic == REQUESTS {
        return "backends listed in `MAIL_REQUEST_PUBLIC_KEYS`";
    }
    let services = [
        (user_svc::Process::NAME, user_svc::Process::PUBLISHES),
        (workout_svc::Process::NAME, workout_svc::Process::PUBLISHES),
        (notify_svc::Process::NAME, notify_svc::Process::PUBLISHES),
    ];
    let mut publishers = services.iter().filter(|(_, topics)| topics.contains(&topic));
    let (service, _) = publishers.next().expect("every topic has a publisher");
    assert!(publishers.next().is_none(), "a topic has one publisher");
    service
}

/// What a service is made of, without the part that listens.
pub(super) fn sources(service: &str) -> String {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(service).join("src")];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a service has sources") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() && !path.ends_with("events") && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
                text += &fs::read_to_string(path).expect("a source is text");
            }
        }
    }
    text
}

fn default_of<S: Service>(setting: &str) -> String {
    let mut settings = Settings::from_pairs::<&str, &str>([]);
    let _ = S::config(&mut settings);
    let (read, _) = settings.report();
    let setting = read.into_iter().find(|read| read.name == setting).expect("the service reads its group");
    setting.default.expect("a group has a default")
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
