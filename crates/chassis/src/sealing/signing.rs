//! Signing of what is no secret but must not be invented, such as the token of a link in a mail.
//!
//! HMAC-SHA-256 (RFC 2104) under a key that is derived from the sealing key, so that the two uses cannot meet and the
//! operator has one secret less to keep. The same text has the same signature as long as the first key stays.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use super::SealingKeys;

/// Sets the derived key apart from every other use of the sealing key.
const DERIVATION: &[u8] = b"fitness-trainer signing key 1";

/// A signature and the key that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The key that signed.
    pub key_id: String,
    /// 32 bytes.
    pub tag: Vec<u8>,
}

/// What one of the keys signs with.
#[derive(Clone)]
pub(super) struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    pub(super) fn derive(sealing_key: &[u8]) -> Self {
        let mut derivation = keyed(sealing_key);
        derivation.update(DERIVATION);
        let derived: Zeroizing<[u8; 32]> = Zeroizing::new(derivation.finalize().into_bytes().into());
        Self(keyed(derived.as_slice()))
    }

    /// The length in front keeps a purpose from reaching into the text.
    fn mac(&self, purpose: &str, text: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(text);
        mac
    }
}

impl SealingKeys {
    /// Signs `text` for one purpose; for another the signature is worth nothing.
    pub fn sign(&self, purpose: &str, text: &[u8]) -> Signature {
        let key = self.0.first().expect("parse answers at least one key");
        let tag = key.signing.mac(purpose, text).finalize().into_bytes().to_vec();
        Signature { key_id: key.id.clone(), tag }
    }

    /// Whether one of the keys signed `text` for this purpose; compared in constant time.
    pub fn verify(&self, purpose: &str, text: &[u8], signature: &Signature) -> bool {
        let key = self.0.iter().find(|key| key.id == signature.key_id);
        key.is_some_and(|key| key.signing.mac(purpose, text).verify_slice(&signature.tag).is_ok())
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret as _, SecretString};

    use super::*;

    fn keys(id: &str) -> SealingKeys {
        SealingKeys::parse(&SealingKeys::generate(id)).unwrap()
    }

    #[test]
    fn a_signature_holds_for_its_text_and_purpose_only() {
        let keys = keys("a");
        let signature = keys.sign("purpose", b"text");
        assert!(keys.verify("purpose", b"text", &signature));
        assert_eq!(keys.sign("purpose", b"text"), signature);
        assert!(!keys.verify("purpose", b"texT", &signature));
        assert!(!keys.verify("purposet", b"ext", &signature));
        assert!(!keys.verify("other", b"text", &signature));
        let cut = Signature { tag: signature.tag[..16].to_vec(), ..signature.clone() };
        assert!(!keys.verify("purpose", b"text", &cut));
        assert!(!keys.verify("purpose", b"text", &Signature { tag: Vec::new(), ..signature }));
    }

    #[test]
    fn another_key_of_the_same_id_does_not_verify() {
        let signature = keys("a").sign("purpose", b"text");
        assert!(!keys("a").verify("purpose", b"text", &signature));
        assert!(!keys("b").verify("purpose", b"text", &signature));
    }

    #[test]
    fn after_a_rotation_old_signatures_still_hold() {
        let (old, new) = (SealingKeys::generate("old"), SealingKeys::generate("new"));
        let signature = SealingKeys::parse(&old).unwrap().sign("purpose", b"text");
        let rotated = SecretString::from(format!("{},{}", new.expose_secret(), old.expose_secret()));
        let rotated = SealingKeys::parse(&rotated).unwrap();
        assert!(rotated.verify("purpose", b"text", &signature));
        assert_eq!(rotated.sign("purpose", b"text").key_id, "new");
    }
}
