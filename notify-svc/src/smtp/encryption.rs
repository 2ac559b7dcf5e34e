//! How a connection is protected.

use std::net::IpAddr;
use std::sync::Arc;

use lettre::transport::smtp::client::{TlsParameters, TlsVersion};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::ConnectError;

/// Protection of the connection to the relay. There is no "if offered": a cut of the offer would go unnoticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// None: for loopback, or switched off by name.
    Off,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// STARTTLS (RFC 3207), and no mail without it.
    StartTls,
}

/// Whether the host is this machine, where a connection needs no protection.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// TLS 1.2 or newer against the machine's certificates, for a stream that is encrypted from the start.
pub(super) fn connector() -> Result<TlsConnector, ConnectError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The same for lettre's STARTTLS.
pub(super) fn parameters(host: &str) -> Result<TlsParameters, ConnectError> {
    TlsParameters::builder(host.to_owned())
        .set_min_tls_version(TlsVersion::Tlsv12)
        .build()
        .map_err(|error| ConnectError::Tls(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known_by_name_and_by_address() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["mail.example.org", "10.0.0.1", "localhost.example.org"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
