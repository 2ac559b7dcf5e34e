//! The mailbox, through the message routes of Mailpit's REST API.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;

use super::{eventually, http};

/// The mailbox of a system.
#[derive(Clone)]
pub(crate) struct Inbox {
    base: String,
    http: reqwest::Client,
}

/// A mail with everything that a test asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Mail {
    #[serde(rename = "ID")]
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    #[serde(rename = "HTML")]
    pub(crate) html: String,
    #[serde(skip)]
    pub(crate) headers: HashMap<String, Vec<String>>,
}

impl Mail {
    /// The six digits in the text.
    pub(crate) fn code(&self) -> String {
        let digits = self.text.split(|c: char| !c.is_ascii_digit());
        digits.filter(|word| word.len() == 6).map(str::to_owned).next().expect("the mail holds a code")
    }

    /// The one value of a header.
    pub(crate) fn header(&self, name: &str) -> &str {
        let values = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, values) = values.unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        assert_eq!(values.len(), 1, "{name}: {values:?}");
        &values[0]
    }
}

#[derive(Deserialize)]
struct Page {
    messages: Vec<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "To")]
    to: Vec<Address>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(rename = "Address")]
    address: String,
}

impl Inbox {
    pub(crate) fn new(base: &str) -> Self {
        Self { base: base.to_owned(), http: http() }
    }

    /// Where the mailbox answers.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// All mails to an address, oldest first.
    pub(crate) async fn mails_to(&self, address: &str) -> Vec<Mail> {
        let page: Page = self.get("/api/v1/messages?limit=1000").await;
        let mut mails = Vec::new();
        for summary in page.messages.iter().rev() {
            if summary.to.iter().any(|to| to.address == address) {
                let mut mail: Mail = self.get(&format!("/api/v1/message/{}", summary.id)).await;
                mail.headers = self.get(&format!("/api/v1/message/{}/headers", mail.id)).await;
                mails.push(mail);
            }
        }
        mails
    }

    /// Waits until an address has `count` mails; more are an error.
    pub(crate) async fn wait_for(&self, address: &str, count: usize, limit: Duration) -> Vec<Mail> {
        eventually(&format!("{count} mail(s) for one address"), limit, || async {
            let mails = self.mails_to(address).await;
            assert!(mails.len() <= count, "too many mails: {:?}", subjects(&mails));
            (mails.len() == count).then_some(mails)
        })
        .await
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        let response = self.http.get(format!("{}{path}", self.base)).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap()
    }
}

fn subjects(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.subject.as_str()).collect()
}
