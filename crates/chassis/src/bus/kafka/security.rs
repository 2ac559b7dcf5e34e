//! How services and brokers prove to each other who they are.

use std::fs;
use std::path::{Path, PathBuf};

use eventbus_kafka::{Credentials, SaslMechanism, Security, SecurityProtocol};

use crate::config::Settings;

/// Reads the settings; what does not fit together is a problem, so that nobody takes a connection for safer than it is.
pub(super) fn from_settings(settings: &mut Settings) -> Security {
    let protocol: SecurityProtocol = settings.value(
        "KAFKA_SECURITY_PROTOCOL",
        "Connections to the brokers: plaintext, ssl, sasl_plaintext or sasl_ssl.",
        "plaintext",
    );
    let mechanism: SaslMechanism = settings.value(
        "KAFKA_SASL_MECHANISM",
        "How the user signs in where the protocol is sasl_…: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.",
        "SCRAM-SHA-512",
    );
    let username: Option<String> =
        settings.optional("KAFKA_SASL_USERNAME", "User at the brokers; required with sasl_….");
    let password =
        settings.optional_secret("KAFKA_SASL_PASSWORD", "Password at the brokers; required with sasl_….");
    let ca_file: Option<PathBuf> = settings.optional(
        "KAFKA_TLS_CA_FILE",
        "PEM file with the certificates that brokers are trusted by, with ssl and sasl_ssl; those of the machine \
         otherwise.",
    );
    if let Some(file) = &ca_file {
        if protocol.uses_tls() {
            if let Err(reason) = check_certificates(file) {
                settings.problem(format!("KAFKA_TLS_CA_FILE: {} {reason}", file.display()));
            }
        } else {
            unused(settings, "KAFKA_TLS_CA_FILE", protocol);
        }
    }
    if !protocol.uses_sasl() {
        if username.is_some() {
            unused(settings, "KAFKA_SASL_USERNAME", protocol);
        }
        if password.is_some() {
            unused(settings, "KAFKA_SASL_PASSWORD", protocol);
        }
        return Security { protocol, credentials: None, ca_file };
    }
    if username.is_none() {
        settings.problem(format!("KAFKA_SASL_USERNAME is required with KAFKA_SECURITY_PROTOCOL={protocol}"));
    }
    if password.is_none() {
        settings.problem(format!(
            "KAFKA_SASL_PASSWORD is required with KAFKA_SECURITY_PROTOCOL={protocol}. Set KAFKA_SASL_PASSWORD or \
             KAFKA_SASL_PASSWORD_FILE."
        ));
    }
    let credentials =
        username.zip(password).map(|(username, password)| Credentials { mechanism, username, password });
    Security { protocol, credentials, ca_file }
}

fn unused(settings: &mut Settings, name: &str, protocol: SecurityProtocol) {
    settings.problem(format!("{name} is set, but KAFKA_SECURITY_PROTOCOL={protocol} makes no use of it"));
}

/// A file that only the first connection finds wanting would look like a broker that is away.
fn check_certificates(file: &Path) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))?;
    if text.contains("-----BEGIN CERTIFICATE-----") {
        Ok(())
    } else {
        Err("has no certificate in PEM form".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Security, Vec<String>> {
        let mut settings = Settings::from_pairs(pairs.iter().copied());
        let security = from_settings(&mut settings);
        settings.finish().map(|_| security).map_err(|problems| problems.0)
    }

    #[test]
    fn without_settings_connections_are_plain() {
        let security = read(&[]).unwrap();
        assert_eq!(security.protocol, SecurityProtocol::Plaintext);
        assert!(security.credentials.is_none() && security.ca_file.is_none());
    }

    #[test]
    fn user_and_password_are_taken_for_the_protocols_that_sign_in() {
        let security = read(&[
            ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
            ("KAFKA_SASL_MECHANISM", "SCRAM-SHA-256"),
            ("KAFKA_SASL_USERNAME", "fitness"),
            ("KAFKA_SASL_PASSWORD", "hunter2"),
        ])
        .unwrap();
        let credentials = security.credentials.unwrap();
        assert_eq!(credentials.mechanism, SaslMechanism::ScramSha256);
        assert_eq!((&*credentials.username, credentials.password.expose_secret()), ("fitness", "hunter2"));
    }

    #[test]
    fn signing_in_without_a_user_or_a_password_is_refused_by_the_names_of_the_settings() {
        let problems = read(&[("KAFKA_SECURITY_PROTOCOL", "sasl_ssl")]).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].starts_with("KAFKA_SASL_USERNAME is required"), "{problems:?}");
        assert!(problems[1].starts_with("KAFKA_SASL_PASSWORD is required"), "{problems:?}");
    }

    #[test]
    fn what_the_protocol_makes_no_use_of_is_refused_without_telling_a_secret() {
        let problems = read(&[
            ("KAFKA_SASL_USERNAME", "fitness"),
            ("KAFKA_SASL_PASSWORD", "hunter2"),
            ("KAFKA_TLS_CA_FILE", "/ca.pem"),
        ])
        .unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems.iter().all(|problem| problem.contains("KAFKA_SECURITY_PROTOCOL=plaintext")));
        assert!(!problems.concat().contains("hunter2"));
    }

    #[test]
    fn unknown_protocols_and_mechanisms_are_told_the_known_ones() {
        let problems =
            read(&[("KAFKA_SECURITY_PROTOCOL", "tls"), ("KAFKA_SASL_MECHANISM", "GSSAPI")]).unwrap_err();
        assert!(problems[0].contains("KAFKA_SECURITY_PROTOCOL") && problems[0].contains("sasl_plaintext"));
        assert!(problems[1].contains("KAFKA_SASL_MECHANISM") && problems[1].contains("SCRAM-SHA-256"));
    }

    #[test]
    fn a_file_of_certificates_has_to_be_there_and_to_hold_one() {
        let missing = [("KAFKA_SECURITY_PROTOCOL", "ssl"), ("KAFKA_TLS_CA_FILE", "/nowhere/ca.pem")];
        let problems = read(&missing).unwrap_err();
        assert!(problems[0].starts_with("KAFKA_TLS_CA_FILE: /nowhere/ca.pem cannot be read"), "{problems:?}");
        let empty = [("KAFKA_SECURITY_PROTOCOL", "ssl"), ("KAFKA_TLS_CA_FILE", "/dev/null")];
        let problems = read(&empty).unwrap_err();
        assert!(problems[0].contains("no certificate in PEM form"), "{problems:?}");
    }
}
