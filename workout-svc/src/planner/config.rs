//! The settings of the planner. Without any of them the rules make all plans.

use std::time::Duration;

use chassis::config::{Settings, WebUrl};
use secrecy::SecretString;
use url::{Host, Url};

/// How plans are made.
#[derive(Clone, Debug, Default)]
pub struct PlannerConfig {
    /// The model that is asked first, if any.
    pub model: Option<ModelConfig>,
}

/// Where a model is and how long it may take.
#[derive(Clone, Debug)]
pub struct ModelConfig {
    /// Base URL of an OpenAI-compatible API, such as `https://api.openai.com/v1`.
    pub url: Url,
    /// Name of the model.
    pub name: String,
    /// Key of the API, if it asks for one.
    pub key: Option<SecretString>,
    /// Longest time for a plan, a second try included.
    pub timeout: Duration,
    /// How long the model is left alone once it was away.
    pub pause: Duration,
}

impl PlannerConfig {
    /// Reads the settings.
    pub fn from_settings(settings: &mut Settings) -> Self {
        let url: Option<WebUrl> = settings.optional(
            "PLANNER_MODEL_URL",
            "Base URL of an OpenAI-compatible API that plans routines; our own rules do if not set.",
        );
        let name: Option<String> =
            settings.optional("PLANNER_MODEL_NAME", "Name of the model at PLANNER_MODEL_URL.");
        let key = settings
            .optional_secret("PLANNER_MODEL_KEY", "Key of the API at PLANNER_MODEL_URL, if it asks for one.");
        let timeout = settings.time(
            "PLANNER_MODEL_TIMEOUT_MS",
            "Longest time for the model to plan a routine; then our own rules do.",
            8_000,
            1..=600_000,
        );
        let pause = settings.time(
            "PLANNER_MODEL_PAUSE_SECONDS",
            "How long the model is left alone after it could not be reached.",
            30,
            1..=3_600,
        );
        let (url, name) = match (url, name) {
            (Some(url), Some(name)) => (url.into_url(), name),
            (None, None) => {
                if key.is_some() {
                    settings.problem("PLANNER_MODEL_KEY is of no use without PLANNER_MODEL_URL");
                }
                return Self::default();
            }
            _ => {
                settings
                    .problem("PLANNER_MODEL_URL and PLANNER_MODEL_NAME belong together: set both or neither");
                return Self::default();
            }
        };
        // A server of one's own often has neither a key nor TLS; a key in the clear is everybody's.
        if key.is_some() && url.scheme() == "http" && !is_loopback(&url) {
            settings
                .problem("PLANNER_MODEL_URL would carry PLANNER_MODEL_KEY unprotected; it has to be https");
            return Self::default();
        }
        Self { model: Some(ModelConfig { url, name, key, timeout, pause }) }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<PlannerConfig, String> {
        let mut settings = Settings::from_pairs(pairs.iter().copied());
        let config = PlannerConfig::from_settings(&mut settings);
        settings.finish().map(|_| config).map_err(|problems| problems.to_string())
    }

    fn with_url(url: &str) -> [(&str, &str); 2] {
        [("PLANNER_MODEL_URL", url), ("PLANNER_MODEL_NAME", "some-model")]
    }

    #[test]
    fn without_settings_there_is_no_model() {
        assert!(read(&[]).unwrap().model.is_none());
    }

    #[test]
    fn a_model_has_eight_seconds_unless_told_otherwise() {
        let model = read(&with_url("https://models.example.org/v1")).unwrap().model.unwrap();
        assert_eq!((model.timeout, model.pause), (Duration::from_secs(8), Duration::from_secs(30)));
    }

    #[test]
    fn url_and_name_belong_together_and_a_key_needs_both() {
        for pair in [
            ("PLANNER_MODEL_URL", "https://models.example.org/v1"),
            ("PLANNER_MODEL_NAME", "some-model"),
            ("PLANNER_MODEL_KEY", "s3cret"),
        ] {
            assert!(!read(&[pair]).unwrap_err().contains("s3cret"));
        }
    }

    #[test]
    fn what_is_no_plain_http_url_is_refused() {
        for url in
            ["ftp://models.example.org", "https://user:pw@models.example.org", "https://a.example.org/?key=1"]
        {
            assert!(read(&with_url(url)).is_err(), "{url}");
        }
    }

    #[test]
    fn a_key_goes_over_tls_or_stays_on_the_machine() {
        let with_key = |url| {
            let [url, name] = with_url(url);
            read(&[url, name, ("PLANNER_MODEL_KEY", "s3cret")])
        };
        assert!(read(&with_url("http://ollama:11434/v1")).is_ok());
        assert!(with_key("http://ollama:11434/v1").unwrap_err().contains("unprotected"));
        for url in [
            "https://models.example.org/v1",
            "http://127.0.0.1:11434/v1",
            "http://[::1]/v1",
            "http://localhost/v1",
        ] {
            let config = with_key(url).unwrap();
            assert!(!format!("{config:?}").contains("s3cret"));
        }
    }
}
