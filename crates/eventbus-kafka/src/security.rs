//! How clients prove who they are to the brokers, and brokers to clients.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

/// What a connection to a broker is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecurityProtocol {
    /// Neither encryption nor names.
    #[default]
    Plaintext,
    /// TLS.
    Ssl,
    /// A user signs in; what follows is in the clear.
    SaslPlaintext,
    /// A user signs in under TLS.
    SaslSsl,
}

impl SecurityProtocol {
    const ALL: [Self; 4] = [Self::Plaintext, Self::Ssl, Self::SaslPlaintext, Self::SaslSsl];

    /// Whether the connection is encrypted and the broker shows a certificate.
    pub fn uses_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    /// Whether a user signs in.
    pub fn uses_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }
}

/// How a user signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaslMechanism {
    /// The password itself, which is for TLS alone.
    Plain,
    /// A proof that the password is known, by SHA-256 (RFC 7677).
    ScramSha256,
    /// A proof that the password is known, by SHA-512.
    ScramSha512,
}

impl SaslMechanism {
    const ALL: [Self; 3] = [Self::Plain, Self::ScramSha256, Self::ScramSha512];

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// A name that stands for nothing here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has to be one of {0}")]
pub struct UnknownName(String);

/// Finds `text` among the names of `all`, in any case.
fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> Result<T, UnknownName> {
    let found = all.iter().copied().find(|one| name(*one).eq_ignore_ascii_case(text));
    found.ok_or_else(|| UnknownName(all.iter().map(|one| name(*one)).collect::<Vec<_>>().join(", ")))
}

impl FromStr for SecurityProtocol {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        named(&Self::ALL, Self::name, text)
    }
}

impl FromStr for SaslMechanism {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        named(&Self::ALL, Self::name, text)
    }
}

impl Display for SecurityProtocol {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Display for SaslMechanism {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A user as the brokers know it.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// How it signs in.
    pub mechanism: SaslMechanism,
    /// Its name.
    pub username: String,
    /// Its password.
    pub password: SecretString,
}

/// The security of every connection to the brokers.
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// What connections are made of.
    pub protocol: SecurityProtocol,
    /// Who signs in, where the protocol asks for it.
    pub credentials: Option<Credentials>,
    /// A PEM file with the certificates of whom to trust; those of the machine if `None`.
    pub ca_file: Option<PathBuf>,
}

impl Security {
    /// The librdkafka properties, secrets among them.
    pub(crate) fn properties(&self) -> Vec<(&'static str, String)> {
        let mut properties = vec![("security.protocol", self.protocol.to_string())];
        if self.protocol.uses_tls() {
            // Where OpenSSL is linked in, it does not know where this machine keeps its certificates.
            let trusted = self.ca_file.as_ref().map_or("probe".to_owned(), |file| file.display().to_string());
            properties.push(("ssl.ca.location", trusted));
        }
        if self.protocol.uses_sasl()
            && let Some(credentials) = &self.credentials
        {
            properties.push(("sasl.mechanism", credentials.mechanism.to_string()));
            properties.push(("sasl.username", credentials.username.clone()));
            properties.push(("sasl.password", credentials.password.expose_secret().to_owned()));
        }
        properties
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_unknown_ones_are_told_the_known_ones() {
        assert_eq!("SASL_SSL".parse(), Ok(SecurityProtocol::SaslSsl));
        assert_eq!("scram-sha-512".parse(), Ok(SaslMechanism::ScramSha512));
        let error = "tls".parse::<SecurityProtocol>().unwrap_err();
        assert_eq!(error.to_string(), "it has to be one of plaintext, ssl, sasl_plaintext, sasl_ssl");
    }

    #[test]
    fn a_password_is_neither_printed_nor_handed_over_where_nobody_signs_in() {
        let credentials = Credentials {
            mechanism: SaslMechanism::Plain,
            username: "ann".to_owned(),
            password: "hunter2".into(),
        };
        let mut security =
            Security { protocol: SecurityProtocol::SaslSsl, credentials: Some(credentials), ca_file: None };
        assert!(!format!("{security:?}").contains("hunter2"));
        assert!(security.properties().contains(&("sasl.password", "hunter2".to_owned())));
        assert!(security.properties().contains(&("ssl.ca.location", "probe".to_owned())));
        security.protocol = SecurityProtocol::Plaintext;
        assert_eq!(security.properties(), [("security.protocol", "plaintext".to_owned())]);
    }
}
