//! Opaque tokens: texts of 256 random bits that stand for something in the database, such as a session or a link.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::one_time_code::Pepper;

/// A new token.
pub(crate) struct OpaqueToken {
    /// What the client gets, in base64url.
    pub(crate) text: SecretString,
    /// What the database gets.
    pub(crate) hash: [u8; 32],
}

impl OpaqueToken {
    /// Draws a token from the system's random source.
    pub(crate) fn draw() -> Self {
        let mut bytes = [0; 32];
        UnwrapErr(SysRng).fill_bytes(&mut bytes);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        Self { hash: Self::hash(&text), text: SecretString::from(text) }
    }

    /// The token that follows another one: the same each time, and nobody without the pepper can tell which.
    pub(crate) fn successor(pepper: &Pepper, earlier: &SecretString) -> Self {
        let bytes = pepper.pseudonym("refresh-token", &[earlier.expose_secret().as_bytes()]);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        Self { hash: Self::hash(&text), text: SecretString::from(text) }
    }

    /// The hash under which a token is stored: SHA-256, as nothing slower is needed against guessing 256 bits.
    pub(crate) fn hash(text: &str) -> [u8; 32] {
        Sha256::digest(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn tokens_have_256_bits_and_are_found_by_their_hash() {
        let (one, two) = (OpaqueToken::draw(), OpaqueToken::draw());
        assert_eq!(one.text.expose_secret().len(), 43);
        assert_ne!(one.hash, two.hash);
        assert_eq!(one.hash, OpaqueToken::hash(one.text.expose_secret()));
    }
}
