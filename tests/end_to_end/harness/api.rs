//! The REST API as a client sees it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::http;

/// A REST client.
#[derive(Clone)]
pub(crate) struct Api {
    base: String,
    http: reqwest::Client,
}

/// What an account is opened with.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) locale: &'static str,
}

impl Account {
    /// An account nobody else uses.
    pub(crate) fn new(locale: &'static str) -> Self {
        let id = Uuid::now_v7().simple();
        // Of another id: a password is not made of its owner's address.
        let password =
            format!("pass phrase {}", Uuid::new_v5(&Uuid::NAMESPACE_OID, id.to_string().as_bytes()).simple());
        Self { email: format!("ann-{id}@example.org"), password, locale }
    }

    /// The body that registers it.
    pub(crate) fn registration(&self) -> Value {
        json!({
            "email": self.email,
            "password": self.password,
            "display_name": "Ann Example",
            "locale": self.locale,
            "time_zone": "Europe/Berlin",
        })
    }
}

impl Api {
    pub(crate) fn new(base: &str) -> Self {
        Self { base: base.to_owned(), http: http() }
    }

    /// Starts any request.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), format!("{}{path}", self.base))
    }

    /// Posts JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        self.request("POST", path).json(body).send().await.unwrap()
    }

    /// Registers an account, which has to be accepted.
    pub(crate) async fn register(&self, account: &Account) {
        let response = self.post("/v1/auth/register", &account.registration()).await;
        assert_eq!(response.status(), 202);
        assert_eq!(response.text().await.unwrap(), "{}");
    }
}
