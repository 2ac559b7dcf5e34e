//! A running service of its own for each test. Mostly without a broker: tests hand the events of accounts over
//! themselves.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chassis::auth::{AUDIENCE, Claims, TokenKeys, Verifier};
use chassis::bus::{BrokerSettings, BusSettings};
use chassis::database::DatabaseConfig;
use chassis::frame::BackendConfig;
use chassis::grpc::server::GrpcServerConfig;
use chassis::time::{Clock as _, ManualClock};
use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use embedded::postgres::{drop_database, for_tests, fresh_database};
use eventbus::{Envelope, Event, Outcome, TraceContext};
use eventbus_kafka::KafkaConfig;
use fitness_proto::fitness::user::v1 as user;
use fitness_proto::fitness::workout::v1 as proto;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use outbox::{Outbox, RelayConfig};
use prost::{Message, Name};
use prost_types::Timestamp;
use proto::exercise_service_client::ExerciseServiceClient;
use proto::routine_service_client::RoutineServiceClient;
use proto::trainer_service_client::TrainerServiceClient;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;
use workout_svc::catalogue::Catalogue;
use workout_svc::events::Intake;
use workout_svc::planner::{PlannerConfig, RoutinePlanner};
use workout_svc::{App, Training, WorkoutSvcConfig};

const ISSUER: &str = "https://id.example";
const KEY_ID: &str = "test";
const NO_BROKER: &str = "127.0.0.1:1";

/// A running service.
pub(crate) struct Service {
    pub(crate) channel: Channel,
    pub(crate) exercises: ExerciseServiceClient<Channel>,
    pub(crate) routines: RoutineServiceClient<Channel>,
    pub(crate) trainers: TrainerServiceClient<Channel>,
    pub(crate) pool: PgPool,
    pub(crate) clock: ManualClock,
    pub(crate) intake: Intake,
    pub(crate) database_url: String,
    signing_key: EncodingKey,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user_id: Uuid,
    token: String,
}

impl Person {
    /// The account's id as messages have it.
    pub(crate) fn id(&self) -> String {
        self.user_id.to_string()
    }

    /// A request with the person's access token.
    pub(crate) fn ask<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        request
    }
}

impl Service {
    /// Starts a service on a database of its own and waits until it is ready.
    pub(crate) async fn start() -> Self {
        Self::start_on(fresh_database("workout").await).await
    }

    /// The same on a database that is there.
    pub(crate) async fn start_on(database_url: String) -> Self {
        Self::start_with(database_url, NO_BROKER).await
    }

    /// The same with a broker.
    pub(crate) async fn start_with(database_url: String, brokers: &str) -> Self {
        Self::start_by(database_url, brokers, ManualClock::new(Utc::now())).await
    }

    /// The same with a clock, which several services may share.
    pub(crate) async fn start_at(database_url: String, clock: ManualClock) -> Self {
        Self::start_by(database_url, NO_BROKER, clock).await
    }

    async fn start_by(database_url: String, brokers: &str, clock: ManualClock) -> Self {
        // Every test may be the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (signing_key, key_set) = keys();
        let verifier = Verifier::new(&key_set, ISSUER).unwrap();
        let config = config(database_url.clone(), brokers, verifier);
        let app = App::with_clock(config, Arc::new(clock.clone())).await.unwrap();
        let grpc = format!("http://{}", app.grpc_addr().unwrap());
        let channel = Endpoint::from_shared(grpc).unwrap().connect_lazy();
        let health = app.health();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(app.run_until(shutdown.clone()));
        let pool = PgPool::connect_lazy(&database_url).unwrap();
        let intake = Intake::new(Training {
            pool: pool.clone(),
            outbox: Outbox::new(workout_svc::NAME),
            clock: Arc::new(clock.clone()),
            catalogue: Arc::new(Catalogue::embedded().unwrap()),
            planner: RoutinePlanner::default(),
        });
        within("the service to be ready", health.ready()).await;
        Self {
            exercises: ExerciseServiceClient::new(channel.clone()),
            routines: RoutineServiceClient::new(channel.clone()),
            trainers: TrainerServiceClient::new(channel.clone()),
            channel,
            pool,
            clock,
            intake,
            database_url,
            signing_key,
            shutdown,
            running,
        }
    }

    /// Stops the service, which has to end by itself, and removes its database.
    pub(crate) async fn stop(self) {
        let database_url = self.stop_keeping_database().await;
        let name = database_url.rsplit('/').next().unwrap();
        drop_database(for_tests().await, name).await.unwrap();
    }

    /// Stops the service, which has to end by itself, and answers where its database is.
    pub(crate) async fn stop_keeping_database(self) -> String {
        self.shutdown.cancel();
        within("the service to end", self.running).await.unwrap().unwrap();
        self.pool.close().await;
        self.database_url
    }

