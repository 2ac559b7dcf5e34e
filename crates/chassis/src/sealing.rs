//! Sealing of the short secrets that travel inside events, so that whoever reads a topic or a table cannot use them.
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha): its 192-bit nonces may be random without a count of messages. The
//! associated data binds a seal to its place; moved to another event it does not open.

mod signing;

pub use self::signing::Signature;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, Generate as _, Payload};
use chacha20poly1305::{Key, KeyInit as _, XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use self::signing::SigningKey;

/// A secret that only a holder of the key can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The key that sealed it.
    pub key_id: String,
    /// 24 random bytes.
    pub nonce: Vec<u8>,
    /// Ciphertext and tag.
    pub ciphertext: Vec<u8>,
}

/// The sealing keys; the first seals, all of them open.
///
/// To rotate: give every service the new key in second place, then move it to the front, then drop the old one when
/// the last event that it sealed has left the topics.
#[derive(Clone)]
pub struct SealingKeys(Vec<SealingKey>);

#[derive(Clone)]
struct SealingKey {
    id: String,
    cipher: XChaCha20Poly1305,
    signing: SigningKey,
}

/// Why a text is no list of sealing keys. It never repeats any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealingKeysError {
    /// There is no key in it.
    #[error("at least one key is needed, as id:base64")]
    Empty,
    /// An entry is not `id:base64`.
    #[error("entry {0} is not id:base64")]
    Malformed(usize),
    /// A key has another length than 32 bytes.
    #[error("the key of entry {0} is not 32 bytes in base64")]
    Key(usize),
    /// An id stands twice.
    #[error("the id of entry {0} stands twice")]
    Repeated(usize),
}

/// Why a seal does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The key that sealed it is not configured here.
    #[error("no key with the id of the seal is configured")]
    UnknownKey,
    /// It was changed, moved to another place, or sealed by another key of the same id.
    #[error("the seal is broken")]
    Broken,
}

impl std::fmt::Debug for SealingKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl SealingKeys {
    /// Reads `id:base64,id2:base64`, each key 32 bytes in standard base64.
    pub fn parse(text: &SecretString) -> Result<Self, SealingKeysError> {
        let mut keys: Vec<SealingKey> = Vec::new();
        let entries = text.expose_secret().split(',').map(str::trim).filter(|entry| !entry.is_empty());
        for (position, entry) in (1..).zip(entries) {
            let (id, encoded) = entry.split_once(':').ok_or(SealingKeysError::Malformed(position))?;
            if id.is_empty() {
                return Err(SealingKeysError::Malformed(position));
            }
            if keys.iter().any(|key| key.id == id) {
                return Err(SealingKeysError::Repeated(position));
            }
            let bytes =
                Zeroizing::new(STANDARD.decode(encoded).map_err(|_| SealingKeysError::Key(position))?);
            let key = Key::try_from(bytes.as_slice()).map_err(|_| SealingKeysError::Key(position))?;
            let signing = SigningKey::derive(&bytes);
            keys.push(SealingKey { id: id.to_owned(), cipher: XChaCha20Poly1305::new(&key), signing });
        }
        if keys.is_empty() { Err(SealingKeysError::Empty) } else { Ok(Self(keys)) }
    }

    /// Makes one random key in the form that [`SealingKeys::parse`] reads.
    pub fn generate(id: &str) -> SecretString {
        let bytes = Zeroizing::new(Key::generate().to_vec());
        SecretString::from(format!("{id}:{}", STANDARD.encode(bytes.as_slice())))
    }

    /// Seals `plaintext` for the place that `associated_data` names.
    pub fn seal(&self, plaintext: &[u8], associated_data: &[u8]) -> Sealed {
        let key = self.0.first().expect("parse answers at least one key");
        let nonce = XNonce::generate();
        let ciphertext = key
            .cipher
            .encrypt(&nonce, Payload { msg: plaintext, aad: associated_data })
            .expect("encryption fails only for messages of more than 256 GiB");
        Sealed { key_id: key.id.clone(), nonce: nonce.to_vec(), ciphertext }
    }

