//! Lines of a text that programs without line wrapping can show (RFC 5322, section 2.1.1).

/// Characters that a line should not exceed.
const MAX_CHARS: usize = 78;

/// Breaks lines at blanks. A word that is longer than a line, such as a link, stays whole.
pub(super) fn wrap(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        if line.chars().count() <= MAX_CHARS {
            wrapped.push_str(line);
        } else {
            wrap_line(line, &mut wrapped);
        }
        wrapped.push_str(end);
    }
    wrapped
}

fn wrap_line(line: &str, wrapped: &mut String) {
    let mut column = 0;
    for word in line.split(' ') {
        let chars = word.chars().count();
        if column > 0 {
            let fits = column + 1 + chars <= MAX_CHARS;
            wrapped.push(if fits { ' ' } else { '\n' });
            column = if fits { column + 1 } else { 0 };
        }
        wrapped.push_str(word);
        column += chars;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_lines_and_empty_ones_stay() {
        for text in ["", "\n\n", "a  b\n", "one\n\n  two", &"x".repeat(200)] {
            assert_eq!(wrap(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_line_is_long_and_no_word_is_lost(words in proptest::collection::vec("[a-zа-я]{1,70}", 0..60)) {
            let text = words.join(" ");
            let wrapped = wrap(&text);
            prop_assert!(wrapped.lines().all(|line| line.chars().count() <= MAX_CHARS));
            prop_assert_eq!(wrapped.split_whitespace().collect::<Vec<_>>(), words);
        }
    }
}
