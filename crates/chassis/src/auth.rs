//! Access tokens: EdDSA JSON Web Tokens (RFC 7519, RFC 8037) that every service verifies by itself.

mod ended_sessions;
mod remote;
mod role;
mod token_header;
mod token_keys;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use uuid::Uuid;

use self::ended_sessions::EndedSessions;
pub use self::remote::KeySetFetcher;
use self::remote::Wishes;
pub use self::role::Role;
pub use self::token_keys::{KeySource, TokenKeys};
use crate::errors::ErrorCode;

/// The audience of every access token.
pub const AUDIENCE: &str = "fitness-trainer";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Who it is for; always [`AUDIENCE`].
    pub aud: String,
    /// The account.
    pub sub: Uuid,
    /// The session it belongs to.
    pub sid: Uuid,
    /// What the account may do, for example `athlete`.
    pub roles: Vec<String>,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// From when on it is good, in seconds since 1970.
    pub nbf: i64,
    /// Until when it is good, in seconds since 1970.
    pub exp: i64,
    /// Its own identifier.
    pub jti: Uuid,
}

/// Who makes a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub user_id: Uuid,
    /// The session.
    pub session_id: Uuid,
    /// What the account may do.
    pub roles: Vec<String>,
}

/// Verifies access tokens; cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Shared>);

struct Shared {
    /// Replaced as a whole, so that a call sees one set.
    keys: RwLock<Arc<Keys>>,
    validation: Validation,
    /// Where further keys come from; none if all are known from the start.
    source: Option<Arc<Wishes>>,
    ended: EndedSessions,
}

/// Public keys by key id.
#[derive(Default)]
struct Keys(BTreeMap<String, DecodingKey>);

impl Keys {
    fn none() -> Self {
        Self::default()
    }

    /// The signing keys of a key set.
    fn of(document: &JwkSet) -> Result<Self, jsonwebtoken::errors::Error> {
        let mut keys = BTreeMap::new();
        for key in &document.keys {
            let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
            if let (true, Some(id)) = (signs, &key.common.key_id) {
                keys.insert(id.clone(), DecodingKey::from_jwk(key)?);
            }
        }
        Ok(Self(keys))
    }
}

/// Why a token is not accepted.
enum Refusal {
    /// It can never be accepted.
    Invalid,
    /// It names a key that is not known.
    UnknownKey,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Verifier").field("key_ids", &self.keys().0.keys()).finish_non_exhaustive()
    }
}

impl Verifier {
    /// Trusts the signing keys of `keys` for tokens of `issuer`.
    pub fn new(keys: &JwkSet, issuer: &str) -> Result<Self, jsonwebtoken::errors::Error> {
        Ok(Self::with_keys(Keys::of(keys)?, issuer, None))
    }

    fn with_keys(keys: Keys, issuer: &str, source: Option<Arc<Wishes>>) -> Self {
        // The algorithm is fixed here and never taken from the token, which rules out `none` and key confusion.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 5;
        let ended = EndedSessions::default();
        Self(Arc::new(Shared { keys: RwLock::new(Arc::new(keys)), validation, source, ended }))
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.0.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn has_keys(&self) -> bool {
        !self.keys().0.is_empty()
    }

    fn replace_keys(&self, keys: Keys) {
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Whether a session is known to be over. None is where all keys are known from the start.
    pub fn is_over(&self, session_id: Uuid) -> bool {
        self.0.ended.contains(session_id)
    }

    /// Says so when further sessions are over.
    pub fn endings(&self) -> watch::Receiver<()> {
        self.0.ended.changes()
    }

    /// Answers what the token says, if it can be trusted by the keys that are known.
    fn check(&self, token: &str) -> Result<Claims, Refusal> {
        let id = token_header::key_id(token).ok_or(Refusal::Invalid)?;
        let keys = self.keys();
        let key = keys.0.get(&id).ok_or(Refusal::UnknownKey)?;
        let token = decode::<Claims>(token, key, &self.0.validation).map_err(|_| Refusal::Invalid)?;
        if self.is_over(token.claims.sid) { Err(Refusal::Invalid) } else { Ok(token.claims) }
    }

    /// Answers what the token says. Waits for the keys to be fetched if it names one that is not known. Whether such a
    /// token is good is unknown while its issuer cannot be asked: that is an outage, and no refusal.
    pub async fn verify(&self, token: &str) -> Result<Claims, ErrorCode> {
        let mut checked = self.check(token);
        let mut current = true;
        if let (Err(Refusal::UnknownKey), Some(source)) = (&checked, &self.0.source) {
            current = source.fulfilled().await;
            checked = self.check(token);
        }
        checked.map_err(|refusal| match refusal {
            Refusal::UnknownKey if !current || !self.has_keys() => ErrorCode::DependencyUnavailable,
            Refusal::UnknownKey | Refusal::Invalid => ErrorCode::TokenInvalid,
        })
    }

    /// Takes the token out of an `authorization` header and verifies it.
    pub async fn verify_header(&self, header: Option<&http::HeaderValue>) -> Result<Claims, ErrorCode> {
        let header = header.ok_or(ErrorCode::TokenMissing)?;
        let text = header.to_str().map_err(|_| ErrorCode::TokenInvalid)?;
        let (scheme, token) = text.split_once(' ').ok_or(ErrorCode::TokenInvalid)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ErrorCode::TokenInvalid);
        }
        self.verify(token.trim()).await
    }
}

impl From<Claims> for Principal {
    fn from(claims: Claims) -> Self {
        Self { user_id: claims.sub, session_id: claims.sid, roles: claims.roles }
    }
}
