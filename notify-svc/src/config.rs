//! The configuration of notify-svc.

pub(crate) mod requests;

use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use chassis::auth::TokenKeys;
use chassis::config::{Settings, WebUrl};
use chassis::frame::{BackendConfig, Identity};
use chassis::sealing::SealingKeys;
use lettre::message::Mailbox;
use outbox::RelayConfig;

use crate::delivery::DeliveryConfig;
use crate::notification::{Category, UnknownName};
use crate::smtp::{Authorities, Encryption, SmtpConfig, Timeouts};

/// Who the service is, and which settings are its own.
pub(crate) const IDENTITY: Identity = Identity {
    name: crate::NAME,
    grpc_addr: ("NOTIFY_SVC_GRPC_ADDR", "127.0.0.1:50053"),
    ops_addr: (
        "NOTIFY_SVC_OPS_ADDR",
        "Address of notify-svc's /livez, /readyz and /metrics.",
        "127.0.0.1:9467",
    ),
    group: ("KAFKA_GROUP", "Consumer group of notify-svc."),
    signs: None,
    drain_deadline_seconds: 8,
};

/// Everything that notify-svc has to be told.
#[derive(Clone, Debug)]
pub struct NotifySvcConfig {
    /// What every service is told.
    pub backend: BackendConfig,
    /// Whether other backends may ask for mails.
    pub mail_requests: bool,
    /// The topics on which services put what they cannot handle.
    pub dead_letter_topics: Vec<String>,
    /// By which keys access tokens are verified.
    pub token_keys: TokenKeys,
    /// How long final notifications and dead letters are kept.
    pub retention: Duration,
    /// How mails are sent.
    pub delivery: DeliveryConfig,
    /// Who the mails are from.
    pub from: Mailbox,
    /// Where answers go, if not there.
    pub reply_to: Option<Mailbox>,
    /// Where links in mails lead.
    pub public_url: String,
    /// Opens codes.
    pub sealing: SealingKeys,
    /// Categories whose mails are not repeated when their outcome is unknown.
    pub give_up_in_doubt: Vec<Category>,
}

impl NotifySvcConfig {
    /// Reads the settings. Answers nothing where a secret is missing or unusable; [`Settings::finish`] then says why.
    pub fn from_settings(settings: &mut Settings) -> Option<Self> {
        let mut backend = IDENTITY.config(settings);
        let mail_requests = requests::from_settings(settings, &mut backend.kafka);
        let dead_letter_topics = dead_letter_topics(settings);
        let token_keys = TokenKeys::from_settings(settings);
        let delivery = delivery(settings);
        let from = settings.value(
            "EMAIL_FROM",
            "Sender of the mails, as `name <address>`.",
            "Fitness Trainer <no-reply@fitness-trainer.local>",
        );
        let reply_to = settings.optional(
            "EMAIL_REPLY_TO",
            "Who gets the answers to mails, as `name <address>`; the sender otherwise.",
        );
        let public_url: WebUrl =
            settings.value("PUBLIC_URL", "Where links in mails lead.", "http://127.0.0.1:8080");
        let sealing = settings.parsed_secret(
            "SEALING_KEYS",
            "Keys that seal codes in events, as id:base64,id2:base64; the first one seals.",
            |text| SealingKeys::parse(text).map_err(|error| error.to_string()),
        );
        let Categories(give_up_in_doubt) = settings.value(
            "EMAIL_IN_DOUBT_GIVE_UP",
            "Categories (one_time_code, security, account, reminders, achievements, coaching, summaries), separated by \
             commas, whose mails are not sent again when it is unknown whether they arrived.",
            "",
        );
        let retention = retention(settings, &backend.relay);
        Some(Self {
            backend,
            mail_requests,
            dead_letter_topics,
            token_keys,
            retention,
            delivery,
            from,
            reply_to,
            public_url: public_url.as_str().to_owned(),
            sealing: sealing?,
            give_up_in_doubt,
        })
    }
}

/// Reads the topics whose dead letters administrators see.
pub(crate) fn dead_letter_topics(settings: &mut Settings) -> Vec<String> {
    let Names(topics) = settings.value(
        "DEAD_LETTER_TOPICS",
        "Topics, separated by commas, whose dead letters administrators see.",
        "user-svc.dead-letters,workout-svc.dead-letters,notify-svc.dead-letters",
    );
    topics
}

