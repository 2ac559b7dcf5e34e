//! How a connection is protected.

use std::error::Error as _;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::{fs, io};

use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters, TlsVersion};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
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

/// TLS 1.2 or newer against `authorities` or the machine's certificates, for a stream that is encrypted from the start.
pub(super) fn connector(authorities: Option<&Authorities>) -> Result<TlsConnector, ConnectError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(match authorities {
        Some(Authorities(certificates)) => certificates.clone(),
        None => rustls_native_certs::load_native_certs().certs,
    });
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The same for lettre's STARTTLS.
pub(super) fn parameters(
    host: &str,
    authorities: Option<&Authorities>,
) -> Result<TlsParameters, ConnectError> {
    let failed = |error: lettre::transport::smtp::Error| ConnectError::Tls(error.to_string());
    let mut builder = TlsParameters::builder(host.to_owned()).set_min_tls_version(TlsVersion::Tlsv12);
    if let Some(Authorities(certificates)) = authorities {
        builder = builder.certificate_store(CertificateStore::None);
        for certificate in certificates {
            let certificate = Certificate::from_der(certificate.to_vec()).map_err(failed)?;
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(failed)
}

/// What TLS says, if it is TLS that failed: lettre tells it as a failure of the connection.
pub(super) fn tls_failure(error: &lettre::transport::smtp::Error) -> Option<String> {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let mut causes = causes.filter_map(|cause| cause.downcast_ref::<io::Error>()?.get_ref());
    causes.find_map(|cause| cause.downcast_ref::<tokio_rustls::rustls::Error>()).map(ToString::to_string)
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
