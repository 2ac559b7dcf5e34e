//! What an SMTP server answered, as we keep it.

use std::borrow::Cow;

use super::wire_reply::WireReply;

const MAX_TEXT_CHARS: usize = 200;

/// A reply, fit for the ledger and the log: its text holds no addresses and nothing that cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// What stood behind them, in one line.
    pub text: String,
}

impl Reply {
    /// Whether trying again later makes sense (RFC 5321, section 4.2.1).
    pub fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// Whether the server says that it is closing down or may not be spoken to: a matter of the server, not of the mail.
    pub fn is_about_the_server(&self) -> bool {
        // 421 service not available; 530 and 538 authentication or encryption required first.
        matches!(self.code, 421 | 530 | 538)
    }

    /// Whether the server does not know the command: a matter of the command, not of the mail.
    pub(super) fn is_about_the_command(&self) -> bool {
        (500..=504).contains(&self.code)
    }
}

impl From<WireReply> for Reply {
    fn from(reply: WireReply) -> Self {
        let mut text = String::new();
        for line in &reply.lines {
            // Masking makes words longer or shorter, so there is more here than will be kept, but never much more.
            if text.len() > MAX_TEXT_CHARS * 16 {
                break;
            }
            text.push_str(&decode(line));
            text.push(' ');
        }
        Self { code: reply.code, text: cleaned(&text) }
    }
}

/// Bytes of a peer as text: UTF-8 where they are that, else Latin-1, in which every byte is a character.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Words of a peer as they may stand in the ledger, the log and an event: one line of a known length, without control
/// characters, without marks that hide or reorder text, and without addresses, which servers like to repeat.
pub(crate) fn cleaned(text: &str) -> String {
    let spaced = text.replace(|c: char| c.is_control() || is_hidden(c), " ");
    let words = spaced.split_whitespace().map(|word| if has_an_address(word) { "<address>" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_TEXT_CHARS).collect()
}

/// The at sign, as it is, full-width, small, and in the encodings that mail programs use.
fn has_an_address(word: &str) -> bool {
    word.contains(['@', '\u{ff20}', '\u{fe6b}'])
        || ["%40", "=40", "&#64;"].iter().any(|encoded| word.contains(encoded))
}

fn is_hidden(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reply_texts_hold_no_addresses_and_no_line_ends() {
        assert_eq!(
            cleaned("5.1.1 <ann@example.org>:\r\nRecipient address rejected"),
            "5.1.1 <address> Recipient address rejected"
        );
        for word in ["ann@example.org", "ann%40example.org", "ann\u{ff20}example.org", "a@b@c", "<\"a\"@b>:"]
        {
            assert_eq!(cleaned(word), "<address>");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_read_as_latin_1() {
        assert_eq!(decode("пока".as_bytes()), "пока");
        assert_eq!(decode(b"refus\xe9"), "refusé");
    }

    proptest! {
        #[test]
        fn whatever_a_server_says_is_one_short_line_of_visible_text(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 0..8),
        ) {
            let Reply { text, .. } = WireReply { code: 550, lines }.into();
            prop_assert!(text.chars().count() <= MAX_TEXT_CHARS);
            prop_assert!(!text.contains(|c: char| c.is_control() || is_hidden(c) || c == '@'), "{text:?}");
        }
    }
}
