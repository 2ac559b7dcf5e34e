//! E-mail addresses, parsed strictly enough that none can carry a second header, recipient or command.

use chassis::errors::Violation;

/// An address of the form `local@domain`, both in ASCII; international domains are written in Punycode.
///
/// Quoted local parts, comments, address literals and white space, all allowed by RFC 5322 and none of them in use, are
/// refused: they are what injections are made of.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    text: String,
    key: String,
}

/// A text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address")]
pub struct EmailAddressError;

/// RFC 5321, section 4.5.3.1, less the angle brackets around a path.
const MAX_LENGTH: usize = 254;
const MAX_LOCAL_LENGTH: usize = 64;
const MAX_LABEL_LENGTH: usize = 63;

impl EmailAddress {
    /// Parses an address; nothing is trimmed.
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        let (local, domain) = text.split_once('@').ok_or(EmailAddressError)?;
        if text.len() > MAX_LENGTH || !is_local_part(local) || !domain.split('.').all(is_label) {
            return Err(EmailAddressError);
        }
        Ok(Self { text: text.to_owned(), key: text.to_ascii_lowercase() })
    }

    /// Parses the field `email` of a request.
    pub(crate) fn parse_field(text: &str) -> Result<Self, Vec<Violation>> {
        Self::parse(text).map_err(|error| vec![Violation::new("email", error.to_string())])
    }

    /// Whether another address is the same account.
    pub fn is_same(&self, other: &str) -> bool {
        self.key.eq_ignore_ascii_case(other)
    }

    /// The address as it was written; mail goes there.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The mailbox that limits count: without what stands behind a plus, where nearly all providers let one person have
    /// as many addresses as they like. It is no account and no place to send to.
    pub fn mailbox(&self) -> String {
        let (local, domain) = self.key.split_once('@').unwrap_or((&self.key, ""));
        let person = local.split_once('+').map_or(local, |(person, _)| person);
        format!("{}@{domain}", if person.is_empty() { local } else { person })
    }

    /// The address in lower case. Two addresses with one key are the same account: no provider in use tells
    /// mailboxes apart by case, and if one did, letting both in would let one person pass for the other.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl std::fmt::Debug for EmailAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EmailAddress(…)")
    }
}

/// A dot-atom of RFC 5322.
fn is_local_part(local: &str) -> bool {
    let is_atom_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atom_byte);
    local.len() <= MAX_LOCAL_LENGTH && local.split('.').all(is_atom)
}

/// A label of a host name (RFC 1123, section 2.1).
fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_LENGTH).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_addresses_are_taken_as_written() {
        for text in ["a@b", "Anna.Lee+gym@Example.org", "o'neil@x-y.example", "x@xn--e1afmkfd.example"] {
            assert_eq!(EmailAddress::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn addresses_that_differ_by_case_only_have_one_key() {
        let key = |text| EmailAddress::parse(text).unwrap().key().to_owned();
        assert_eq!(key("Anna@Example.ORG"), key("anna@example.org"));
    }

    #[test]
    fn addresses_that_differ_behind_a_plus_are_one_mailbox() {
        let mailbox = |text| EmailAddress::parse(text).unwrap().mailbox();
        for text in ["Anna@example.org", "anna+1@example.org", "ANNA+a+b@example.org"] {
            assert_eq!(mailbox(text), "anna@example.org");
        }
        assert_eq!(mailbox("+1@example.org"), "+1@example.org");
        assert_ne!(mailbox("anna+1@example.org"), mailbox("anna+1@example.com"));
    }

    #[test]
    fn what_could_carry_a_header_a_recipient_or_a_command_is_refused() {
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long_label = format!("a@{}.org", "a".repeat(64));
        let long = format!("a@{}", ["a".repeat(60).as_str(); 5].join("."));
        for text in [
            "",
            "@",
            "a",
            "a@",
            "@b",
            "a@b@c",
            " a@b",
            "a@b ",
            "a b@c",
            "a@b\r\nBcc: c@d",
            "a\n@b",
            "a@b\0",
            "a@b,c@d",
            "a@b;c@d",
            "<a@b>",
            "Anna <a@b>",
            "\"a b\"@c",
            "a@[127.0.0.1]",
            "a(c)@b",
            "a..b@c",
            ".a@b",
            "a.@b",
            "a@b..c",
            "a@-b",
            "a@b-",
            "a@.b",
            "a@b.",
            "ä@b",
            "a@ä.example",
            "a\\@b",
            &long_local,
            &long_label,
            &long,
        ] {
            assert_eq!(EmailAddress::parse(text), Err(EmailAddressError), "{text:?}");
        }
    }

    #[test]
    fn an_address_does_not_print() {
        assert!(!format!("{:?}", EmailAddress::parse("anna@example.org").unwrap()).contains("anna"));
    }
}
