//! A signed-in person.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Account, Api, Inbox, System, eventually};

const MAIL_LIMIT: Duration = Duration::from_secs(15);

/// An account with a session. Clones share the account and keep tokens of their own.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) api: Api,
    pub(crate) inbox: Inbox,
    pub(crate) account: Account,
    pub(crate) user_id: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

impl Person {
    /// Registers a new account and proves its address; the code and the welcome are in the mailbox afterwards.
    /// Their athlete profile, which follows by an event, is there too.
    pub(crate) async fn join(system: &System, locale: &'static str) -> Self {
        let person = Self::join_as(system.api(), system.inbox(), Account::new(locale)).await;
        eventually("the athlete profile", MAIL_LIMIT, || async {
            (person.call("GET", "/v1/routines", None).await.0 == 200).then_some(())
        })
        .await;
        person
    }

    /// The same with a given account, as soon as the mails are there.
    pub(crate) async fn join_as(api: Api, inbox: Inbox, account: Account) -> Self {
        api.register(&account).await;
        let code = inbox.wait_for(&account.email, 1, MAIL_LIMIT).await[0].code();
        let verification = json!({ "email": account.email, "code": code });
        let session = api.post("/v1/auth/verify-email", &verification).await;
        assert_eq!(session.status(), 200);
        let session: Value = session.json().await.unwrap();
        inbox.wait_for(&account.email, 2, MAIL_LIMIT).await;
        Self {
            user_id: session["user"]["user_id"].as_str().unwrap().to_owned(),
            access_token: session["access_token"].as_str().unwrap().to_owned(),
            refresh_token: session["refresh_token"].as_str().unwrap().to_owned(),
            api,
            inbox,
            account,
        }
    }

    /// Signs in with the password and uses the new session from now on.
    pub(crate) async fn sign_in(&mut self) {
        let credentials = json!({ "email": self.account.email, "password": self.account.password });
        let session = self.api.post("/v1/auth/login", &credentials).await;
        assert_eq!(session.status(), 200);
        self.adopt(&session.json().await.unwrap());
    }

    /// Uses the tokens of an answered session from now on.
    pub(crate) fn adopt(&mut self, session: &Value) {
        session["access_token"].as_str().unwrap().clone_into(&mut self.access_token);
        session["refresh_token"].as_str().unwrap().clone_into(&mut self.refresh_token);
    }

    /// Starts a request with the access token.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.api.request(method, path).bearer_auth(&self.access_token)
    }

    /// Calls and answers status and body; an empty body is `null`.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let request = self.request(method, path);
        let request = if let Some(body) = body { request.json(body) } else { request };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Calls and expects success.
    pub(crate) async fn expect(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// Reads a resource.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.expect("GET", path, None).await
    }

    /// Posts JSON and expects success.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.expect("POST", path, Some(body)).await
    }
}