/// The ledger must remember longer than any outbox may repeat an event; they all keep events equally long.
fn retention(settings: &mut Settings, relay: &RelayConfig) -> Duration {
    let least = relay.retention.as_secs() / (24 * 3600) + 1;
    settings.time(
        "NOTIFICATION_RETENTION_DAYS",
        "How long final notifications and dead letters are kept; longer than events may be repeated.",
        90,
        least..=3_650,
    )
}

fn delivery(settings: &mut Settings) -> DeliveryConfig {
    let host: String = settings.value("SMTP_HOST", "Host of the SMTP relay.", "127.0.0.1");
    let port = settings.number("SMTP_PORT", "Port of the SMTP relay.", 1_025, 1..=65_535);
    let implicit =
        settings.value("SMTP_SECURE", "Whether the relay speaks TLS from the first byte.", "false");
    let tls = settings.optional("SMTP_TLS", "`required` or `off`; required unless the relay is on loopback.");
    let authorities: Option<Authorities> = settings.optional(
        "SMTP_TLS_CA_FILE",
        "PEM file with the certificates that the relay is trusted by; those of the machine otherwise.",
    );
    let user: Option<String> = settings.optional("SMTP_USER", "User at the SMTP relay.");
    let password = settings.optional_secret("SMTP_PASS", "Password at the SMTP relay.");
    let credentials = match (user, password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        _ => {
            settings.problem("SMTP_USER and SMTP_PASS belong together: set both or neither");
            None
        }
    };
    let connections =
        settings.number("SMTP_CONNECTIONS", "Most connections to the SMTP relay.", 8, 1..=1_000);
    let pipelining =
        settings.value("SMTP_PIPELINING", "Whether PIPELINING is used where the relay offers it.", "true");
    let encryption = encryption(&host, implicit, tls);
    if encryption == Encryption::Off && authorities.is_some() {
        settings.problem(
            "SMTP_TLS_CA_FILE: it does nothing without TLS; set SMTP_SECURE=true or SMTP_TLS=required",
        );
    }
    let hello = settings.optional(
        "SMTP_HELLO_NAME",
        "Full domain name by which notify-svc greets the relay; that of its machine, or its address, otherwise.",
    );
    let hello = hello.map(|DomainName(name)| name);
    let timeouts = timeouts(settings);
    let smtp = SmtpConfig { host, port, encryption, authorities, credentials, hello, pipelining, timeouts };
    DeliveryConfig::new(smtp, connections)
}

fn timeouts(settings: &mut Settings) -> Timeouts {
    let mut seconds = |name, description, default| settings.time(name, description, default, 1..=3_600);
    Timeouts {
        connect: seconds("SMTP_CONNECT_TIMEOUT_SECONDS", "Longest time to connect to the relay.", 10),
        command: seconds("SMTP_COMMAND_TIMEOUT_SECONDS", "Longest wait for the reply to a command.", 300),
        data: seconds("SMTP_DATA_TIMEOUT_SECONDS", "Longest wait for the reply to DATA.", 120),
        block: seconds("SMTP_BLOCK_TIMEOUT_SECONDS", "Longest time to hand a mail over.", 180),
        final_dot: seconds("SMTP_FINAL_DOT_TIMEOUT_SECONDS", "Longest wait for the reply to a mail.", 600),
    }
}

fn encryption(host: &str, implicit: bool, tls: Option<Tls>) -> Encryption {
    match tls {
        _ if implicit => Encryption::Implicit,
        Some(Tls::Off) => Encryption::Off,
        None if crate::smtp::is_loopback(host) => Encryption::Off,
        Some(Tls::Required) | None => Encryption::StartTls,
    }
}

/// What `SMTP_TLS` says.
#[derive(Clone, Copy, Debug)]
enum Tls {
    Required,
    Off,
}

impl FromStr for Tls {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "required" => Ok(Self::Required),
            "off" => Ok(Self::Off),
            _ => Err("it is `required` or `off`"),
        }
    }
}

/// What `SMTP_HELLO_NAME` says.
struct DomainName(String);

impl FromStr for DomainName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !crate::smtp::is_domain(text) {
            return Err("it is a full domain name, such as notify.example.org");
        }
        Ok(Self(text.to_owned()))
    }
}

/// Names separated by commas.
struct Names(Vec<String>);

impl FromStr for Names {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(Self(names.map(str::to_owned).collect()))
    }
}

