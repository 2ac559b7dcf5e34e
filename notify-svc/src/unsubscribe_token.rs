//! The token of the link that switches a kind of mail off (RFC 8058).
//!
//! It says who and what, and is signed; it holds no address, opens nothing else, and does not expire: a link in an old
//! mail has to work. The same mail has the same token, so a repeat stays byte-identical.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::sealing::{SealingKeys, Signature};
use uuid::Uuid;

use crate::notification::Category;

const PURPOSE: &str = "unsubscribe";
const TAG_LENGTH: usize = 32;

/// Who wants to be rid of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscription {
    /// The account.
    pub user_id: Uuid,
    /// The kind of mail.
    pub category: Category,
}

impl Unsubscription {
    /// Writes the token: `tag account category/key` in base64url.
    pub fn token(&self, keys: &SealingKeys) -> String {
        let Signature { key_id, tag } = keys.sign(PURPOSE, &self.signed());
        let mut bytes = tag;
        bytes.extend(self.user_id.as_bytes());
        bytes.extend(format!("{}/{key_id}", self.category.name()).as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token; `None` if it is none of ours.
    pub fn from_token(token: &str, keys: &SealingKeys) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (tag, rest) = bytes.split_at_checked(TAG_LENGTH)?;
        let (user_id, names) = rest.split_at_checked(16)?;
        let (category, key_id) = std::str::from_utf8(names).ok()?.split_once('/')?;
        let found = Self {
            user_id: Uuid::from_slice(user_id).ok()?,
            category: category.parse().ok().filter(|category: &Category| category.is_optional())?,
        };
        let signature = Signature { key_id: key_id.to_owned(), tag: tag.to_vec() };
        keys.verify(PURPOSE, &found.signed(), &signature).then_some(found)
    }

    fn signed(&self) -> Vec<u8> {
        [self.user_id.as_bytes().as_slice(), self.category.name().as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> SealingKeys {
        SealingKeys::parse(&SealingKeys::generate("test")).unwrap()
    }

    #[test]
    fn a_token_says_who_and_what_and_is_the_same_each_time() {
        let keys = keys();
        let unsubscription = Unsubscription { user_id: Uuid::from_u128(7), category: Category::Reminders };
        let token = unsubscription.token(&keys);
        assert_eq!(Unsubscription::from_token(&token, &keys), Some(unsubscription));
        assert_eq!(unsubscription.token(&keys), token);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn a_token_that_was_changed_or_made_elsewhere_is_none() {
        let keys = keys();
        let unsubscription = Unsubscription { user_id: Uuid::from_u128(7), category: Category::Reminders };
        let token = unsubscription.token(&keys);
        assert_eq!(Unsubscription::from_token(&token, &self::keys()), None);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(Unsubscription::from_token(&changed, &keys), None, "byte {position}");
        }
        for length in 0..token.len() {
            assert_eq!(Unsubscription::from_token(&token[..length], &keys), None, "cut to {length}");
        }
    }

    #[test]
    fn nobody_can_be_unsubscribed_from_what_is_mandatory() {
        let keys = keys();
        let unsubscription = Unsubscription { user_id: Uuid::from_u128(7), category: Category::Security };
        assert_eq!(Unsubscription::from_token(&unsubscription.token(&keys), &keys), None);
    }
}
