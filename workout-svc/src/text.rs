//! Texts that people write, checked before they are kept: by the rule of `chassis::text`, which the contract applies to
//! requests and which holds here for texts from elsewhere too, such as a model's.

use chassis::errors::Violation;
use chassis::text;

/// A name or another text of one line, without the blanks around it. Its length is the business of the contract.
pub(crate) fn line(field: &str, text: &str) -> Result<String, Violation> {
    match text::line(text) {
        Ok(line) if line.is_empty() => Err(Violation::new(field, "must not be empty")),
        Ok(line) => Ok(line),
        Err(error) => Err(Violation::new(field, error.to_string())),
    }
}

/// A text of any number of lines, none included.
pub(crate) fn lines(field: &str, text: &str) -> Result<String, Violation> {
    text::lines(text).map_err(|error| Violation::new(field, error.to_string()))
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
