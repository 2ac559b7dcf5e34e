//! The header of an access token (RFC 7515, section 4), read by our own rules before anything is computed.
//!
//! A verifier must understand all that a header declares critical, and must not take a token of one kind for another
//! (RFC 8725, sections 3.1 and 3.11). We understand no extension, so a header that names one is refused.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The longest token that is looked at; ours have some 500 bytes.
const MAX_TOKEN_BYTES: usize = 4 * 1024;

/// What a header may say; members that change nothing are passed over, and a repeated one makes it unreadable.
#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of its own that may be there or not")]
struct TokenHeader {
    typ: String,
    kid: String,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(default, deserialize_with = "present")]
    b64: bool,
    /// An encrypted or a compressed token is of another kind.
    #[serde(default, deserialize_with = "present")]
    enc: bool,
    #[serde(default, deserialize_with = "present")]
    zip: bool,
}

/// Answers the key id of a token, if its header is one that we would write.
pub(super) fn key_id(token: &str) -> Option<String> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let (header, _) = token.split_once('.')?;
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).ok()?;
    let header: TokenHeader = serde_json::from_slice(&header).ok()?;
    let extended = header.crit || header.b64 || header.enc || header.zip;
    (is_access_token(&header.typ) && !extended).then_some(header.kid)
}

/// Media types are compared without regard to case, and `application/` may be left out (RFC 7515, section 4.1.9).
fn is_access_token(typ: &str) -> bool {
    let prefix = "application/";
    let short = typ.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix));
    let typ = if short.is_some() { &typ[prefix.len()..] } else { typ };
    typ.eq_ignore_ascii_case("JWT")
}

/// Whether a member is there, whatever it says.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

#[cfg(test)]
mod tests;
