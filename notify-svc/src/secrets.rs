//! Sealed values as they lie in the ledger: opened only while a mail is rendered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chassis::sealing::{
    OpenError, Sealed, SealingKeys, address_place, one_time_code_place, password_reset_place,
};
use fitness_proto::fitness::user::v1::SealedSecret;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// A value of a template that nobody may read in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SealedVariable {
    key_id: String,
    nonce: String,
    ciphertext: String,
    /// What the seal is bound to.
    place: String,
}

/// Why a sealed value cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is not stored as it should be.
    #[error("a sealed value is malformed")]
    Malformed,
    /// Its seal does not open.
    #[error("a sealed value does not open")]
    Open(#[source] OpenError),
}

impl SealedVariable {
    /// A one-time code as it came in its event.
    pub(crate) fn one_time_code(sealed: SealedSecret, code_id: &str, user_id: &str) -> Self {
        Self::sealed_for(&one_time_code_place(code_id, user_id), sealed)
    }

    /// The token of a link that resets a password, as it came in its event.
    pub(crate) fn password_reset(sealed: SealedSecret, reset_id: &str, user_id: &str) -> Self {
        Self::sealed_for(&password_reset_place(reset_id, user_id), sealed)
    }

    /// The address that a code or a token is for, as it came in its event.
    pub(crate) fn address(sealed: SealedSecret, secret_id: &str, user_id: &str) -> Self {
        Self::sealed_for(&address_place(secret_id, user_id), sealed)
    }

    fn sealed_for(place: &[u8], sealed: SealedSecret) -> Self {
        Self {
            key_id: sealed.key_id,
            nonce: STANDARD.encode(sealed.nonce),
            ciphertext: STANDARD.encode(sealed.ciphertext),
            place: STANDARD.encode(place),
        }
    }

    /// Opens it.
    pub(crate) fn open(&self, keys: &SealingKeys) -> Result<SecretString, SecretError> {
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| SecretError::Malformed);
        let sealed = Sealed {
            key_id: self.key_id.clone(),
            nonce: decode(&self.nonce)?,
            ciphertext: decode(&self.ciphertext)?,
        };
        let plain = keys.open(&sealed, &decode(&self.place)?).map_err(SecretError::Open)?;
        let text = std::str::from_utf8(&plain).map_err(|_| SecretError::Malformed)?;
        Ok(SecretString::from(text))
    }
}
