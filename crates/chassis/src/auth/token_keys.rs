//! Where a service that does not issue access tokens has the keys from that verify them.

use tokio_util::sync::CancellationToken;

use super::{KeySetFetcher, Verifier};
use crate::config::Settings;
use crate::grpc::client::{self, Client, EndpointError, Endpoints};
use crate::health::{Dependency, Health, Need};

/// Where the keys come from that verify access tokens.
#[derive(Clone, Debug)]
pub enum TokenKeys {
    /// They are fetched from user-svc.
    UserSvc {
        /// Its gRPC endpoints.
        url: String,
        /// Who issues the tokens.
        issuer: String,
    },
    /// They are known from the start.
    Known(Verifier),
}

impl TokenKeys {
    /// Reads where user-svc is and whose tokens count.
    pub fn from_settings(settings: &mut Settings) -> Self {
        let Endpoints(url) = settings.value(
            "USER_SVC_URL",
            "user-svc's gRPC endpoints, separated by commas; a name counts with all its addresses.",
            "http://127.0.0.1:50051",
        );
        let issuer =
            settings.value("JWT_ISSUER", "Issuer in the access tokens.", "https://fitness-trainer.local");
        Self::UserSvc { url, issuer }
    }

    /// A verifier, and what gets its keys where it does not have them yet. `need` says what the service is without them.
    pub fn verifier(
        &self,
        health: &Health,
        need: Need,
    ) -> Result<(Verifier, Option<KeySource>), EndpointError> {
        match self {
            Self::Known(verifier) => Ok((verifier.clone(), None)),
            Self::UserSvc { url, issuer } => {
                let (verifier, fetcher) = Verifier::remote(issuer);
                let user_svc = client::connect(url, 1)?;
                let dependency = health.dependency("token-keys", need);
                Ok((verifier, Some(KeySource { fetcher, user_svc, dependency })))
            }
        }
    }
}

/// Fetches the keys of a verifier and hears which sessions are over; runs beside the service.
#[derive(Debug)]
pub struct KeySource {
    fetcher: KeySetFetcher,
    user_svc: Client,
    dependency: Dependency,
}

impl KeySource {
    /// Keeps both fresh until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        self.fetcher.run(self.user_svc, self.dependency, shutdown).await;
    }
}