struct Categories(Vec<Category>);

impl FromStr for Categories {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<NotifySvcConfig, String> {
        let keys = SealingKeys::generate("test");
        // The public key of RFC 8410, section 10.3.
        let public = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
        let all = [
            ("DATABASE_URL", "postgres://localhost/notify"),
            ("SEALING_KEYS", keys.expose_secret()),
            ("USER_SVC_EVENT_PUBLIC_KEY", public),
            ("WORKOUT_SVC_EVENT_PUBLIC_KEY", public),
        ];
        let mut settings = Settings::from_pairs(all.into_iter().chain(pairs.iter().copied()));
        let config = NotifySvcConfig::from_settings(&mut settings);
        settings.finish().map_err(|problems| problems.to_string())?;
        Ok(config.unwrap())
    }

    #[test]
    fn tls_is_required_unless_the_relay_is_on_loopback_or_it_is_switched_off_by_name() {
        let encryption = |pairs: &[(&str, &str)]| read(pairs).unwrap().delivery.smtp.encryption;
        assert_eq!(encryption(&[]), Encryption::Off);
        assert_eq!(encryption(&[("SMTP_TLS", "required")]), Encryption::StartTls);
        assert_eq!(encryption(&[("SMTP_HOST", "mail.example.org")]), Encryption::StartTls);
        assert_eq!(encryption(&[("SMTP_HOST", "mailpit"), ("SMTP_TLS", "off")]), Encryption::Off);
        assert_eq!(
            encryption(&[("SMTP_HOST", "mail.example.org"), ("SMTP_SECURE", "true")]),
            Encryption::Implicit
        );
    }

    #[test]
    fn a_file_of_authorities_has_to_be_there_to_hold_some_and_to_be_of_use() {
        let problem = |file: &str, tls| read(&[("SMTP_TLS_CA_FILE", file), ("SMTP_TLS", tls)]).unwrap_err();
        let missing = problem("/nowhere/ca.pem", "required");
        assert!(missing.contains("SMTP_TLS_CA_FILE") && missing.contains("cannot be read"), "{missing}");
        let empty = tempfile::NamedTempFile::new().unwrap();
        let empty = empty.path().to_str().unwrap();
        assert!(problem(empty, "required").contains("holds no certificates"));

        let key = rcgen::generate_simple_self_signed(["relay.example.org".to_owned()]).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), key.cert.pem()).unwrap();
        let file = file.path().to_str().unwrap();
        assert!(problem(file, "off").contains("does nothing without TLS"));
        read(&[("SMTP_TLS_CA_FILE", file), ("SMTP_TLS", "required")]).unwrap();
    }

    #[test]
    fn links_in_mails_lead_to_a_web_address_and_nothing_else() {
        assert_eq!(read(&[]).unwrap().public_url, "http://127.0.0.1:8080");
        let public_url = |url| read(&[("PUBLIC_URL", url)]).map(|config| config.public_url);
        assert_eq!(public_url("https://fitness.example.org/").unwrap(), "https://fitness.example.org");
        for url in [
            "javascript:alert(1)",
            "ftp://fitness.example.org",
            "data:text/html,hello",
            "file:///etc/passwd",
            "fitness.example.org",
            "https://me:hunter2@fitness.example.org",
            "https://fitness.example.org?from=mail",
            "https://fitness.example.org#top",
        ] {
            let problem = public_url(url).unwrap_err();
            assert!(problem.contains("PUBLIC_URL: "), "{problem}");
            assert!(problem.contains("it is an address such as https://fitness.example.org"), "{problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let problems = read(&[
            ("SMTP_TLS", "maybe"),
            ("SMTP_USER", "someone"),
            ("SMTP_HELLO_NAME", "localhost"),
            ("EMAIL_FROM", "nobody"),
            ("EMAIL_IN_DOUBT_GIVE_UP", "spam"),
            ("NOTIFICATION_RETENTION_DAYS", "7"),
        ])
        .unwrap_err();
        for name in [
            "SMTP_TLS",
            "SMTP_PASS",
            "SMTP_HELLO_NAME",
            "EMAIL_FROM",
            "EMAIL_IN_DOUBT_GIVE_UP",
            "NOTIFICATION_RETENTION_DAYS",
        ] {
            assert!(problems.contains(name), "{name} is missing in: {problems}");
        }
    }
}
