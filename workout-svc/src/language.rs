//! The languages in which texts of ours exist.

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Russian.
    Russian,
}

impl Language {
    /// Picks the language for a BCP 47 tag: English where we do not speak the one it names.
    pub fn for_tag(tag: &str) -> Self {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("ru") { Self::Russian } else { Self::English }
    }

    /// Its own one of two texts.
    pub fn pick<T>(self, english: T, russian: T) -> T {
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
    fn the_first_subtag_names_the_language() {
        for tag in ["ru", "RU", "ru-RU", "ru_Cyrl"] {
            assert_eq!(Language::for_tag(tag), Language::Russian, "{tag}");
        }
        for tag in ["", "en", "en-GB", "rus", "de-RU"] {
            assert_eq!(Language::for_tag(tag), Language::English, "{tag}");
        }
    }
}
