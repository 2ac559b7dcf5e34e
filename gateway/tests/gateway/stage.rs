//! A running gateway with everything around it, and the tokens of its users.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use chassis::auth::{AUDIENCE, Claims};
use chassis::config::Settings;
use chrono::Utc;
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use embedded::broker::Broker;
use eventbus::{Envelope, Event, EventSigner, Publisher as _, TraceContext};
use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use fitness_proto::google::api::HttpBody;
use gateway::{App, GatewayConfig};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, RequestBuilder};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::backend::Backend;

/// A key that signs events, the one of RFC 8410, section 10.3, and its public half.
const EVENT_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----";
pub(crate) const EVENT_PUBLIC_KEY: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

const ISSUER: &str = "https://id.example";
const KEY_ID: &str = "test";

static SIGNING_KEY: LazyLock<EncodingKey> = LazyLock::new(|| {
    // Without the public half: no JWK can be made from the longer form.
    let pair = KeypairBytes { secret_key: [7; 32], public_key: None };
    EncodingKey::from_ed_der(pair.to_pkcs8_der().unwrap().as_bytes())
});

/// The gateway and its surroundings.
pub(crate) struct Stage {
    pub(crate) http: SocketAddr,
    pub(crate) user_svc: Backend,
    pub(crate) workout_svc: Backend,
    pub(crate) notify_svc: Backend,
    pub(crate) client: reqwest::Client,
    ops: SocketAddr,
    broker: Option<Broker>,
    publisher: KafkaPublisher,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Stage {
    /// Starts everything and waits until user-svc was found.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with another configuration of the gateway.
    pub(crate) async fn start_with(change: impl FnOnce(&mut GatewayConfig)) -> Self {
        let broker = Broker::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let brokers = broker.addr().to_string();
        Self::start_on(&brokers, Some(broker), change).await
    }

    /// The same with a broker that is not there.
    pub(crate) async fn start_without_broker(change: impl FnOnce(&mut GatewayConfig)) -> Self {
        Self::start_on("127.0.0.1:1", None, change).await
    }

    async fn start_on(
        brokers: &str,
        broker: Option<Broker>,
        change: impl FnOnce(&mut GatewayConfig),
    ) -> Self {
        // Every test may be the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let user_svc = Backend::start().await;
        let workout_svc = Backend::start().await;
        let notify_svc = Backend::start().await;
        user_svc.script.answer("/fitness.user.v1.AuthService/GetKeySet", Ok(key_set()));
        let url = |backend: &Backend| format!("http://{}", backend.addr);
        let mut settings = Settings::from_pairs([
            ("GATEWAY_HTTP_ADDR", "127.0.0.1:0".to_owned()),
            ("GATEWAY_OPS_ADDR", "127.0.0.1:0".to_owned()),
            ("USER_SVC_URL", url(&user_svc)),
            ("WORKOUT_SVC_URL", url(&workout_svc)),
            ("NOTIFY_SVC_URL", url(&notify_svc)),
            ("KAFKA_BROKERS", brokers.to_owned()),
            ("KAFKA_TOPIC_PARTITIONS", "2".to_owned()),
            ("JWT_ISSUER", ISSUER.to_owned()),
            ("USER_SVC_EVENT_PUBLIC_KEY", EVENT_PUBLIC_KEY.to_owned()),
            ("WORKOUT_SVC_EVENT_PUBLIC_KEY", EVENT_PUBLIC_KEY.to_owned()),
            // Nobody else is there to turn to.
            ("DRAIN_DELAY_MS", "0".to_owned()),
        ]);
        let mut config = GatewayConfig::from_settings(&mut settings);
        settings.finish().unwrap();
        change(&mut config);
        let app = App::build(config).await.unwrap();
        let (http, ops, health) = (app.http_addr(), app.ops_addr().unwrap(), app.health());
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(app.run_until(shutdown.clone()));
        within("the gateway to be ready", health.ready()).await;
        Self {
            http,
            user_svc,
            workout_svc,
            notify_svc,
            client: reqwest::Client::new(),
            ops,
            broker,
            publisher: KafkaPublisher::new(&KafkaConfig {
                signer: Some(EventSigner::from_pem(EVENT_KEY).unwrap()),
                ..KafkaConfig::new(brokers, "test")
            })
            .unwrap(),
            shutdown,
            running,
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.http))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// What the operator sees.
    pub(crate) async fn ops(&self, path: &str) -> reqwest::Response {
        self.client.get(format!("http://{}{path}", self.ops)).send().await.unwrap()
    }

    /// What `/readyz` says of a dependency.
    pub(crate) async fn dependency(&self, name: &str) -> String {
        let report: serde_json::Value = self.ops("/readyz").await.json().await.unwrap();
        report["dependencies"][name]["state"].as_str().unwrap_or_default().to_owned()
    }

    /// Publishes an event that happens now, and answers its id.
    pub(crate) async fn publish<E: Event>(&self, event: &E) -> Uuid {
        self.publish_all(std::slice::from_ref(event)).await[0]
    }

    /// Publishes events in their order.
    pub(crate) async fn publish_all<E: Event>(&self, events: &[E]) -> Vec<Uuid> {
        let envelope =
            |event| Envelope::new(event, Uuid::now_v7(), "test", Utc::now(), TraceContext::default());
        let envelopes: Vec<_> = events.iter().map(envelope).collect();
        self.publish_envelopes(&envelopes).await;
        envelopes.iter().map(|envelope| envelope.id).collect()
    }

    /// Publishes as an outbox does: until it is stored.
    pub(crate) async fn publish_envelopes(&self, envelopes: &[Envelope]) {
        within("events to be published", async {
            while self.publisher.publish(envelopes).await.iter().any(Result::is_err) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    /// Asks the gateway to stop and waits for it; it has to end by itself.
    pub(crate) async fn stop_gateway(&mut self) -> Duration {
        let start = tokio::time::Instant::now();
        self.shutdown.cancel();
        within("the gateway to stop", &mut self.running).await.unwrap().unwrap();
        start.elapsed()
    }

    /// Stops everything.
    pub(crate) async fn stop(mut self) {
        self.stop_gateway().await;
        if let Some(broker) = self.broker {
            broker.stop().await;
        }
    }
}

fn key_set() -> HttpBody {
    let mut key = Jwk::from_encoding_key(&SIGNING_KEY, Algorithm::EdDSA).unwrap();
    key.common.key_id = Some(KEY_ID.to_owned());
    let data = serde_json::to_vec(&JwkSet { keys: vec![key] }).unwrap();
    HttpBody { data, ..HttpBody::default() }
}

/// A token of a user that is good for ten minutes.
pub(crate) fn token(user_id: Uuid) -> String {
    token_for(user_id, 600)
}

/// A token that is good for so many seconds.
pub(crate) fn token_for(user_id: Uuid, seconds: i64) -> String {
    sign(user_id, Uuid::now_v7(), seconds)
}

/// A token of a session.
pub(crate) fn token_of(user_id: Uuid, session_id: Uuid) -> String {
    sign(user_id, session_id, 600)
}

fn sign(user_id: Uuid, session_id: Uuid, seconds: i64) -> String {
    let now = Utc::now().timestamp();
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user_id,
        sid: session_id,
        roles: Vec::new(),
        iat: now,
        nbf: now,
        exp: now + seconds,
        jti: Uuid::now_v7(),
    };
    let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, &claims, &SIGNING_KEY).unwrap()
}

/// Checks a problem and answers its document.
pub(crate) async fn problem(response: reqwest::Response, status: u16, code: &str) -> serde_json::Value {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let found = response.status().as_u16();
    let document: serde_json::Value = response.json().await.unwrap();
    assert_eq!((found, document["code"].as_str().unwrap()), (status, code), "{document}");
    document
}

/// Waits for something that has to happen soon.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(Duration::from_secs(30), future).await;
    outcome.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

/// Asks again and again until the answer is yes.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    within(what, async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