    /// Somebody with an account and an athlete profile, who speaks English.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let person = self.stranger();
        self.take(&self.registered(&person, name, "en", "Europe/Berlin")).await;
        person
    }

    /// Somebody with an account and the role of a trainer, and a trainer profile.
    pub(crate) async fn trainer(&self, name: &str) -> Person {
        let trainer = self.person(name).await;
        let profile = proto::CreateTrainerProfileRequest {
            headline: "Strength for everybody".to_owned(),
            bio: "Twenty years of it.".to_owned(),
        };
        self.trainers.clone().create_trainer_profile(trainer.ask(profile)).await.unwrap();
        self.clock.advance(TimeDelta::seconds(1));
        self.take(&self.roles_changed(&trainer, &[user::Role::Athlete, user::Role::Trainer])).await;
        trainer
    }

    /// Somebody with an access token whose account is not known here.
    pub(crate) fn stranger(&self) -> Person {
        self.stranger_with_roles(&["athlete"])
    }

    /// The same with certain roles in the token.
    pub(crate) fn stranger_with_roles(&self, roles: &[&str]) -> Person {
        let (user_id, now) = (Uuid::now_v7(), Utc::now().timestamp());
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user_id,
            sid: Uuid::now_v7(),
            roles: roles.iter().copied().map(str::to_owned).collect(),
            iat: now,
            nbf: now,
            exp: now + 900,
            jti: Uuid::now_v7(),
        };
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::EdDSA) };
        Person { user_id, token: jsonwebtoken::encode(&header, &claims, &self.signing_key).unwrap() }
    }

    /// Hands an event over, which has to be taken.
    pub(crate) async fn take<E: Event + std::fmt::Debug>(&self, event: &E) {
        assert_eq!(self.intake.take(&envelope(event)).await, Outcome::Done, "{}", E::full_name());
    }

    /// What user-svc says when an account is opened.
    pub(crate) fn registered(
        &self,
        person: &Person,
        name: &str,
        locale: &str,
        time_zone: &str,
    ) -> user::UserRegistered {
        user::UserRegistered {
            user_id: person.id(),
            email: "somebody@example.org".to_owned(),
            display_name: name.to_owned(),
            locale: locale.to_owned(),
            time_zone: time_zone.to_owned(),
            create_time: Some(timestamp(self.clock.now())),
        }
    }

    /// What user-svc says when roles are changed.
    pub(crate) fn roles_changed(&self, person: &Person, roles: &[user::Role]) -> user::UserRolesChanged {
        user::UserRolesChanged {
            user_id: person.id(),
            roles: roles.iter().map(|role| i32::from(*role)).collect(),
            change_time: Some(timestamp(self.clock.now())),
        }
    }

    /// What user-svc says when an account is deleted.
    pub(crate) fn deleted(&self, person: &Person) -> user::UserDeleted {
        user::UserDeleted { user_id: person.id(), delete_time: Some(timestamp(self.clock.now())) }
    }

    /// The events of one type in the outbox, oldest first.
    pub(crate) async fn events<E: Message + Name + Default>(&self) -> Vec<E> {
        let query = "SELECT payload FROM outbox.events WHERE event_type = $1 ORDER BY position";
        let payloads: Vec<Vec<u8>> =
            sqlx::query_scalar(query).bind(E::full_name()).fetch_all(&self.pool).await.unwrap();
        payloads.iter().map(|payload| E::decode(payload.as_slice()).unwrap()).collect()
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.pool).await.unwrap()
    }

    /// The id of some exercise of the catalogue in which this is counted: `reps`, `time` or `distance`.
    pub(crate) async fn exercise_with(&self, measure: &str) -> String {
        let query =
            "SELECT exercise_id FROM exercises WHERE measure = $1 AND owner_id IS NULL ORDER BY slug LIMIT 1";
        let id: Uuid = sqlx::query_scalar(query).bind(measure).fetch_one(&self.pool).await.unwrap();
        id.to_string()
    }

    /// An exercise of somebody's own.
    pub(crate) async fn own_exercise(&self, person: &Person, name: &str) -> proto::Exercise {
        let request = person.ask(new_exercise(name));
        let answer = self.exercises.clone().create_exercise(request).await.unwrap().into_inner();
        answer.exercise.unwrap()
    }

    /// A routine of one day with one exercise.
    pub(crate) async fn routine(&self, person: &Person, name: &str) -> proto::Routine {
        let exercise_id = self.exercise_with("reps").await;
        self.routine_with(person, name, &exercise_id).await
    }

    /// A routine of one day with the given exercise.
    pub(crate) async fn routine_with(
        &self,
        person: &Person,
        name: &str,
        exercise_id: &str,
    ) -> proto::Routine {
        let exercises = vec![proto::NewRoutineExercise {
            exercise_id: exercise_id.to_owned(),
            notes: "Slowly".to_owned(),
            set_plans: vec![five_by_five()],
        }];
        let request = proto::CreateRoutineRequest {
            name: name.to_owned(),
            days: vec![proto::NewRoutineDay { name: "Push".to_owned(), exercises }],
            ..proto::CreateRoutineRequest::default()
        };
        let answer = self.routines.clone().create_routine(person.ask(request)).await.unwrap();
        answer.into_inner().routine.unwrap()
    }

    /// Lets a trainer follow an athlete.
    pub(crate) async fn follow(&self, athlete: &Person, trainer: &Person) {
        let request = proto::FollowTrainerRequest { trainer_id: trainer.id() };
        self.trainers.clone().follow_trainer(athlete.ask(request)).await.unwrap();
    }
}

