//! What a person says about themselves: name, language, time zone.

use chassis::errors::Violation;
use chassis::text;

/// A checked profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Name shown to other people.
    pub display_name: String,
    /// Language of mails and texts.
    pub locale: Locale,
    /// IANA time zone.
    pub time_zone: chrono_tz::Tz,
}

/// A language in which mails and texts exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    /// English.
    English,
    /// Russian.
    Russian,
}

impl Locale {
    /// The BCP 47 tag.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    /// Picks the language for a tag such as `ru-RU`: English where it is empty or names one that we do not speak.
    /// Answers nothing for a text that is no tag at all.
    fn for_tag(tag: &str) -> Option<Self> {
        let mut subtags = tag.split(['-', '_']);
        let language = subtags.next().unwrap_or_default();
        let is_language =
            (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
        let is_subtag =
            |text: &str| (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if tag.is_empty() {
            Some(Self::English)
        } else if !is_language || !subtags.all(is_subtag) {
            None
        } else if language.eq_ignore_ascii_case(Self::Russian.as_str()) {
            Some(Self::Russian)
        } else {
            Some(Self::English)
        }
    }
}

impl Profile {
    /// Checks all fields and answers everything that is wrong with them.
    pub fn parse(display_name: &str, locale: &str, time_zone: &str) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        let display_name = text::line(display_name).unwrap_or_else(|error| {
            violations.push(Violation::new("display_name", error.to_string()));
            String::new()
        });
        if display_name.is_empty() && violations.is_empty() {
            violations.push(Violation::new("display_name", "must not be empty"));
        }
        let locale = Locale::for_tag(locale);
        if locale.is_none() {
            violations.push(Violation::new("locale", "must be a language tag such as en or ru-RU"));
        }
        let time_zone = if time_zone.is_empty() { Ok(chrono_tz::UTC) } else { time_zone.parse() };
        if time_zone.is_err() {
            violations.push(Violation::new("time_zone", "must be an IANA time zone such as Europe/Berlin"));
        }
        match (locale, time_zone) {
            (Some(locale), Ok(time_zone)) if violations.is_empty() => {
                Ok(Self { display_name, locale, time_zone })
            }
            _ => Err(violations),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_chosen_by_the_first_subtag_and_falls_back_to_english() {
        for (tag, locale) in [
            ("", Locale::English),
            ("en", Locale::English),
            ("en-GB", Locale::English),
            ("ru", Locale::Russian),
            ("RU_ru", Locale::Russian),
            ("ru-Cyrl-RU", Locale::Russian),
            ("rus", Locale::English),
            ("de-DE", Locale::English),
        ] {
            assert_eq!(Locale::for_tag(tag), Some(locale), "{tag:?}");
        }
        for tag in ["r", "en-", "-en", "en--GB", "e1", "en-GB\r\n", "english language", "en-toolongsubtag"] {
            assert_eq!(Locale::for_tag(tag), None, "{tag:?}");
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let violations = Profile::parse(" ", "?", "Mars/Olympus").unwrap_err();
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["display_name", "locale", "time_zone"]);
    }

    #[test]
    fn an_empty_time_zone_is_utc_and_the_name_is_trimmed() {
        let profile = Profile::parse(" Anna ", "", "").unwrap();
        assert_eq!((profile.display_name.as_str(), profile.time_zone), ("Anna", chrono_tz::UTC));
    }

    #[test]
    fn a_name_with_a_line_break_is_refused() {
        assert!(Profile::parse("Anna\r\nBcc: x@y", "en", "UTC").is_err());
    }
}
