//! Texts of people in headers, so that a reader sees what was written and nothing else.
//!
//! What is not plain ASCII is encoded (RFC 2047), and so is what only looks encoded: a title of `=?utf-8?q?…?=` would
//! otherwise be shown as something that nobody has checked. Lines have at most 76 characters, as encoded words ask for.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lettre::message::Mailbox;
use lettre::message::header::{HeaderName, HeaderValue};

const MAX_LINE: usize = 76;
const OPEN: &str = "=?utf-8?b?";
const CLOSE: &str = "?=";

/// A header of free text.
pub(super) fn text(name: &'static str, text: &str) -> HeaderValue {
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !text.contains("=?")
        && text.split(' ').all(|word| word.len() < MAX_LINE - name.len() - 2);
    let mut writer = Writer::behind(name);
    if plain {
        writer.words(text);
    } else {
        writer.encoded(text);
    }
    writer.into_header(name, text)
}

/// A header of one address with its name.
pub(super) fn mailbox(name: &'static str, mailbox: &Mailbox) -> HeaderValue {
    let mut writer = Writer::behind(name);
    let address: &str = mailbox.email.as_ref();
    match mailbox.name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        None => writer.token(address),
        Some(display_name) => {
            match phrase(display_name) {
                Some(phrase) if phrase.len() < MAX_LINE - writer.column => writer.token(&phrase),
                _ => writer.encoded(display_name),
            }
            writer.space_before(address.len() + 2);
            writer.token(&format!("<{address}>"));
        }
    }
    // lettre reads the envelope from the unencoded form, and needs no name for that.
    writer.into_header(name, address)
}

/// The name as one atom or quoted string (RFC 5322, sections 3.2.3 and 3.2.4), where it needs no encoding.
fn phrase(name: &str) -> Option<String> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.bytes().all(is_word) {
        return Some(name.to_owned());
    }
    let quotable = |byte: u8| is_word(byte) || matches!(byte, b' ' | b'.' | b'"' | b'\\');
    name.bytes().all(quotable).then(|| format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Writes the value of a header and knows how long its line is.
struct Writer {
    value: String,
    column: usize,
}

impl Writer {
    fn behind(name: &str) -> Self {
        Self { value: String::new(), column: name.len() + ": ".len() }
    }

    fn token(&mut self, token: &str) {
        self.value.push_str(token);
        self.column += token.len();
    }

    /// A blank, on a new line where the next token of that length would not fit.
    fn space_before(&mut self, length: usize) {
        if self.column + 1 + length > MAX_LINE {
            self.value.push_str("\r\n");
            self.column = 0;
        }
        self.token(" ");
    }

    fn words(&mut self, text: &str) {
        for (position, word) in text.split(' ').filter(|word| !word.is_empty()).enumerate() {
            if position > 0 {
                self.space_before(word.len());
            }
            self.token(word);
        }
    }

    /// Encoded words, each of whole characters; the blanks between them are not part of the text.
    fn encoded(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            if rest.len() < text.len() {
                // A full line each.
                self.space_before(MAX_LINE - 1);
            }
            let room = MAX_LINE.saturating_sub(self.column + OPEN.len() + CLOSE.len()) / 4 * 3;
            // The widest character has four bytes, and no name of a header leaves less room than that.
            let end = (0..=room.min(rest.len())).rev().find(|end| rest.is_char_boundary(*end));
            let (word, more) = rest.split_at(end.filter(|end| *end > 0).unwrap_or(rest.len()));
            self.token(&format!("{OPEN}{}{CLOSE}", BASE64_STANDARD.encode(word)));
            rest = more;
        }
    }

    fn into_header(self, name: &'static str, raw: &str) -> HeaderValue {
        HeaderValue::dangerous_new_pre_encoded(
            HeaderName::new_from_ascii_str(name),
            raw.to_owned(),
            self.value,
        )
    }
}

#[cfg(test)]
mod tests {
    use lettre::message::header::Headers;
    use proptest::prelude::*;

    use super::*;

    fn written(header: HeaderValue) -> String {
        let mut headers = Headers::new();
        headers.insert_raw(header);
        headers.to_string()
    }

    fn subject(text: &str) -> String {
        written(super::text("Subject", text))
    }

    fn to(name: &str) -> String {
        let email = "somebody.with.a.long.address@mail.example.org".parse().unwrap();
        written(mailbox("To", &Mailbox::new(Some(name.to_owned()), email)))
    }

    /// Header, subject and name as a mail program reads them.
    fn read(headers: &str) -> (Option<String>, Option<String>) {
        let mail = format!("{headers}\r\nbody");
        let message = mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap();
        let name = message.to().and_then(|to| to.first()?.name.as_deref().map(str::to_owned));
        (message.subject().map(str::to_owned), name)
    }

    #[test]
    fn what_looks_encoded_is_shown_as_it_was_written() {
        for text in ["=?utf-8?q?Click=20evil.example?=", "A =?utf-8?b?ZXZpbA==?= B", "=?", "a=?b"] {
            assert_eq!(read(&subject(text)).0.as_deref(), Some(text));
            assert_eq!(read(&to(text)).1.as_deref(), Some(text));
        }
    }

    #[test]
    fn names_of_dots_and_specials_are_quoted_or_encoded() {
        for (name, expected) in [
            (".", "To: \".\" <"),
            ("...", "To: \"...\" <"),
            ("J.R.", "To: \"J.R.\" <"),
            ("Ann", "To: Ann <"),
            ("Ann Lee", "To: \"Ann Lee\" <"),
            ("A \"B\" \\", "To: \"A \\\"B\\\" \\\\\" <"),
            ("a@b, c", "To: =?utf-8?b?"),
        ] {
            assert!(to(name).starts_with(expected), "{}", to(name));
            assert_eq!(read(&to(name)).1.as_deref(), Some(name));
        }
    }

    #[test]
    fn plain_text_stays_readable() {
        assert_eq!(subject("Time to train: Upper body"), "Subject: Time to train: Upper body\r\n");
        let long = "word ".repeat(30);
        assert!(subject(long.trim()).contains("word\r\n word"));
    }

    proptest! {
        #[test]
        fn every_line_is_short_and_every_text_comes_out_as_it_went_in(
            text in "[ -~а-яё\u{4e00}-\u{4eff}😀-😃=?.]{1,200}",
        ) {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assume!(!text.is_empty());
            for header in [subject(&text), to(&text)] {
                prop_assert!(header.is_ascii());
                prop_assert!(header.trim_end().split("\r\n").all(|line| line.len() <= MAX_LINE), "{header}");
            }
            prop_assert_eq!(read(&subject(&text)).0.unwrap(), text.clone());
            prop_assert_eq!(read(&to(&text)).1.unwrap(), text);
        }
    }
}
