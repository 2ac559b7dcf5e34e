//! How a connection is protected.

use std::fs;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::ConnectError;
use super::reply::cleaned;

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

/// The certificates that a relay is trusted by whose own no public authority has signed.
#[derive(Clone, Debug)]
pub struct Authorities(Vec<CertificateDer<'static>>);

impl FromStr for Authorities {
    type Err = String;

    /// Reads the PEM file of that name.
    fn from_str(file: &str) -> Result<Self, String> {
        let pem = fs::read(file).map_err(|error| format!("the file cannot be read: {error}"))?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(Self(certificates)),
            Ok(_) | Err(_) => Err("the file holds no certificates in PEM".to_owned()),
        }
    }
}

/// Whether the host is this machine, where a connection needs no protection.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Agrees on TLS 1.2 or newer with `host`, trusted by `authorities` or the machine's certificates.
pub(super) async fn handshake(
    host: &str,
    authorities: Option<&Authorities>,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, ConnectError> {
    let failed = |reason: String| ConnectError::Tls(cleaned(&reason));
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(error.to_string()))?;
    let connector = connector(authorities).map_err(|error| failed(error.to_string()))?;
    connector.connect(name, stream).await.map_err(|error| failed(error.to_string()))
}

fn connector(authorities: Option<&Authorities>) -> Result<TlsConnector, tokio_rustls::rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(match authorities {
        Some(Authorities(certificates)) => certificates.clone(),
        None => rustls_native_certs::load_native_certs().certs,
    });
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
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