fn keys() -> (EncodingKey, JwkSet) {
    let der = KeypairBytes { secret_key: [7; 32], public_key: None }.to_pkcs8_der().unwrap();
    let key = EncodingKey::from_ed_der(der.as_bytes());
    let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).unwrap();
    public.common.key_id = Some(KEY_ID.to_owned());
    (key, JwkSet { keys: vec![public] })
}

fn config(database_url: String, brokers: &str, verifier: Verifier) -> WorkoutSvcConfig {
    let free = "127.0.0.1:0".parse().unwrap();
    WorkoutSvcConfig {
        backend: BackendConfig {
            database: DatabaseConfig {
                // Generous, as many tests share two cores.
                acquire_timeout: Duration::from_secs(20),
                ..DatabaseConfig::new(database_url.into(), 8)
            },
            migrate_on_start: true,
            grpc: GrpcServerConfig {
                addr: free,
                max_call_time: Duration::from_secs(30),
                max_concurrent_calls: 256,
                reflection: true,
            },
            ops_addr: free,
            kafka: BusSettings {
                broker: BrokerSettings::Kafka(KafkaConfig::new(brokers, "workout-svc-test")),
                topic_partitions: 1,
                topic_replication: 1,
                topics_on_start: true,
            },
            kafka_group: "workout-svc".to_owned(),
            // A stop need not wait for a broker that is not coming.
            relay: RelayConfig { drain_timeout: Duration::from_millis(10), ..RelayConfig::default() },
            drain: chassis::drain::DrainConfig::within(Duration::from_secs(10)),
        },
        token_keys: TokenKeys::Known(verifier),
        planner: PlannerConfig::default(),
    }
}

/// An event as the broker hands it over.
pub(crate) fn envelope<E: Event>(event: &E) -> Envelope {
    Envelope::new(event, Uuid::now_v7(), "user-svc", Utc::now(), TraceContext::default())
}

pub(crate) fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: time.timestamp(), nanos: time.timestamp_subsec_nanos().cast_signed() }
}

/// A good exercise of one's own.
pub(crate) fn new_exercise(name: &str) -> proto::CreateExerciseRequest {
    proto::CreateExerciseRequest {
        name: name.to_owned(),
        description: "As my grandfather did it.".to_owned(),
        muscle_groups: vec![proto::MuscleGroup::Chest.into()],
        secondary_muscle_groups: vec![proto::MuscleGroup::Triceps.into()],
        equipment: vec![proto::Equipment::Dumbbell.into(), proto::Equipment::Bench.into()],
        level: proto::Level::Intermediate.into(),
        movement: proto::Movement::HorizontalPush.into(),
        measure: proto::Measure::Reps.into(),
    }
}

/// Five sets of five.
pub(crate) fn five_by_five() -> proto::SetPlan {
    proto::SetPlan {
        sets: 5,
        min_reps: 5,
        max_reps: 5,
        rest_seconds: 180,
        load: Some(proto::set_plan::Load::TargetPercent(80.0)),
        ..proto::SetPlan::default()
    }
}

/// The reason in a status, as it stands in the problem document.
pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().expect("every status of ours has a reason").reason
}

/// The fields at fault, each once, in the order of the answer.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().expect("violations are in the status").field_violations;
    let mut fields: Vec<_> = violations.into_iter().map(|violation| violation.field).collect();
    fields.dedup();
    fields
}

/// Asserts that a call was refused because of one field.
#[track_caller]
pub(crate) fn assert_invalid<T: std::fmt::Debug>(field: &str, outcome: Result<T, Status>) {
    let status = outcome.expect_err(field);
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "INVALID_REQUEST"),
        "{field}"
    );
    assert_eq!(fields(&status), [field]);
}

/// Asserts that a call was refused with this reason.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(expected: &str, outcome: Result<T, Status>) {
    let status = outcome.expect_err(expected);
    assert_eq!(reason(&status), expected, "{status:?}");
}

/// Waits for something that has to happen soon.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(Duration::from_secs(30), future).await;
    outcome.unwrap_or_else(|_| panic!("waited too long for {what}"))
}
