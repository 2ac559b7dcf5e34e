//! A running service of its own for each test.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chassis::bus::{BrokerSettings, BusSettings};
use chassis::database::DatabaseConfig;
use chassis::frame::BackendConfig;
use chassis::grpc::server::GrpcServerConfig;
use chassis::health::Health;
use chassis::sealing::{Sealed, SealingKeys, one_time_code_place};
use chassis::time::ManualClock;
use chrono::{TimeDelta, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use embedded::postgres::{drop_database, for_tests, fresh_database};
use eventbus_kafka::KafkaConfig;
use fitness_proto::fitness::user::v1 as proto;
use outbox::RelayConfig;
use prost::{Message, Name};
use proto::auth_service_client::AuthServiceClient;
use proto::ended_session_service_client::EndedSessionServiceClient;
use proto::file_service_client::FileServiceClient;
use proto::user_service_client::UserServiceClient;
use secrecy::SecretString;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt as _;
use user_svc::email_address::EmailAddress;
use user_svc::files::{FileLimits, FileStore, FilesConfig};
use user_svc::one_time_code::Pepper;
use user_svc::password::{PasswordConfig, Passwords};
use user_svc::rate_limit::RateLimits;
use user_svc::tokens::AccessTokens;
use user_svc::{App, UserSvcConfig};

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The parts that a test may want to be others than usual.
pub(crate) struct Options {
    pub(crate) database_url: String,
    pub(crate) passwords: PasswordConfig,
    /// Without one, events stay in the outbox.
    pub(crate) brokers: String,
    /// Longest wait for a database connection; generous, as many tests share two cores.
    pub(crate) acquire_timeout: Duration,
    pub(crate) limits: RateLimits,
    pub(crate) admin_email: Option<&'static str>,
    /// Once at the start and then not within a test, where it is not what the test is about.
    pub(crate) housekeeping_interval: Duration,
}

impl Options {
    /// The usual ones with limits.
    pub(crate) async fn limited(limits: RateLimits) -> Self {
        Self { limits, ..Self::usual().await }
    }

    /// A fresh database, cheap hashing, no broker.
    pub(crate) async fn usual() -> Self {
        Self::on(fresh_database("user").await)
    }

    /// The same on a database that is there.
    pub(crate) fn on(database_url: String) -> Self {
        Self {
            database_url,
            passwords: cheap_passwords(),
            brokers: "127.0.0.1:1".to_owned(),
            acquire_timeout: Duration::from_secs(20),
            limits: wide_limits(),
            admin_email: None,
            housekeeping_interval: Duration::from_hours(1),
        }
    }
}

/// Limits that no test meets by accident.
pub(crate) fn wide_limits() -> RateLimits {
    RateLimits {
        sign_ins_per_address: 1_000,
        code_tries_per_address: 1_000,
        mails_per_address: 1_000,
        failures_per_client: 1_000,
        mails_per_client: 1_000,
    }
}

/// Hashing that costs next to nothing.
pub(crate) fn cheap_passwords() -> PasswordConfig {
    let max_wait = Duration::from_secs(20);
    PasswordConfig { memory_kib: 64, iterations: 1, parallelism: 1, concurrency: 2, max_wait }
}

/// A running service.
pub(crate) struct Service {
    pub(crate) auth: AuthServiceClient<Channel>,
    pub(crate) users: UserServiceClient<Channel>,
    pub(crate) pool: PgPool,
    pub(crate) clock: ManualClock,
    pub(crate) health: Health,
    pub(crate) ops_url: String,
    pub(crate) files: FileServiceClient<Channel>,
    pub(crate) ended: EndedSessionServiceClient<Channel>,
    pub(crate) files_dir: tempfile::TempDir,
    database_url: String,
    pub(crate) sealing: SealingKeys,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Service {
    /// Starts a service on a database of its own and waits until it is ready.
    pub(crate) async fn start() -> Self {
        Self::start_ready(Options::usual().await).await
    }

    /// Starts a service and waits until it is ready.
    pub(crate) async fn start_ready(options: Options) -> Self {
        let service = Self::start_with(options).await;
        within("the service to be ready", service.health.ready()).await;
        service
    }

    /// Starts a service, which need not become ready.
    pub(crate) async fn start_with(options: Options) -> Self {
        // Every test may be the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pem = SigningKey::from_bytes(&[7; 32]).to_pkcs8_pem(LineEnding::LF).unwrap();
        let pem = SecretString::from(pem.as_str());
        let sealing = SealingKeys::parse(&SealingKeys::generate("test")).unwrap();
        let files_dir = tempfile::tempdir().unwrap();
        let config = UserSvcConfig {
            backend: BackendConfig {
                database: DatabaseConfig {
                    acquire_timeout: options.acquire_timeout,
                    ..DatabaseConfig::new(options.database_url.clone().into(), 8)
                },
                migrate_on_start: true,
                grpc: GrpcServerConfig {
                    addr: "127.0.0.1:0".parse().unwrap(),
                    max_call_time: Duration::from_secs(30),
                    max_concurrent_calls: 256,
                    reflection: true,
                },
                ops_addr: "127.0.0.1:0".parse().unwrap(),
                kafka: BusSettings {
                    broker: BrokerSettings::Kafka(KafkaConfig::new(&options.brokers, "user-svc-test")),
                    topic_partitions: 1,
                    topic_replication: 1,
                    topics_on_start: true,
                },
                kafka_group: "user-svc".to_owned(),
                // A stop need not wait for a broker that is not coming.
                relay: RelayConfig { drain_timeout: Duration::from_millis(10), ..RelayConfig::default() },
                drain: chassis::drain::DrainConfig::within(Duration::from_secs(10)),
            },
            access_tokens: AccessTokens::new(&pem, ISSUER, TimeDelta::minutes(15)).unwrap(),
            session_lifetime: TimeDelta::days(30),
            sealing: sealing.clone(),
            pepper: Pepper::new("a pepper of at least thirty-two bytes".into()).unwrap(),
            passwords: Passwords::new(&options.passwords).unwrap(),
            limits: options.limits,
            admin_email: options.admin_email.map(|email| EmailAddress::parse(email).unwrap()),
            housekeeping_interval: options.housekeeping_interval,
            files: FilesConfig {
                store: FileStore::Folder(files_dir.path().to_owned()),
                limits: FileLimits { max_files: 3, max_bytes: 12 * 1024 * 1024 },
            },
        };
        let clock = ManualClock::new(Utc::now());
        let app = App::with_clock(config, Arc::new(clock.clone())).await.unwrap();
        let grpc = format!("http://{}", app.grpc_addr().unwrap());
        let channel = Endpoint::from_shared(grpc).unwrap().connect_lazy();
        let ops_url = format!("http://{}", app.ops_addr().unwrap());
        let health = app.health();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(app.run_until(shutdown.clone()));
        Self {
            auth: AuthServiceClient::new(channel.clone()),
            users: UserServiceClient::new(channel.clone()),
            pool: PgPool::connect_lazy(&options.database_url).unwrap(),
            clock,
            health,
            ops_url,
            files: FileServiceClient::new(channel.clone()),
            ended: EndedSessionServiceClient::new(channel),
            files_dir,
            database_url: options.database_url,
            sealing,
            shutdown,
            running,
        }
    }

    /// Stops the service, which has to end by itself, and removes its database.
    pub(crate) async fn stop(self) {
        let database_url = self.database_url.clone();
        self.stop_keeping_database().await;
        let name = database_url.rsplit('/').next().unwrap();
        drop_database(for_tests().await, name).await.unwrap();
    }

    /// Stops the service, which has to end by itself.
    pub(crate) async fn stop_keeping_database(self) {
        self.shutdown.cancel();
        within("the service to end", self.running).await.unwrap().unwrap();
        self.pool.close().await;
    }

    pub(crate) async fn register(&self, email: &str) -> Result<proto::RegisterResponse, Status> {
        self.register_as(registration(email)).await
    }

    pub(crate) async fn register_as(
        &self,
        request: proto::RegisterRequest,
    ) -> Result<proto::RegisterResponse, Status> {
        Ok(self.auth.clone().register(request).await?.into_inner())
    }

    pub(crate) async fn verify(&self, email: &str, code: &str) -> Result<proto::VerifyEmailResponse, Status> {
        let request = proto::VerifyEmailRequest { email: email.to_owned(), code: code.to_owned() };
        Ok(self.auth.clone().verify_email(request).await?.into_inner())
    }

    pub(crate) async fn resend(&self, email: &str) -> Result<proto::ResendCodeResponse, Status> {
        let request = proto::ResendCodeRequest { email: email.to_owned() };
        Ok(self.auth.clone().resend_code(request).await?.into_inner())
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Result<proto::LoginResponse, Status> {
        let request = proto::LoginRequest { email: email.to_owned(), password: password.to_owned() };
        Ok(self.auth.clone().login(request).await?.into_inner())
    }

    /// Registers and verifies.
    pub(crate) async fn open_account(&self, email: &str) -> proto::VerifyEmailResponse {
        self.register(email).await.unwrap();
        self.verify(email, &self.last_code().await).await.unwrap()
    }

    /// All events in the outbox, oldest first, as type and payload.
    pub(crate) async fn outbox(&self) -> Vec<(String, Vec<u8>)> {
        sqlx::query_as("SELECT event_type, payload FROM outbox.events ORDER BY position")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }

    /// The short names of all events in the outbox, oldest first.
    pub(crate) async fn event_names(&self) -> Vec<String> {
        let short = |name: &str| name.rsplit('.').next().unwrap().to_owned();
        self.outbox().await.iter().map(|(name, _)| short(name)).collect()
    }

    /// The events of one type.
    pub(crate) async fn events<E: Message + Name + Default>(&self) -> Vec<E> {
        let outbox = self.outbox().await;
        let of_type = outbox.iter().filter(|(name, _)| *name == E::full_name());
        of_type.map(|(_, payload)| E::decode(payload.as_slice()).unwrap()).collect()
    }

    /// Opens the code of an event, as its consumer does.
    pub(crate) fn open_code(&self, event: &proto::OneTimeCodeIssued) -> String {
        let secret = event.sealed_code.clone().unwrap();
        let sealed = Sealed { key_id: secret.key_id, nonce: secret.nonce, ciphertext: secret.ciphertext };
        let code = self.sealing.open(&sealed, &one_time_code_place(&event.code_id, &event.user_id)).unwrap();
        String::from_utf8(code.to_vec()).unwrap()
    }

    /// The code that was issued last.
    pub(crate) async fn last_code(&self) -> String {
        self.open_code(self.events().await.last().expect("a code was issued"))
    }

    /// How many events wait for the broker.
    pub(crate) async fn pending(&self) -> u64 {
        outbox::backlog(&self.pool).await.unwrap().pending
    }

    /// The tables in which a text occurs in any column, bytes included, by name.
    pub(crate) async fn tables_with(&self, needle: &str) -> Vec<String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', schemaname, tablename)
             FROM pg_tables
             WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
             ORDER BY 1",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        let mut found = Vec::new();
        for table in tables {
            // Bytes are written in hexadecimal inside of a row's text.
            let query = format!(
                "SELECT EXISTS (
                     SELECT
                     FROM {table} AS stored
                     WHERE strpos(stored::text, $1) > 0
                         OR strpos(stored::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0
                 )"
            );
            let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(needle);
            if query.fetch_one(&self.pool).await.unwrap() {
                found.push(table);
            }
        }
        found
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.pool).await.unwrap()
    }
}

/// A good registration of an address.
pub(crate) fn registration(email: &str) -> proto::RegisterRequest {
    proto::RegisterRequest {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        display_name: "Anna".to_owned(),
        locale: "en-GB".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
    }
}

/// Another six digits than `code`.
pub(crate) fn other_code(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// The reason in a status, as it stands in the problem document.
pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().expect("every status of ours has a reason").reason
}

/// Waits for something that has to happen soon.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(Duration::from_secs(30), future).await;
    outcome.unwrap_or_else(|_| panic!("waited too long for {what}"))
}
