//! One rule for what people write: names, notes, messages.
//!
//! A text is kept as its reader would write it: in NFC, so that `ü` is one text on every system, and without the marks
//! that show nothing and do nothing. It is judged by what can be seen. Joiners stay where a script or an emoji needs
//! them (علی‌رضا, 👨‍👩‍👧); what turns the direction of the text around it, or breaks its line, is refused, because the text will
//! stand between others in mails and lists (Unicode TR 36, UAX 31).

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory, UnicodeEmoji as _, UnicodeGeneralCategory as _};

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';
const BLACK_FLAG: char = '\u{1f3f4}';
/// The combining class of signs such as the Indic viramas, behind which joiners choose a form.
const VIRAMA: u8 = 9;

/// What is wrong with a text, in words that follow the name of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A line end in a line, a bell, a zero.
    #[error("must not hold control characters")]
    Control,
    /// An embedding, override or isolate.
    #[error("must not hold characters that turn the direction of text")]
    Direction,
    /// Not empty, and yet nothing to look at.
    #[error("must hold something that can be seen")]
    Invisible,
}

/// A text of one line, such as a name, without the blanks around it. It may be empty.
pub fn line(text: &str) -> Result<String, TextError> {
    let kept = kept(text, |c| c.is_control() || is_line_break(c))?;
    if kept.is_empty() || kept.chars().any(is_visible) { Ok(kept) } else { Err(TextError::Invisible) }
}

/// A text of any number of lines, none included.
pub fn lines(text: &str) -> Result<String, TextError> {
    let kept = kept(text, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))?;
    Ok(if kept.chars().any(is_visible) { kept } else { String::new() })
}

/// A password in the one form in which it is hashed and compared, whichever system it was typed on.
pub fn password(text: &str) -> String {
    text.nfc().collect()
}

/// A text that was not refused at the door, as it may be shown: blanks stand where it would have been refused.
pub fn shown(text: &str) -> String {
    let is_refused = |c: char| c.is_control() || is_line_break(c) || turns_direction(c);
    settled(&text.replace(is_refused, " "), |text| without_idle_marks(text).nfc().collect())
}

fn kept(text: &str, is_control: impl Fn(char) -> bool) -> Result<String, TextError> {
    let text = text.trim();
    if text.chars().any(is_control) {
        return Err(TextError::Control);
    }
    if text.chars().any(turns_direction) {
        return Err(TextError::Direction);
    }
    Ok(settled(text, |text| {
        let kept: String = without_idle_marks(text).nfc().collect();
        // What was dropped may have stood outside of blanks.
        kept.trim().to_owned()
    }))
}

/// The text once a step changes nothing any more: what is dropped may make something beside it idle.
fn settled(text: &str, step: impl Fn(&str) -> String) -> String {
    let mut text = text.to_owned();
    loop {
        let next = step(&text);
        if next == text {
            return text;
        }
        text = next;
    }
}

/// The text without the marks that do nothing where they stand.
fn without_idle_marks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let is_kept = match c {
            ZERO_WIDTH_NON_JOINER | ZERO_WIDTH_JOINER => joins(c, &kept, rest.clone().find(|c| !is_idle(*c))),
            // The tags of a flag such as that of Scotland.
            '\u{e0020}'..='\u{e007f}' => {
                kept.chars().next_back().is_some_and(|last| last == BLACK_FLAG || is_tag(last))
            }
            _ => !is_idle(c),
        };
        if is_kept {
            kept.push(c);
        }
    }
    kept
}

/// Whether a joiner changes how the text around it looks.
fn joins(joiner: char, before: &str, after: Option<char>) -> bool {
    let Some(last) = before.chars().next_back() else { return false };
    if canonical_combining_class(last) == VIRAMA {
        return true;
    }
    // Marks belong to the letter before them; skin tones, variation selectors and tags to the emoji before them.
    let is_base = |c: &char| !is_mark(*c) && !is_tag(*c) && !matches!(c, '\u{1f3fb}'..='\u{1f3ff}');
    let base = before.chars().rev().find(is_base).unwrap_or(last);
    if joiner == ZERO_WIDTH_JOINER {
        let is_sequence = is_emoji(base) && after.is_some_and(is_emoji);
        // At the end of a word it gives the last letter the form of one within.
        is_sequence || has_joining_letters(base)
    } else {
        has_joining_letters(base) && after.is_some_and(has_joining_letters)
    }
}

/// Scripts whose letters change by what they are joined to: Arabic and its kin, the Indic ones, Mongolian.
fn has_joining_letters(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{a840}'..='\u{a87f}' | '\u{a8e0}'..='\u{a8ff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10ac0}'..='\u{10aff}' | '\u{10d00}'..='\u{10d3f}' | '\u{11000}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}')
        && !is_idle(c)
}

fn is_emoji(c: char) -> bool {
    !c.is_ascii() && c.is_emoji_char()
}

fn is_mark(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    matches!(c.general_category(), NonspacingMark | SpacingMark | EnclosingMark)
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}')
}

/// Shows nothing, and does nothing that a text here needs.
fn is_idle(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e001f}')
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether there is something to look at: no blank, no format character, no mark without a letter, no filler that is a
/// letter by its category and an empty space to the eye.
fn is_visible(c: char) -> bool {
    use GeneralCategory::{Format, LineSeparator, ParagraphSeparator, SpaceSeparator};
    let is_blank =
        matches!(c.general_category(), Format | SpaceSeparator | LineSeparator | ParagraphSeparator);
    let is_filler = matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    !is_blank && !is_filler && !is_mark(c) && !c.is_control()
}

#[cfg(test)]
mod tests;