    /// Opens a seal made for the same place.
    pub fn open(&self, sealed: &Sealed, associated_data: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let key = self.0.iter().find(|key| key.id == sealed.key_id).ok_or(OpenError::UnknownKey)?;
        let nonce = XNonce::try_from(sealed.nonce.as_slice()).map_err(|_| OpenError::Broken)?;
        let payload = Payload { msg: &sealed.ciphertext, aad: associated_data };
        key.cipher.decrypt(&nonce, payload).map(Zeroizing::new).map_err(|_| OpenError::Broken)
    }
}

/// The place of a one-time code: the code and the account that it belongs to, as they stand in its event.
pub fn one_time_code_place(code_id: &str, user_id: &str) -> Vec<u8> {
    format!("{code_id}/{user_id}").into_bytes()
}

/// The place of the token that resets a password: the request and the account, as they stand in its event.
pub fn password_reset_place(reset_id: &str, user_id: &str) -> Vec<u8> {
    format!("password_reset/{reset_id}/{user_id}").into_bytes()
}

/// The place of the address that a code or a token is for: their id and the account, as they stand in the event.
pub fn address_place(secret_id: &str, user_id: &str) -> Vec<u8> {
    format!("address/{secret_id}/{user_id}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Result<SealingKeys, SealingKeysError> {
        SealingKeys::parse(&SecretString::from(text))
    }

    fn key(id: &str) -> String {
        SealingKeys::generate(id).expose_secret().to_owned()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_is_not_readable() {
        let keys = keys(&key("a")).unwrap();
        let sealed = keys.seal(b"123456", b"place");
        assert_eq!(sealed.key_id, "a");
        assert_eq!(sealed.nonce.len(), 24);
        assert!(!sealed.ciphertext.windows(6).any(|window| window == b"123456"));
        assert_eq!(keys.open(&sealed, b"place").unwrap().as_slice(), b"123456");
    }

    #[test]
    fn a_seal_that_was_moved_or_changed_does_not_open() {
        let keys = keys(&key("a")).unwrap();
        let sealed = keys.seal(b"123456", b"place");
        assert_eq!(keys.open(&sealed, b"other").unwrap_err(), OpenError::Broken);
        let mut changed = sealed.clone();
        changed.ciphertext[0] ^= 1;
        assert_eq!(keys.open(&changed, b"place").unwrap_err(), OpenError::Broken);
        let short = Sealed { nonce: vec![0; 12], ..sealed };
        assert_eq!(keys.open(&short, b"place").unwrap_err(), OpenError::Broken);
    }

    #[test]
    fn after_a_rotation_the_new_key_seals_and_the_old_one_still_opens() {
        let (old, new) = (key("old"), key("new"));
        let sealed = keys(&old).unwrap().seal(b"123456", b"place");
        let rotated = keys(&format!("{new},{old}")).unwrap();
        assert_eq!(rotated.open(&sealed, b"place").unwrap().as_slice(), b"123456");
        assert_eq!(rotated.seal(b"1", b"place").key_id, "new");
        assert_eq!(keys(&new).unwrap().open(&sealed, b"place").unwrap_err(), OpenError::UnknownKey);
    }

    #[test]
    fn a_malformed_list_is_refused_without_repeating_it() {
        let good = key("a");
        assert_eq!(keys("").unwrap_err(), SealingKeysError::Empty);
        assert_eq!(keys("secret").unwrap_err(), SealingKeysError::Malformed(1));
        assert_eq!(keys(&format!("{good},b:c2hvcnQ=")).unwrap_err(), SealingKeysError::Key(2));
        assert_eq!(keys(&format!("{good},{good}")).unwrap_err(), SealingKeysError::Repeated(2));
        assert!(!SealingKeysError::Malformed(1).to_string().contains("secret"));
    }

    #[test]
    fn debug_output_names_the_ids_only() {
        let text = key("a");
        assert_eq!(format!("{:?}", keys(&text).unwrap()), r#"["a"]"#);
    }
}
