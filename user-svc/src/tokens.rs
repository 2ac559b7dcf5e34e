//! Access tokens (EdDSA JSON Web Tokens, RFC 8037) and their public keys (RFC 7517).

use chassis::auth::{AUDIENCE, Claims, Role};
use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

/// Signs access tokens.
#[derive(Clone)]
pub struct AccessTokens {
    key: EncodingKey,
    key_id: String,
    key_set: JwkSet,
    issuer: String,
    lifetime: TimeDelta,
}

/// Why a text is no signing key. It never repeats any of the text.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// It is no Ed25519 private key in PKCS #8 PEM.
    #[error("it is not an Ed25519 private key in PKCS #8 PEM (openssl genpkey -algorithm ed25519)")]
    Pem,
    /// The public half cannot be computed.
    #[error("the public key cannot be computed")]
    PublicKey(#[source] jsonwebtoken::errors::Error),
}

impl AccessTokens {
    /// Takes the keys as PKCS #8 PEM, one below the other: the first signs, all of them verify.
    ///
    /// To rotate: give every process the new key in second place, then move it to the front, then drop the old one when
    /// the last token that it signed has expired.
    pub fn new(pem: &SecretString, issuer: &str, lifetime: TimeDelta) -> Result<Self, SigningKeyError> {
        let keys: Vec<_> = blocks(pem.expose_secret()).map(key_pair).collect::<Result<_, _>>()?;
        let key_set = JwkSet { keys: keys.iter().map(|(_, public)| public.clone()).collect() };
        let (key, public) = keys.into_iter().next().ok_or(SigningKeyError::Pem)?;
        let key_id = public.common.key_id.expect("each public key was given its id");
        Ok(Self { key, key_id, key_set, issuer: issuer.to_owned(), lifetime })
    }

    /// The same, with a shorter life of the tokens where theirs is longer.
    #[must_use]
    pub fn living_at_most(mut self, lifetime: TimeDelta) -> Self {
        self.lifetime = self.lifetime.min(lifetime);
        self
    }

    /// The public keys that verify the tokens.
    pub fn key_set(&self) -> &JwkSet {
        &self.key_set
    }

    /// Who the tokens say issued them.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// How long a token is good.
    pub fn lifetime(&self) -> TimeDelta {
        self.lifetime
    }

    /// Signs a token for an account's session.
    pub fn issue(&self, user_id: Uuid, session_id: Uuid, roles: &[Role], now: DateTime<Utc>) -> SecretString {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user_id,
            sid: session_id,
            roles: roles.iter().map(|role| role.name().to_owned()).collect(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: (now + self.lifetime).timestamp(),
            jti: Uuid::now_v7(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        let token = jsonwebtoken::encode(&header, &claims, &self.key);
        SecretString::from(token.expect("the key was checked when it was loaded"))
    }
}

/// The PEM blocks of a text.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    const END: &str = "-----END PRIVATE KEY-----";
    text.split_inclusive(END).map(str::trim).filter(|block| !block.is_empty())
}

/// A key and its public half, whose key id is its RFC 7638 thumbprint.
fn key_pair(pem: &str) -> Result<(EncodingKey, Jwk), SigningKeyError> {
    let mut pair = KeypairBytes::from_pkcs8_pem(pem).map_err(|_| SigningKeyError::Pem)?;
    // Some tools add the public key to the file, a form from which no JWK can be made.
    pair.public_key = None;
    let der = pair.to_pkcs8_der().map_err(|_| SigningKeyError::Pem)?;
    let key = EncodingKey::from_ed_der(der.as_bytes());
    let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).map_err(SigningKeyError::PublicKey)?;
    public.common.key_id =
        Some(public.thumbprint(ThumbprintHash::SHA256).map_err(SigningKeyError::PublicKey)?);
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok((key, public))
}

impl std::fmt::Debug for AccessTokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AccessTokens").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use chassis::auth::{Principal, Verifier};
    use ed25519_dalek::SigningKey;
    use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;

    use super::*;

    fn pem(seed: u8) -> String {
        SigningKey::from_bytes(&[seed; 32]).to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
    }

    fn tokens(issuer: &str) -> AccessTokens {
        AccessTokens::new(&SecretString::from(pem(7)), issuer, TimeDelta::minutes(15)).unwrap()
    }

    #[tokio::test]
    async fn a_key_is_replaced_by_another_without_a_moment_in_which_a_token_is_refused() {
        let (old, new) = (pem(1), pem(2));
        let stages = [old.clone(), format!("{old}{new}"), format!("{new}\n{old}"), new].map(|text| {
            AccessTokens::new(&SecretString::from(text), "https://id.example", TimeDelta::minutes(15))
                .unwrap()
        });
        // Processes of neighbouring stages run at the same time. The last stage begins when nothing that the old key
        // signed is good any more.
        for (signer, verifier) in [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)] {
            let token = stages[signer].issue(Uuid::nil(), Uuid::nil(), &[], Utc::now());
            let verifier = Verifier::new(stages[verifier].key_set(), "https://id.example").unwrap();
            assert!(verifier.verify(token.expose_secret()).await.is_ok());
        }
        assert_ne!(stages[1].key_id, stages[2].key_id, "the new key signs from the third stage on");
    }

    #[tokio::test]
    async fn a_token_verifies_with_the_published_keys_and_says_who_it_is() {
        let tokens = tokens("https://id.example");
        let (user_id, session_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let token = tokens.issue(user_id, session_id, &[Role::Athlete], Utc::now());
        let verifier = Verifier::new(tokens.key_set(), "https://id.example").unwrap();
        let principal = Principal::from(verifier.verify(token.expose_secret()).await.unwrap());
        assert_eq!((principal.user_id, principal.session_id), (user_id, session_id));
        assert_eq!(principal.roles, ["athlete"]);
    }

    #[tokio::test]
    async fn an_expired_token_or_one_of_another_issuer_does_not_verify() {
        let tokens = tokens("https://id.example");
        let verifier = Verifier::new(tokens.key_set(), "https://id.example").unwrap();
        let issue = |tokens: &AccessTokens, now| tokens.issue(Uuid::nil(), Uuid::nil(), &[], now);
        let expired = issue(&tokens, Utc::now() - TimeDelta::minutes(16));
        assert!(verifier.verify(expired.expose_secret()).await.is_err());
        let foreign = issue(&self::tokens("https://other.example"), Utc::now());
        assert!(verifier.verify(foreign.expose_secret()).await.is_err());
    }

    #[test]
    fn the_key_set_holds_the_public_half_only() {
        let document = serde_json::to_value(tokens("https://id.example").key_set()).unwrap();
        let key = document["keys"][0].as_object().unwrap();
        let mut members: Vec<_> = key.keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_without_repeating_it() {
        for text in ["hunter2".to_owned(), format!("{}hunter2", pem(1)), String::new()] {
            let error = AccessTokens::new(&SecretString::from(text), "i", TimeDelta::minutes(1)).unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
