//! Links in mails.

use std::fmt::Write as _;

use chassis::sealing::SealingKeys;

use crate::ledger::claims::Claim;
use crate::notification::Category;
use crate::unsubscribe_token::Unsubscription;

/// Where a kind of mail is switched off.
pub(super) struct UnsubscribeLinks {
    /// For people: a page.
    pub(super) page: String,
    /// For mail programs: one POST (RFC 8058).
    pub(super) one_click: String,
}

/// The links of a mail; none if its kind cannot be switched off.
pub(super) fn unsubscribe(
    claim: &Claim,
    category: Category,
    public_url: &str,
    keys: &SealingKeys,
) -> Option<UnsubscribeLinks> {
    if !category.is_optional() {
        return None;
    }
    let token = Unsubscription { user_id: claim.user_id, category }.token(keys);
    Some(UnsubscribeLinks {
        page: format!("{public_url}/unsubscribe?token={token}"),
        one_click: format!("{public_url}/v1/unsubscribe?token={token}"),
    })
}

/// Where a new password is chosen.
pub(super) fn password_reset(token: &str, public_url: &str) -> String {
    format!("{public_url}/reset-password?token={}", percent_encoded(token))
}

/// Leaves only what means nothing in a query (RFC 3986, unreserved).
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a string does not fail");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_cannot_change_the_link_around_it() {
        assert_eq!(
            password_reset("a-b_c.d~e&f=g#h+i", "https://fitness.example"),
            "https://fitness.example/reset-password?token=a-b_c.d~e%26f%3Dg%23h%2Bi"
        );
    }
}
