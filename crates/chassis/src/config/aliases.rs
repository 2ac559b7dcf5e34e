//! Names of settings in the systems that Fitness Trainer took over. They are accepted, and told at start with the name
//! to use.

use super::Settings;

/// What an old setting meant.
enum Meaning {
    /// The same as this one.
    Is(&'static str),
    /// This one, made from the old value and from what else is set.
    Makes(&'static str, fn(&str, &Settings) -> Result<String, &'static str>),
    /// Nothing today.
    Nothing,
}

use Meaning::{Is, Makes, Nothing};

const ALIASES: [(&str, Meaning); 9] = [
    ("MAIL_HOST", Is("SMTP_HOST")),
    ("MAIL_PORT", Is("SMTP_PORT")),
    // Before MAIL_USER, which is the sender's address too.
    ("MAIL_FROM_NAME", Makes("EMAIL_FROM", sender)),
    ("MAIL_USER", Is("SMTP_USER")),
    ("MAIL_PASS", Is("SMTP_PASS")),
    ("MAILER_QUEUE_NAME", Is("KAFKA_GROUP")),
    ("JAEGER_ENDPOINT", Makes("OTEL_EXPORTER_OTLP_ENDPOINT", collector)),
    ("MESSAGE_BROKER_URL", Makes("KAFKA_BROKERS", brokers)),
    // The names of the topics are part of the contract: docs/events.md.
    ("KAFKA_TOPIC", Nothing),
];

/// An old name that is in use, and the one that takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldName {
    /// The name that was found.
    pub old: &'static str,
    /// The name to use, if there is one.
    pub new: Option<&'static str>,
    /// Whether the new one is set too, so that the old one is passed over.
    pub passed_over: bool,
}

impl Meaning {
    fn name(&self) -> Option<&'static str> {
        match self {
            Is(new) | Makes(new, _) => Some(new),
            Nothing => None,
        }
    }
}

impl OldName {
    /// Tells whoever looks at the log which name to use.
    pub fn tell(&self) {
        let Self { old, new, passed_over } = *self;
        match new {
            Some(new) if passed_over => {
                tracing::warn!(
                    old,
                    new,
                    "an old setting is passed over: the one that took its place is set too"
                );
            }
            Some(new) => {
                tracing::warn!(old, new, "an old setting is in use: set the one that took its place");
            }
            None => tracing::warn!(old, "an old setting means nothing any more: leave it out"),
        }
    }
}

impl Settings {
    /// Reads old names as the new ones, where the new ones are not set.
    pub(super) fn accept_old_names(&mut self) {
        for (old, meaning) in ALIASES {
            if !self.is_set(old) {
                continue;
            }
            let new = meaning.name();
            let passed_over = new.is_some_and(|new| self.is_set(new));
            self.old_names.push(OldName { old, new, passed_over });
            match meaning {
                Nothing => self.forget(old),
                Is(new) => self.rename(old, new),
                Makes(new, make) => {
                    let Some((value, _)) = self.lookup(old) else { continue };
                    self.forget(old);
                    match make(&value, self) {
                        Ok(value) => self.set_default(new, value),
                        Err(_) if passed_over => {}
                        Err(reason) => self.problem(format!("{old}: {reason}; set {new} instead")),
                    }
                }
            }
        }
    }

    /// The old names that were found.
    pub fn old_names(&self) -> &[OldName] {
        &self.old_names
    }

    /// Those of settings that have been read, and of none.
    pub fn old_names_in_use(&self) -> Vec<OldName> {
        let is_read = |name: &&OldName| name.new.is_none_or(|new| self.used.contains(new));
        self.old_names.iter().filter(is_read).copied().collect()
    }

    fn rename(&mut self, old: &str, new: &str) {
        let set = self.is_set(new);
        for ending in ["", "_FILE"] {
            if let Some(value) = self.environment.remove(&format!("{old}{ending}"))
                && !set
            {
                self.environment.insert(format!("{new}{ending}"), value);
            }
        }
        if let Some(value) = self.file.remove(old)
            && !set
        {
            self.file.insert(new.to_owned(), value);
        }
    }

    fn forget(&mut self, name: &str) {
        self.environment.remove(name);
        self.environment.remove(&format!("{name}_FILE"));
        self.file.remove(name);
    }
}

/// The old system sent as the user at the relay, under a name.
fn sender(name: &str, settings: &Settings) -> Result<String, &'static str> {
    let given = |name: &str| settings.environment.get(name).or_else(|| settings.file.get(name));
    let address = ["MAIL_USER", "SMTP_USER"].into_iter().filter_map(given).find(|user| user.contains('@'));
    let address = address.ok_or("it needs the sender's address, which MAIL_USER does not say")?;
    let plain: String = name.chars().filter(|letter| !matches!(letter, '"' | '\\' | '<' | '>')).collect();
    Ok(format!("\"{}\" <{address}>", plain.trim()))
}

