//! What a server says that it can do, in its reply to EHLO (RFC 5321, section 4.1.1.1).

use super::reply::decode;
use super::wire_reply::WireReply;

/// The extensions that matter here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is offered or not, whatever the others are")]
pub(super) struct Offers {
    pub(super) pipelining: bool,
    pub(super) eight_bit_mime: bool,
    pub(super) smtp_utf8: bool,
    pub(super) start_tls: bool,
    pub(super) auth_plain: bool,
    pub(super) auth_login: bool,
}

impl From<&WireReply> for Offers {
    fn from(reply: &WireReply) -> Self {
        let mut offers = Self::default();
        // The first line greets.
        for line in reply.lines.iter().skip(1) {
            let line = decode(line).to_ascii_uppercase();
            // Before the RFC some wrote AUTH=PLAIN.
            let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
            match words.next() {
                Some("PIPELINING") => offers.pipelining = true,
                Some("8BITMIME") => offers.eight_bit_mime = true,
                Some("SMTPUTF8") => offers.smtp_utf8 = true,
                Some("STARTTLS") => offers.start_tls = true,
                Some("AUTH") => {
                    for mechanism in words {
                        offers.auth_plain |= mechanism == "PLAIN";
                        offers.auth_login |= mechanism == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        offers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(lines: &[&str]) -> Offers {
        let lines = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        (&WireReply { code: 250, lines }).into()
    }

    #[test]
    fn keywords_are_read_in_any_case_and_the_greeting_is_none() {
        let all =
            ["relay", "pipelining", "8BitMime", "SMTPUTF8", "STARTTLS ", "auth LOGIN plain X", "SIZE 9"];
        assert_eq!(
            offers(&all),
            Offers {
                pipelining: true,
                eight_bit_mime: true,
                smtp_utf8: true,
                start_tls: true,
                auth_plain: true,
                auth_login: true
            }
        );
        assert_eq!(offers(&["PIPELINING", "XPIPELINING", "AUTH", ""]), Offers::default());
        assert!(offers(&["relay", "AUTH=LOGIN"]).auth_login);
    }
}
