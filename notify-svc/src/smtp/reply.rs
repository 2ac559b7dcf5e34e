//! What an SMTP server answered.

use std::error::Error as _;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Response;

const MAX_TEXT_CHARS: usize = 200;

/// A reply, fit for the ledger and the log: its text holds no addresses.
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
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        let text = response.message().collect::<Vec<_>>().join(" ");
        Self { code: response.code().into(), text: without_addresses(&text) }
    }
}

/// The reply inside an error of lettre, where the error is a negative reply.
pub(super) fn negative_reply(error: &Error) -> Option<Reply> {
    let code = error.status()?.into();
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    Some(Reply { code, text: without_addresses(&text) })
}

/// Replaces every word with an at sign: servers like to repeat the address they refuse.
fn without_addresses(text: &str) -> String {
    let words = text.split_whitespace().map(|word| if word.contains('@') { "<address>" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(MAX_TEXT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reply_texts_hold_no_addresses_and_no_line_ends() {
        assert_eq!(
            without_addresses("5.1.1 <ann@example.org>:\r\nRecipient address rejected"),
            "5.1.1 <address> Recipient address rejected"
        );
    }
}
