//! The broker's `server.properties`.

use std::path::Path;

use super::{Config, Listener, Secured};

/// What the broker writes to its standard output, which is its log file.
pub(super) const LOGGING: &str = "\
status = error
appender.stdout.type = Console
appender.stdout.name = stdout
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %d{HH:mm:ss.SSS} %-5p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.stdout.ref = stdout
";

/// The ports of a broker; those of secured listeners are unused unless they are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) plain: u16,
    pub(super) controller: u16,
    pub(super) ssl: u16,
    pub(super) sasl_plaintext: u16,
    pub(super) sasl_ssl: u16,
}

impl Ports {
    pub(super) fn of(&self, listener: Listener) -> u16 {
        match listener {
            Listener::Ssl => self.ssl,
            Listener::SaslPlaintext => self.sasl_plaintext,
            Listener::SaslSsl => self.sasl_ssl,
        }
    }
}

/// What holds for every broker here.
const FIXED: [(&str, &str); 14] = [
    ("process.roles", "broker,controller"),
    ("node.id", "1"),
    ("controller.listener.names", "CONTROLLER"),
    // As in production: a topic is created on purpose or not at all.
    ("auto.create.topics.enable", "false"),
    // One node has one copy of everything.
    ("offsets.topic.replication.factor", "1"),
    ("transaction.state.log.replication.factor", "1"),
    ("transaction.state.log.min.isr", "1"),
    // Fewer files and threads than a broker for many clients would want, and a cleaner that fits into the heap.
    ("offsets.topic.num.partitions", "4"),
    ("num.network.threads", "2"),
    ("num.io.threads", "4"),
    ("log.cleaner.dedupe.buffer.size", "4194304"),
    // A broker that was killed may register again once its old session is over: 9 s unless told otherwise.
    ("broker.session.timeout.ms", "3000"),
    ("broker.heartbeat.interval.ms", "500"),
    // As in the file that comes with Kafka: the first member of a group does not wait three seconds for others.
    ("group.initial.rebalance.delay.ms", "0"),
];

/// The whole file.
pub(super) fn render(config: &Config, ports: &Ports, data: &Path) -> String {
    let mut settings: Vec<(String, String)> =
        FIXED.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut set = |name: &str, value: String| settings.push((name.to_owned(), value));
    set("controller.quorum.voters", format!("1@127.0.0.1:{}", ports.controller));
    set("log.dirs", data.display().to_string());
    let mut listeners = vec![("PLAINTEXT", ports.plain), ("CONTROLLER", ports.controller)];
    if let Some(secured) = &config.secured {
        listeners.extend([
            ("SSL", ports.ssl),
            ("SASL_PLAINTEXT", ports.sasl_plaintext),
            ("SASL_SSL", ports.sasl_ssl),
        ]);
        secure(secured, set);
    }
    let of_each = |text: fn(&str, u16) -> String| {
        listeners.iter().map(|(name, port)| text(name, *port)).collect::<Vec<_>>().join(",")
    };
    settings.push(("listeners".to_owned(), of_each(|name, port| format!("{name}://127.0.0.1:{port}"))));
    let protocols = of_each(|name, _| match name {
        "CONTROLLER" => "CONTROLLER:PLAINTEXT".to_owned(),
        protocol => format!("{protocol}:{protocol}"),
    });
    settings.push(("listener.security.protocol.map".to_owned(), protocols));
    settings.retain(|(name, _)| config.properties.iter().all(|(own, _)| own != name));
    let lines = settings.iter().chain(&config.properties).map(|(name, value)| format!("{name}={value}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn secure(secured: &Secured, mut set: impl FnMut(&str, String)) {
    const MODULES: &str = "org.apache.kafka.common.security";
    set("ssl.keystore.type", "PEM".to_owned());
    set("ssl.keystore.location", secured.key_store.display().to_string());
    set("sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512".to_owned());
    let users = secured.users.iter().map(|(name, password)| format!("user_{name}=\"{password}\""));
    let users = users.collect::<Vec<_>>().join(" ");
    for listener in ["sasl_plaintext", "sasl_ssl"] {
        let login = |mechanism: &str| format!("listener.name.{listener}.{mechanism}.sasl.jaas.config");
        set(&login("plain"), format!("{MODULES}.plain.PlainLoginModule required {users};"));
        for mechanism in ["scram-sha-256", "scram-sha-512"] {
            set(&login(mechanism), format!("{MODULES}.scram.ScramLoginModule required;"));
        }
    }
}

/// What formats the storage with the users that may sign in by SCRAM.
pub(super) fn scram_options(config: &Config) -> Vec<String> {
    let users = config.secured.iter().flat_map(|secured| &secured.users);
    users
        .flat_map(|(name, password)| {
            ["SCRAM-SHA-256", "SCRAM-SHA-512"].into_iter().flat_map(move |mechanism| {
                ["--add-scram".to_owned(), format!("{mechanism}=[name={name},password={password}]")]
            })
        })
        .collect()
}
