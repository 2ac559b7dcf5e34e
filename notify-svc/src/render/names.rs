//! Display names and other short texts as they may stand in a mail.
//!
//! Anybody can register somebody else's address, so until an address is proved its "name" is a stranger's text sent
//! under our name. Control characters would break headers; a link in it would make the mail a phishing mail.

const MAX_CHARS: usize = 64;

/// The name to greet by and to put beside the address; empty where it is none.
pub(super) fn greeting_name(display_name: &str) -> String {
    label(display_name, MAX_CHARS)
}

/// A short text that a stranger may have chosen; empty where it would be a link.
pub(super) fn label(text: &str, max_chars: usize) -> String {
    let label = plain(text, max_chars);
    if label.split(' ').any(looks_like_a_link) { String::new() } else { label }
}

/// A text in one line that the recipient or we have written, no longer than `max_chars`.
pub(super) fn plain(text: &str, max_chars: usize) -> String {
    without_controls(text).chars().take(max_chars).collect()
}

/// The text in one line: every run of control characters and spaces is one space. Joiners that a script or an emoji
/// needs are kept.
pub(super) fn without_controls(text: &str) -> String {
    chassis::text::shown(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a mail program might turn the word into a link: an address, a path, or a dot between letters that could
/// be a domain. Initials such as "J.R." are no domain.
fn looks_like_a_link(word: &str) -> bool {
    if word.contains("://") || word.contains('@') || word.to_lowercase().starts_with("www.") {
        return true;
    }
    // The other full stops are dots to who resolves names (UTS 46).
    let dots = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];
    let mut labels = word.split('/').next().unwrap_or_default().split(dots);
    let first = labels.next().unwrap_or_default();
    !first.is_empty() && labels.any(|label| label.chars().take_while(|c| c.is_alphabetic()).count() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_as_they_are() {
        for name in [
            "Ann",
            "Анна-Мария",
            "J.R. Tolkien",
            "O'Brien",
            "李小龍",
            "Ann <3",
            "Dr. No",
            "عل\u{6cc}\u{200c}رضا",
            "\u{1f468}\u{200d}\u{1f467}",
        ] {
            assert_eq!(greeting_name(name), name);
        }
    }

    #[test]
    fn line_ends_and_hidden_marks_become_spaces() {
        assert_eq!(greeting_name("Ann\r\nBcc: victim\u{202e}\u{0}x"), "Ann Bcc: victim x");
        for mark in ["\u{ad}", "\u{180e}", "\u{200b}", "\u{200d}", "\u{2067}", "\u{e0041}"] {
            let name = greeting_name(&format!("Ann{mark} Lee{mark}"));
            assert_eq!(name, "Ann Lee", "{}", mark.escape_unicode());
        }
    }

    #[test]
    fn what_a_mail_program_would_make_a_link_is_no_name() {
        for name in [
            "http://evil.example",
            "win at evil.com now",
            "www.evil",
            "c@d",
            "Evil.com/path",
            "пример.рф",
            "evil。com",
        ] {
            assert_eq!(greeting_name(name), "", "{name}");
        }
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(greeting_name(&"a".repeat(500)).len(), 64);
    }
}
