//! Texts that people write, checked before they are kept.

use chassis::errors::Violation;

/// A name or another text of one line, without the blanks around it. Its length is the business of the contract.
pub(crate) fn line(field: &str, text: &str) -> Result<String, Violation> {
    let text = text.trim();
    if text.is_empty() {
        Err(Violation::new(field, "must not be empty"))
    } else if text.chars().any(char::is_control) {
        // Names stand in mail headers, where a line break would begin another one.
        Err(Violation::new(field, "must not hold control characters"))
    } else {
        Ok(text.to_owned())
    }
}

/// A text of any number of lines, none included.
pub(crate) fn lines(field: &str, text: &str) -> Result<String, Violation> {
    let text = text.trim();
    // The database cannot store a zero character; others of its kind have no business in a text either.
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Err(Violation::new(field, "must not hold control characters"))
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_holds_something_printable() {
        assert_eq!(line("name", "  Push \n").unwrap(), "Push");
        for text in ["", "  ", "a\nb", "a\0b", "a\u{7f}"] {
            assert_eq!(line("name", text).unwrap_err().field, "name", "{text:?}");
        }
    }

    #[test]
    fn lines_may_be_many_or_none() {
        assert_eq!(lines("notes", " a\r\n\tb ").unwrap(), "a\r\n\tb");
        assert_eq!(lines("notes", "").unwrap(), "");
        assert_eq!(lines("notes", "a\0b").unwrap_err().field, "notes");
    }
}
