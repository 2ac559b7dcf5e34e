use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case("Ann", "Ann")]
#[case("  Ann \u{a0}", "Ann")]
#[case("", "")]
#[case("   ", "")]
#[case("J\u{fc}rgen", "J\u{fc}rgen")]
#[case("Ju\u{308}rgen", "J\u{fc}rgen")]
#[case("عل\u{6cc}\u{200c}رضا", "عل\u{6cc}\u{200c}رضا")]
#[case("क्\u{200d}ष", "क्\u{200d}ष")]
#[case("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}")]
#[case("\u{2764}\u{fe0f}\u{200d}\u{1f525}", "\u{2764}\u{fe0f}\u{200d}\u{1f525}")]
#[case("\u{1f469}\u{1f3fd}\u{200d}\u{1f680}", "\u{1f469}\u{1f3fd}\u{200d}\u{1f680}")]
#[case(
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"
)]
#[case("\u{1f1e9}\u{1f1ea}", "\u{1f1e9}\u{1f1ea}")]
#[case("דוד\u{200f}", "דוד\u{200f}")]
#[case("a\u{200d}b\u{200c}c", "abc")]
#[case("a\u{200b}b\u{feff}\u{ad}\u{2060}c", "abc")]
#[case("a\u{e0041}\u{e0042}", "a")]
#[case("\u{200b} Ann \u{feff}", "Ann")]
#[case("7\u{fe0f}\u{20e3}", "7\u{fe0f}\u{20e3}")]
#[case("\u{200b}\u{200d}\u{2060}", "")]
fn a_line_is_kept_as_it_is_seen(#[case] text: &str, #[case] kept: &str) {
    assert_eq!(line(text).unwrap(), kept);
}

#[rstest]
#[case("a\nb", TextError::Control)]
#[case("a\0b", TextError::Control)]
#[case("a\u{7f}b", TextError::Control)]
#[case("a\u{85}b", TextError::Control)]
#[case("a\u{2028}b", TextError::Control)]
#[case("evil\u{202e}gpj.exe", TextError::Direction)]
#[case("a\u{202a}b\u{202c}", TextError::Direction)]
#[case("a\u{2067}b\u{2069}", TextError::Direction)]
#[case("\u{2800}\u{2800}", TextError::Invisible)]
#[case("\u{3164}", TextError::Invisible)]
#[case("\u{115f}\u{1160}", TextError::Invisible)]
#[case("\u{200e}\u{200f}", TextError::Invisible)]
#[case("\u{301}", TextError::Invisible)]
#[case("\u{fe0f}", TextError::Invisible)]
fn what_cannot_stand_in_a_line_is_refused(#[case] text: &str, #[case] error: TextError) {
    assert_eq!(line(text), Err(error));
}

#[test]
fn lines_may_be_many_or_none() {
    assert_eq!(lines(" a\r\n\tb ").unwrap(), "a\r\n\tb");
    assert_eq!(lines("").unwrap(), "");
    assert_eq!(lines("\u{3164}\n\u{200e}").unwrap(), "");
    assert_eq!(lines("a\0b"), Err(TextError::Control));
    assert_eq!(lines("a\n\u{202e}b"), Err(TextError::Direction));
}

#[test]
fn a_password_is_one_whatever_system_it_was_typed_on() {
    assert_eq!(password("gru\u{308}n"), password("gr\u{fc}n"));
    assert_eq!(password(" two blanks "), " two blanks ");
}

#[test]
fn what_came_past_the_door_is_shown_without_its_tricks() {
    assert_eq!(shown("Ann\r\nBcc: x\u{202e}y\u{200b}z"), "Ann  Bcc: x yz");
    assert_eq!(shown("عل\u{6cc}\u{200c}رضا"), "عل\u{6cc}\u{200c}رضا");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What is kept is kept: reading it again changes nothing, and nothing refused is left in it.
    #[test]
    fn the_rule_is_settled_after_one_reading(
        text in proptest::collection::vec(prop_oneof![
            any::<char>(),
            proptest::char::range('\u{2000}', '\u{206f}'),
            proptest::char::range('\u{300}', '\u{36f}'),
            proptest::char::range('\u{600}', '\u{6ff}'),
            proptest::char::range('\u{900}', '\u{97f}'),
            proptest::char::range('\u{1f3f0}', '\u{1f4ff}'),
            proptest::char::range('\u{e0000}', '\u{e007f}'),
        ], 0..12)
    ) {
        let text: String = text.into_iter().collect();
        if let Ok(kept) = line(&text) {
            prop_assert_eq!(line(&kept), Ok(kept.clone()));
            prop_assert!(kept.is_empty() || kept.chars().any(is_visible));
            prop_assert!(!kept.chars().any(|c| c.is_control() || turns_direction(c)));
        }
        if let Ok(kept) = lines(&text) {
            prop_assert_eq!(lines(&kept), Ok(kept.clone()));
        }
        let password = password(&text);
        prop_assert_eq!(super::password(&password), password.clone());
        let shown = shown(&text);
        prop_assert_eq!(super::shown(&shown), shown.clone());
    }
}
