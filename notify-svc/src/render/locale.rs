//! The languages that mails are written in.

/// A language that every template exists in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Locale {
    /// English, also for everybody whose language is not here yet.
    English,
    /// Russian.
    Russian,
}

impl Locale {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Russian];

    /// The name of the folder and of the `lang` attribute.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    /// The best language for a BCP 47 tag: by its primary subtag, else English.
    pub fn negotiate(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let fits = |locale: &Self| locale.name().eq_ignore_ascii_case(primary);
        Self::ALL.into_iter().find(fits).unwrap_or(Self::English)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_subtag_decides_and_english_is_for_the_rest() {
        for (tag, locale) in [
            ("ru", Locale::Russian),
            ("ru-RU", Locale::Russian),
            ("RU_ru", Locale::Russian),
            ("en-GB", Locale::English),
            ("de", Locale::English),
            ("", Locale::English),
        ] {
            assert_eq!(Locale::negotiate(tag), locale, "{tag}");
        }
    }
}
