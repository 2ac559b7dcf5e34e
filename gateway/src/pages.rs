//! The few pages that links in mails lead to. They are whole in themselves: nothing is loaded from anywhere, and they
//! may do nothing that they do not need.

mod forgot_password;
mod language;
mod place;
mod reset_password;
mod unsubscribe;

use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};

pub(crate) use self::forgot_password::forgot_password;
use self::language::Language;
pub(crate) use self::place::{PLACES, place};
pub(crate) use self::reset_password::reset_password;
pub(crate) use self::unsubscribe::{one_click, show_unsubscribe, unsubscribe};

const LAYOUT: &str = include_str!("../pages/layout.html");
const STYLE: &str = include_str!("../pages/page.css");

/// A page in one language.
struct Page {
    language: Language,
    title: &'static str,
    content: String,
    /// What it runs, if it has to.
    script: Option<&'static str>,
}

impl Page {
    fn new(language: Language, title: &'static str, content: impl Into<String>) -> Self {
        Self { language, title, content: content.into(), script: None }
    }

    fn with_script(self, script: &'static str) -> Self {
        Self { script: Some(script), ..self }
    }

    fn answer(self, status: StatusCode) -> Response {
        let script = self.script.map_or_else(String::new, |script| format!("<script>{script}</script>"));
        let html = LAYOUT
            .replace("{{lang}}", self.language.tag())
            .replace("{{title}}", self.title)
            .replace("{{style}}", STYLE)
            .replace("{{script}}", &script)
            .replace("{{content}}", &self.content);
        let mut response = (status, Html(html)).into_response();
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value: &str| {
            headers.insert(name, HeaderValue::from_str(value).expect("policies and tags are ASCII"));
        };
        set(CONTENT_SECURITY_POLICY, &policy(self.script));
        // The token stands in the address, and the address goes nowhere.
        set(REFERRER_POLICY, "no-referrer");
        set(CACHE_CONTROL, "no-store");
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(CONTENT_LANGUAGE, self.language.tag());
        set(VARY, "accept-language");
        response
    }
}

/// Allows this style, this script and forms to ourselves, and nothing else.
fn policy(script: Option<&str>) -> String {
    let script = script
        .map_or_else(String::new, |script| format!("; script-src '{}'; connect-src 'self'", hash(script)));
    format!(
        "default-src 'none'; style-src '{}'{script}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE)
    )
}

/// The source expression of an inline text (CSP level 3).
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// Text as it may stand in an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
