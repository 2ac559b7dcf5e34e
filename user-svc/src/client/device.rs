//! The device behind a user agent: a name for people, and what tells one device from another.

/// The longest user agent that is looked at; the rest says nothing new.
const MAX_LENGTH: usize = 512;
/// The longest name that a program may give itself.
const MAX_NAME_LENGTH: usize = 32;

/// Browsers by what only their user agents hold. The order matters: nearly all of them claim to be the ones below.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex Browser"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems by what their user agents hold, the one that claims to be another first.
const SYSTEMS: [(&str, &str); 7] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// What a client says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    name: String,
    kind: String,
}

impl Device {
    /// Reads a user agent, which may hold anything.
    pub fn from_user_agent(text: &str) -> Self {
        let text = text.get(..text.floor_char_boundary(MAX_LENGTH)).unwrap_or_default();
        Self { name: name(text), kind: text.chars().filter(char::is_ascii_alphabetic).collect() }
    }

    /// A name such as `Firefox on Linux`; empty if the client says nothing. Letters of a user agent get into it only
    /// as the name of a program: it stands in mails.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The letters of the user agent. Versions are left out, so that an update does not make a new device.
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

fn name(user_agent: &str) -> String {
    let find = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => match program(user_agent) {
            "" | "Mozilla" => system.to_owned(),
            program => format!("{program} on {system}"),
        },
        (None, None) => program(user_agent).to_owned(),
    }
}

/// The name in front, as in `curl/8.5.0`.
fn program(user_agent: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let end = user_agent.find(|c| !is_part(c)).unwrap_or(user_agent.len());
    &user_agent[..end.min(MAX_NAME_LENGTH)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_with_its_system() {
        for (user_agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
                 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
                 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/19.0 Safari/605.1.15",
                "Safari on macOS",
            ),
            ("curl/8.5.0", "curl"),
            ("grpcurl", "grpcurl"),
            ("Mozilla/5.0 (Linux)", "Linux"),
            ("", ""),
        ] {
            assert_eq!(Device::from_user_agent(user_agent).name(), name, "{user_agent}");
        }
    }

    #[test]
    fn an_update_does_not_make_another_device_and_another_system_does() {
        let kind = |text| Device::from_user_agent(text).kind().to_owned();
        assert_eq!(kind("curl/8.5.0"), kind("curl/8.6.1"));
        assert_ne!(kind("Firefox/1 (Linux)"), kind("Firefox/1 (Windows)"));
    }

    #[test]
    fn a_user_agent_cannot_put_a_text_of_its_own_into_a_mail() {
        let name = |text: &str| Device::from_user_agent(text).name().to_owned();
        assert_eq!(name("<script>alert(1)</script>"), "");
        assert_eq!(name("Visit http://evil.example"), "Visit");
        assert_eq!(name("x\r\nBcc: a@b"), "x");
        assert_eq!(name(&"a".repeat(600)).len(), MAX_NAME_LENGTH);
        assert_eq!(name(&"ä".repeat(600)), "");
    }
}
