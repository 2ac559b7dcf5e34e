//! Chat completions over HTTP: <https://platform.openai.com/docs/api-reference/chat/create>.

use std::sync::Arc;

use http_client::header::CONTENT_TYPE;
use http_client::{Client, Response, redirect};
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::error::{AnswerError, ModelError, SetupError};
use super::prompt::Message;
use crate::planner::config::ModelConfig;

/// Longest response. The longest plan is some 15 KiB.
const MAX_RESPONSE_BYTES: usize = 256 * 1024;

/// A client of one model.
#[derive(Debug)]
pub(super) struct ChatClient {
    http: Client,
    url: Url,
    key: Option<SecretString>,
    model: String,
}

/// What is sent. Only what all compatible servers know.
#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    messages: &'a [Message],
    response_format: ResponseFormat,
}

#[derive(Serialize)]
struct ResponseFormat {
    r#type: &'static str,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Alternative>,
}

#[derive(Deserialize)]
struct Alternative {
    message: Reply,
}

#[derive(Deserialize)]
struct Reply {
    content: Option<String>,
}

impl ChatClient {
    pub(super) fn new(config: &ModelConfig) -> Result<Self, SetupError> {
        let mut url = config.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["chat", "completions"]);
        }
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls()?)
            // The key is for this address, not for one that it points to.
            .redirect(redirect::Policy::none())
            .tcp_nodelay(true);
        if url.scheme() == "http" {
            // A proxy is for the way out; what goes unprotected stays near.
            builder = builder.no_proxy();
        }
        Ok(Self { http: builder.build()?, url, key: config.key.clone(), model: config.name.clone() })
    }

    /// The host that is asked.
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Answers the text of the first completion. The caller limits the time.
    pub(super) async fn complete(&self, messages: &[Message]) -> Result<String, ModelError> {
        let question = Question {
            model: &self.model,
            messages,
            response_format: ResponseFormat { r#type: "json_object" },
        };
        let body = serde_json::to_vec(&question).expect("the question has no key that is not a string");
        let mut request =
            self.http.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose_secret());
        }
        let response = request.send().await.map_err(|error| {
            let error = error.without_url();
            if error.is_connect() { ModelError::Unreachable(error) } else { ModelError::Broken(error) }
        })?;
        if !response.status().is_success() {
            return Err(ModelError::Status(response.status().as_u16()));
        }
        let body = read(response).await?;
        let completion: Completion = serde_json::from_slice(&body).map_err(|_| AnswerError::NoCompletion)?;
        let first = completion.choices.into_iter().next().and_then(|choice| choice.message.content);
        Ok(first.ok_or(AnswerError::NoCompletion)?)
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, ModelError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| ModelError::Broken(error.without_url()))? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(ModelError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// TLS 1.2 or newer against the machine's certificates.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
