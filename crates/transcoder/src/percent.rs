//! Percent-encoding (RFC 3986, 2.1), read strictly.

use std::borrow::Cow;

/// Decodes what stands in a path or in a query. None for a broken escape, or for bytes that are not UTF-8.
///
/// A value that spans slashes keeps `%2F` as it is, since it would become one of them; so says `google.api.http`.
pub(crate) fn decode(text: &str, keep_slash: bool) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte != b'%' {
            decoded.push(byte);
            rest = tail;
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2)?;
        let byte = hex_digit(digits[0])? << 4 | hex_digit(digits[1])?;
        if byte == b'/' && keep_slash {
            decoded.push(b'%');
            decoded.extend_from_slice(digits);
        } else {
            decoded.push(byte);
        }
        rest = tail;
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("plain", Some("plain"))]
    #[case("a%20b%2Fc", Some("a b/c"))]
    #[case("%D0%B6", Some("ж"))]
    #[case("%", None)]
    #[case("%4", None)]
    #[case("%zz", None)]
    #[case("%+1", None)]
    #[case("%ff", None)]
    fn escapes_are_decoded_or_refused(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(decode(text, false).as_deref(), expected);
    }

    #[test]
    fn an_escaped_slash_is_kept_where_slashes_mean_something() {
        assert_eq!(decode("a%2fb%20c", true).as_deref(), Some("a%2fb c"));
    }
}
