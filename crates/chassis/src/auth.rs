//! Access tokens: EdDSA JSON Web Tokens (RFC 7519, RFC 8037) that every service verifies by itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
pub struct Verifier(Arc<Keys>);

struct Keys {
    by_id: BTreeMap<String, DecodingKey>,
    validation: Validation,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Verifier").field("key_ids", &self.0.by_id.keys()).finish()
    }
}

impl Verifier {
    /// Trusts the signing keys of `keys` for tokens of `issuer`.
    pub fn new(keys: &JwkSet, issuer: &str) -> Result<Self, jsonwebtoken::errors::Error> {
        let mut by_id = BTreeMap::new();
        for key in &keys.keys {
            let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
            if let (true, Some(id)) = (signs, &key.common.key_id) {
                by_id.insert(id.clone(), DecodingKey::from_jwk(key)?);
            }
        }
        // The algorithm is fixed here and never taken from the token, which rules out `none` and key confusion.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 5;
        Ok(Self(Arc::new(Keys { by_id, validation })))
    }

    /// Answers who the token speaks for.
    pub fn verify(&self, token: &str) -> Result<Principal, ErrorCode> {
        let invalid = |_| ErrorCode::TokenInvalid;
        let header = decode_header(token).map_err(invalid)?;
        let key = header.kid.and_then(|id| self.0.by_id.get(&id)).ok_or(ErrorCode::TokenInvalid)?;
        let claims = decode::<Claims>(token, key, &self.0.validation).map_err(invalid)?.claims;
        Ok(Principal { user_id: claims.sub, session_id: claims.sid, roles: claims.roles })
    }

    /// Takes the token out of an `authorization` header and verifies it.
    pub fn verify_header(&self, header: Option<&http::HeaderValue>) -> Result<Principal, ErrorCode> {
        let header = header.ok_or(ErrorCode::TokenMissing)?;
        let text = header.to_str().map_err(|_| ErrorCode::TokenInvalid)?;
        let (scheme, token) = text.split_once(' ').ok_or(ErrorCode::TokenInvalid)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ErrorCode::TokenInvalid);
        }
        self.verify(token.trim())
    }
}

/// Takes the caller out of a request that passed the server's authentication layer.
pub fn principal<T>(request: &tonic::Request<T>) -> Result<Principal, ErrorCode> {
    request.extensions().get::<Principal>().cloned().ok_or(ErrorCode::TokenMissing)
}
