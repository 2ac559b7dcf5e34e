//! A setting as people are shown it.

use std::path::PathBuf;

use super::number::Range;

/// A setting that was read: its name, meaning and value in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Name in the environment; the file uses the same name in any case.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The default, where there is one.
    pub default: Option<String>,
    /// What it may be, if it is a number.
    pub range: Option<Range>,
    /// The value in force; `None` for a secret, which is never shown, and for what is not set. A password inside a URL
    /// is left out.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: Source,
    /// Whether the value is secret.
    pub secret: bool,
}

/// Where the value of a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The environment of the process.
    Environment,
    /// The file that `NAME_FILE` in the environment points to.
    NamedFile(PathBuf),
    /// The configuration file.
    ConfigFile(PathBuf),
    /// The code.
    Default,
    /// There is no value.
    Unset,
}

/// The text with `***` for whatever stands before the host of a URL in it.
pub(super) fn without_password(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let (before, after) = rest.split_at(scheme + "://".len());
        safe.push_str(before);
        // A password may hold any of the characters that end a host, so the last `@` of a word is what counts.
        let word = after.find(char::is_whitespace).unwrap_or(after.len());
        match after[..word].rfind('@') {
            Some(at) => {
                safe.push_str("***");
                rest = &after[at..];
            }
            None => rest = after,
        }
    }
    safe + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_before_the_host_of_a_url_is_left_out() {
        for (text, shown) in [
            ("http://127.0.0.1:4317", "http://127.0.0.1:4317"),
            ("https://me:hunter2@host/path", "https://***@host/path"),
            ("https://hunter2@host", "https://***@host"),
            ("https://me:hun/ter@2@host", "https://***@host"),
            ("a://b:c@d and e://f:g@h", "a://***@d and e://***@h"),
            ("Fitness <no-reply@host>", "Fitness <no-reply@host>"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }
}
