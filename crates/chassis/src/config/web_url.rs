//! Addresses of the web in settings.

use std::str::FromStr;

use url::Url;

/// An `http` or `https` URL of a host, with a path at most.
///
/// Such settings end up in mails and in calls to other servers. Another scheme would be a link that runs or reads
/// something, and a user, query or fragment would be carried along, and shown, wherever the address is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl(Url);

/// A text that is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is an address such as https://fitness.example.org: http or https, a host, and no user, query or fragment"
)]
pub struct WebUrlError;

impl FromStr for WebUrl {
    type Err = WebUrlError;

    fn from_str(text: &str) -> Result<Self, WebUrlError> {
        // The parser forgives slashes that are missing or too many, and a line end inside; whoever reads the setting
        // may not.
        let (scheme, rest) = text.split_once("://").ok_or(WebUrlError)?;
        let is_web =
            ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web)) && !rest.starts_with('/');
        if !is_web || text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\' || c == '@') {
            return Err(WebUrlError);
        }
        let url: Url = text.parse().map_err(|_| WebUrlError)?;
        if url.host().is_none() || url.query().is_some() || url.fragment().is_some() {
            return Err(WebUrlError);
        }
        Ok(Self(url))
    }
}

impl WebUrl {
    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The parsed address.
    pub fn into_url(self) -> Url {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_address_is_taken_without_the_slash_at_its_end() {
        for (text, url) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://fitness.example.org/", "https://fitness.example.org"),
            ("HTTPS://Fitness.Example.org/app/", "https://fitness.example.org/app"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(text.parse::<WebUrl>().unwrap().as_str(), url);
        }
    }

    #[test]
    fn whatever_else_is_a_url_is_refused() {
        for text in [
            "javascript:alert(1)",
            "javascript://fitness.example.org/%0aalert(1)",
            "ftp://fitness.example.org",
            "data:text/html,hello",
            "file:///etc/passwd",
            "fitness.example.org",
            "//fitness.example.org",
            "https:fitness.example.org",
            "https:/fitness.example.org",
            "https://",
            "https:///path",
            "https://me:secret@fitness.example.org",
            "https://me@fitness.example.org",
            "https://@fitness.example.org",
            "https://fitness.example.org?a=b",
            "https://fitness.example.org/?",
            "https://fitness.example.org/#top",
            "https://fitness.example.org\\@evil.example",
            "ht\ntps://fitness.example.org",
            " https://fitness.example.org",
            "https://fitness example.org",
            "https://fitness.example.org:99999",
        ] {
            assert_eq!(text.parse::<WebUrl>(), Err(WebUrlError), "{text:?}");
        }
    }
}
