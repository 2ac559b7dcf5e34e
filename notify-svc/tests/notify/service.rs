//! The whole service with its gRPC clients, on the database and the mailbox of a stage.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use chassis::auth::{AUDIENCE, Claims, TokenKeys, Verifier};
use chassis::bus::{BrokerSettings, BusSettings};
use chassis::database::DatabaseConfig;
use chassis::frame::BackendConfig;
use chassis::grpc::server::GrpcServerConfig;
use chrono::Utc;
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use embedded::broker::Broker;
use eventbus::{Envelope, Publisher as _};
use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use fitness_proto::fitness::notify::v1::notification_admin_service_client::NotificationAdminServiceClient;
use fitness_proto::fitness::notify::v1::notification_service_client::NotificationServiceClient;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use notify_svc::{App, NotifySvcConfig};
use outbox::RelayConfig;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::stage::{LIMIT, Person, RETENTION, Stage};

const ISSUER: &str = "https://id.example";
const KEY_ID: &str = "test";

/// Signs the tokens of the tests.
static SIGNER: LazyLock<EncodingKey> = LazyLock::new(|| {
    let pair = KeypairBytes { secret_key: [7; 32], public_key: None };
    EncodingKey::from_ed_der(pair.to_pkcs8_der().unwrap().as_bytes())
});

fn verifier() -> Verifier {
    let mut key = Jwk::from_encoding_key(&SIGNER, Algorithm::EdDSA).unwrap();
    key.common.key_id = Some(KEY_ID.to_owned());
    Verifier::new(&JwkSet { keys: vec![key] }, ISSUER).unwrap()
}

/// The configuration of a service on the parts of a stage.
pub(crate) fn config(stage: &Stage, kafka: KafkaConfig) -> NotifySvcConfig {
    let free: SocketAddr = ([127, 0, 0, 1], 0).into();
    NotifySvcConfig {
        backend: BackendConfig {
            database: DatabaseConfig {
                acquire_timeout: LIMIT,
                ..DatabaseConfig::new(stage.database_url.clone().into(), 10)
            },
            migrate_on_start: true,
            // A stop need not wait for a broker that is not coming.
            relay: RelayConfig { drain_timeout: Duration::from_millis(100), ..RelayConfig::default() },
            grpc: GrpcServerConfig {
                addr: free,
                max_call_time: LIMIT,
                max_concurrent_calls: 64,
                reflection: true,
            },
            ops_addr: free,
            kafka: BusSettings {
                broker: BrokerSettings::Kafka(kafka),
                topic_partitions: 3,
                topic_replication: 1,
                topics_on_start: true,
            },
            kafka_group: "notify-svc".to_owned(),
            drain: chassis::drain::DrainConfig::within(LIMIT),
        },
        mail_requests: false,
        dead_letter_topics: ["user-svc", "workout-svc", "notify-svc"]
            .map(|group| format!("{group}.dead-letters"))
            .to_vec(),
        token_keys: TokenKeys::Known(verifier()),
        retention: RETENTION,
        delivery: stage.config(2),
        from: "no-reply@fitness.example".parse().unwrap(),
        reply_to: None,
        public_url: "https://fitness.example".to_owned(),
        sealing: stage.keys.clone(),
        give_up_in_doubt: Vec::new(),
    }
}

/// A running service.
pub(crate) struct Service {
    pub(crate) stage: Stage,
    pub(crate) people: NotificationServiceClient<Channel>,
    pub(crate) admins: NotificationAdminServiceClient<Channel>,
    pub(crate) kafka: KafkaConfig,
    pub(crate) broker: Option<Broker>,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Service {
    /// Without a broker: events come from the stage.
    pub(crate) async fn start() -> Self {
        Self::start_on(Stage::new().await, None).await
    }

    /// With a broker of its own.
    pub(crate) async fn start_with_broker() -> Self {
        let broker = Broker::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        Self::start_on(Stage::new().await, Some(broker)).await
    }

    pub(crate) async fn start_on(stage: Stage, broker: Option<Broker>) -> Self {
        Self::start_with(stage, broker, |_| {}).await
    }

    pub(crate) async fn start_with(
        stage: Stage,
        broker: Option<Broker>,
        change: impl FnOnce(&mut NotifySvcConfig),
    ) -> Self {
        let brokers = broker.as_ref().map_or("127.0.0.1:1".to_owned(), |broker| broker.addr().to_string());
        let kafka = KafkaConfig::new(&brokers, "test");
        let mut config = config(&stage, kafka.clone());
        change(&mut config);
        let app = App::build(config).await.unwrap();
        let endpoint = format!("http://{}", app.grpc_addr().unwrap());
        let channel = Endpoint::from_shared(endpoint).unwrap().connect_lazy();
        let health = app.health();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(app.run_until(shutdown.clone()));
        tokio::time::timeout(LIMIT, health.ready()).await.expect("the service becomes ready");
        Self {
            stage,
            people: NotificationServiceClient::new(channel.clone()),
            admins: NotificationAdminServiceClient::new(channel),
            kafka,
            broker,
            shutdown,
            running,
        }
    }

    /// Stops the service, which has to end by itself, and removes what it worked with.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(LIMIT, self.running).await.expect("the service ends").unwrap().unwrap();
        if let Some(broker) = self.broker {
            broker.stop().await;
        }
        self.stage.finish().await;
    }

    /// Publishes events once the service has made their topics.
    pub(crate) async fn publish(&self, envelopes: &[Envelope]) {
        let publisher = KafkaPublisher::new(&self.kafka).unwrap();
        let results = tokio::time::timeout(LIMIT, publisher.publish(envelopes)).await;
        for result in results.expect("the broker answers in time") {
            result.unwrap();
        }
    }
}

/// A request of somebody with the roles of an ordinary account.
pub(crate) fn of<T>(person: &Person, message: T) -> Request<T> {
    with_roles(person.user_id, &["athlete"], message)
}

/// A request of somebody whose token says administrator.
pub(crate) fn of_admin<T>(message: T) -> Request<T> {
    with_roles(Uuid::from_u128(1), &["athlete", "admin"], message)
}

/// A request with a token that says these roles.
pub(crate) fn with_roles<T>(user_id: Uuid, roles: &[&str], message: T) -> Request<T> {
    let now = Utc::now().timestamp();
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user_id,
        sid: Uuid::from_u128(2),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        iat: now,
        nbf: now,
        exp: now + 900,
        jti: Uuid::now_v7(),
    };
    let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::EdDSA) };
    let token = jsonwebtoken::encode(&header, &claims, &SIGNER).unwrap();
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// The reason in a status, as it stands in the problem document.
pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().expect("every status of ours has a reason").reason
}

/// The fields at fault.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().expect("violations are in the status").field_violations;
    violations.into_iter().map(|violation| violation.field).collect()
}
