//! One-time codes: six digits that prove to whoever types them in that they read the mail.
//!
//! A million values are few, so a code is only as good as its limits: it lives for 15 minutes and five tries from one
//! place. Who asked for it, and a device at a network where the owner signed in before, have tries of their own, so that
//! nobody else uses them up. All other networks together have 15 tries of a code.
//!
//! What that leaves to somebody with any number of networks, in an hour and with the usual limits of
//! [`crate::rate_limit`]: strangers have 45 tries for an address and purpose. Codes can be asked for 18 times (three times
//! six), each time with five tries where that was done, and each of those is compared with two codes at most, the one that was
//! asked for there and the newest. So 45 + 18 × 5 × 2 = 225 comparisons, each of which hits with a chance of one in a
//! million: less than 1 in 4,400, however many guesses are sent from however many networks. The owner gets 18 mails meanwhile.
//!
//! For the same reason a plain hash at rest would be reversed in a blink; the hash is keyed with a pepper that is not in the
//! database, and bound to the id of the code, so that equal codes do not look equal.

use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt as _;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use uuid::Uuid;

/// How long a code works.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// How often a code may be typed in at one place.
pub const MAX_TRIES: i32 = 5;
/// How often a code may be typed in at all places together that are not known.
pub const MAX_TRIES_OF_STRANGERS: i32 = 15;

/// What a code is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It proves an address.
    Verify,
    /// It signs in.
    Login,
}

impl Purpose {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Login => "login",
        }
    }
}

/// The key of the hashes of all codes, and of whatever else must not be readable in the database.
#[derive(Clone)]
pub struct Pepper(SecretString);

/// The pepper is too short to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at least {} bytes are needed", Pepper::MIN_LENGTH)]
pub struct PepperTooShort;

impl Pepper {
    const MIN_LENGTH: usize = 32;

    /// Takes any text of at least 32 bytes.
    pub fn new(text: SecretString) -> Result<Self, PepperTooShort> {
        if text.expose_secret().len() < Self::MIN_LENGTH { Err(PepperTooShort) } else { Ok(Self(text)) }
    }

    /// Answers the hash of a code under which it is stored.
    pub fn hash(&self, code_id: Uuid, code: &str) -> [u8; 32] {
        self.mac(code_id, code).finalize().into_bytes().into()
    }

    /// Compares a typed code with a stored hash in constant time.
    pub fn matches(&self, code_id: Uuid, code: &str, stored: &[u8]) -> bool {
        self.mac(code_id, code).verify_slice(stored).is_ok()
    }

    /// Answers the hash under which something is found again that must not be readable, such as an address. `label`
    /// keeps hashes of one use apart from those of another.
    pub fn pseudonym(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.keyed();
        for part in [label.as_bytes()].iter().chain(parts) {
            // With its length in front, so that moving a byte from one part to the next makes another hash.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn mac(&self, code_id: Uuid, code: &str) -> Hmac<Sha256> {
        let mut mac = self.keyed();
        mac.update(code_id.as_bytes());
        mac.update(code.as_bytes());
        mac
    }

    fn keyed(&self) -> Hmac<Sha256> {
        let key = self.0.expose_secret().as_bytes();
        Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
    }
}

impl std::fmt::Debug for Pepper {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Pepper(…)")
    }
}

/// Draws six digits from the system's random source, each value equally likely.
pub fn draw() -> SecretString {
    let number: u32 = UnwrapErr(SysRng).random_range(0..1_000_000);
    SecretString::from(format!("{number:06}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(fill: &str) -> Pepper {
        Pepper::new(SecretString::from(fill.repeat(32))).unwrap()
    }

    #[test]
    fn a_code_is_six_digits() {
        for _ in 0..1000 {
            let code = draw();
            assert_eq!(code.expose_secret().len(), 6);
            assert!(code.expose_secret().bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    #[test]
    fn a_hash_matches_its_code_under_its_id_and_pepper_only() {
        let (code_id, pepper_a) = (Uuid::from_u128(1), pepper("a"));
        let hash = pepper_a.hash(code_id, "012345");
        assert!(pepper_a.matches(code_id, "012345", &hash));
        assert!(!pepper_a.matches(code_id, "012346", &hash));
        assert!(!pepper_a.matches(Uuid::from_u128(2), "012345", &hash));
        assert!(!pepper("b").matches(code_id, "012345", &hash));
    }

    #[test]
    fn a_pseudonym_depends_on_label_parts_and_pepper() {
        let pseudonym = pepper("a").pseudonym("x", &[b"ab", b"c"]);
        assert_eq!(pseudonym, pepper("a").pseudonym("x", &[b"ab", b"c"]));
        assert_ne!(pseudonym, pepper("a").pseudonym("x", &[b"a", b"bc"]));
        assert_ne!(pseudonym, pepper("a").pseudonym("y", &[b"ab", b"c"]));
        assert_ne!(pseudonym, pepper("b").pseudonym("x", &[b"ab", b"c"]));
    }

    #[test]
    fn a_short_pepper_is_refused_and_a_pepper_does_not_print() {
        assert_eq!(Pepper::new(SecretString::from("short")).unwrap_err(), PepperTooShort);
        assert!(!format!("{:?}", pepper("a")).contains("aa"));
    }
}