/// Jaeger takes OTLP today; its own protocol is no longer spoken.
fn collector(url: &str, _: &Settings) -> Result<String, &'static str> {
    if url.contains("/api/traces") || url.contains(":14268") || url.contains(":6831") {
        return Err("Jaeger's own protocol is not spoken; it takes OTLP, usually at port 4317");
    }
    Ok(url.to_owned())
}

/// The address of a broker, as a URL or bare.
fn brokers(url: &str, _: &Settings) -> Result<String, &'static str> {
    match url.split_once("://") {
        Some(("amqp" | "amqps", _)) => Err("it names RabbitMQ"),
        Some(("kafka", rest)) => Ok(rest.trim_end_matches('/').to_owned()),
        Some(_) => Err("it is no address of Kafka, such as kafka://host:9092"),
        None => Ok(url.to_owned()),
    }
}

/// The old names beside the new ones, for the page of settings.
pub fn old_names() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    ALIASES.iter().map(|(old, meaning)| (*old, meaning.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)], name: &'static str) -> (Option<String>, Vec<OldName>, String) {
        let mut settings = Settings::from_pairs(pairs.iter().copied());
        let value = settings.optional(name, "A setting.");
        let told = settings.old_names().to_vec();
        let (_, problems) = settings.report();
        (value, told, problems.map(|problems| problems.to_string()).unwrap_or_default())
    }

    #[test]
    fn an_old_name_is_read_as_the_new_one_and_told() {
        for (old, new, before, after) in [
            ("MAIL_HOST", "SMTP_HOST", "mail.example.org", "mail.example.org"),
            ("MAIL_PORT", "SMTP_PORT", "587", "587"),
            ("MAIL_USER", "SMTP_USER", "someone", "someone"),
            ("MAILER_QUEUE_NAME", "KAFKA_GROUP", "mailer", "mailer"),
            ("JAEGER_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://jaeger:4317", "http://jaeger:4317"),
            ("MESSAGE_BROKER_URL", "KAFKA_BROKERS", "kafka://a:9092,b:9092/", "a:9092,b:9092"),
            ("MESSAGE_BROKER_URL", "KAFKA_BROKERS", "a:9092", "a:9092"),
        ] {
            let (value, told, problems) = read(&[(old, before)], new);
            assert_eq!(value.as_deref(), Some(after), "{old}: {problems}");
            assert_eq!(told, [OldName { old, new: Some(new), passed_over: false }]);
        }
    }

    #[test]
    fn the_new_name_wins() {
        for (old, new) in old_names().filter_map(|(old, new)| Some((old, new?))) {
            let (value, told, problems) = read(&[(old, "amqp://old"), (new, "new")], new);
            assert_eq!((value.as_deref(), &*problems), (Some("new"), ""), "{old}");
            assert_eq!(told, [OldName { old, new: Some(new), passed_over: true }]);
        }
    }

    #[test]
    fn an_old_name_without_a_meaning_is_told_and_changes_nothing() {
        let mut settings = Settings::from_pairs([("KAFKA_TOPIC", "emails"), ("KAFKA_TOPIC_PARTITIONS", "7")]);
        assert_eq!(settings.optional("KAFKA_TOPIC_PARTITIONS", "A setting."), Some(7));
        let told = OldName { old: "KAFKA_TOPIC", new: None, passed_over: false };
        assert_eq!(settings.old_names_in_use(), [told]);
        assert!(settings.finish().is_ok());
    }

    #[test]
    fn the_old_sender_is_the_user_under_a_name() {
        let user = ("MAIL_USER", "fit@example.org");
        let (value, told, _) = read(&[("MAIL_FROM_NAME", "Fit, \"daily\""), user], "EMAIL_FROM");
        assert_eq!(value.as_deref(), Some("\"Fit, daily\" <fit@example.org>"));
        assert_eq!(told.len(), 2);
        let (_, _, problems) = read(&[("MAIL_FROM_NAME", "Fit")], "EMAIL_FROM");
        assert!(problems.contains("MAIL_FROM_NAME") && problems.contains("EMAIL_FROM"), "{problems}");
    }

    #[test]
    fn what_cannot_be_understood_today_is_a_problem_and_is_not_repeated() {
        for (old, value) in [
            ("MESSAGE_BROKER_URL", "amqp://me:hunter2@rabbit:5672"),
            ("JAEGER_ENDPOINT", "http://jaeger:14268/api/traces"),
        ] {
            let (_, _, problems) = read(&[(old, value)], "KAFKA_BROKERS");
            assert!(problems.contains(old) && !problems.contains("hunter2"), "{problems}");
        }
    }

    #[test]
    fn an_old_secret_may_stand_in_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hunter2\n").unwrap();
        let pair = ("MAIL_PASS_FILE", file.path().to_str().unwrap());
        assert_eq!(read(&[pair], "SMTP_PASS").0.as_deref(), Some("hunter2"));
    }
}
