//! The language of a page.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Russian,
}

impl Language {
    /// The one that the browser likes best (RFC 9110, 12.5.4); English where it likes none of ours.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (0.0, Self::English);
        for range in accepted.split(',') {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let quality =
                parameters.trim().strip_prefix("q=").map_or(Some(1.0), |text| text.parse::<f32>().ok());
            let language = match tag.trim().split('-').next().unwrap_or_default() {
                primary if primary.eq_ignore_ascii_case("en") => Self::English,
                primary if primary.eq_ignore_ascii_case("ru") => Self::Russian,
                _ => continue,
            };
            if quality.is_some_and(|quality| quality > best.0) {
                best = (quality.unwrap_or_default(), language);
            }
        }
        best.1
    }

    pub(super) fn tag(self) -> &'static str {
        self.choose("en", "ru")
    }

    /// One of two texts.
    pub(super) fn choose<T>(self, english: T, russian: T) -> T {
        match self {
            Self::English => english,
            Self::Russian => russian,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_the_browser_likes_best_is_spoken() {
        for (accepted, tag) in [
            ("", "en"),
            ("ru", "ru"),
            ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
            ("en;q=0.3, RU;q=0.5", "ru"),
            ("de, en;q=0.2", "en"),
            ("de", "en"),
            ("ru;q=0, en;q=0.1", "en"),
            ("ru;q=nonsense", "en"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, accepted.parse().unwrap());
            assert_eq!(Language::wanted(&headers).tag(), tag, "{accepted:?}");
        }
    }
}
