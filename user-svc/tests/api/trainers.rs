//! `TrainerProfileCreated` from workout-svc makes a trainer of an account.

use chrono::Utc;
use embedded::broker::Broker;
use eventbus::{Envelope, Publisher as _, TraceContext};
use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use fitness_proto::fitness::user::v1 as proto;
use fitness_proto::fitness::workout::v1::{TrainerProfileCreated, WorkoutStarted};
use proto::Role::{Athlete, Trainer};
use uuid::Uuid;

use crate::fixture::{Options, Service, within};

struct World {
    broker: Broker,
    publisher: KafkaPublisher,
    service: Service,
}

impl World {
    async fn start() -> Self {
        let broker = Broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let brokers = broker.addr().to_string();
        let publisher = KafkaPublisher::new(&KafkaConfig::new(&brokers, "workout-svc-test")).unwrap();
        let service = Service::start_ready(Options { brokers, ..Options::usual().await }).await;
        Self { broker, publisher, service }
    }

    async fn stop(self) {
        self.service.stop().await;
        drop(self.publisher);
        self.broker.stop().await;
    }

    async fn publish(&self, envelope: Envelope) {
        within("the broker to take the event", async {
            while self.publisher.publish(std::slice::from_ref(&envelope)).await.remove(0).is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    async fn roles(&self, token: &str) -> Vec<proto::Role> {
        self.service.get_me(token).await.unwrap().roles().collect()
    }

    /// Waits until the service has handled everything that was published before.
    async fn settle(&self, count: i64) {
        within("the events to be handled", async {
            while self.service.count("SELECT count(*) FROM inbox").await < count {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

pub(crate) fn created(event_id: Uuid, user_id: &str) -> Envelope {
    let event = TrainerProfileCreated { user_id: user_id.to_owned(), create_time: None };
    Envelope::new(&event, event_id, "workout-svc", Utc::now(), TraceContext::default())
}

#[tokio::test]
async fn a_trainer_profile_makes_a_trainer_of_the_account_without_a_new_sign_in() {
    let world = World::start().await;
    let opened = world.service.open_account("anna@example.org").await;
    let user_id = opened.user.unwrap().user_id;
    let unknown = WorkoutStarted { user_id: user_id.clone(), ..WorkoutStarted::default() };
    let trace = TraceContext::default();
    world.publish(Envelope::new(&unknown, Uuid::now_v7(), "workout-svc", Utc::now(), trace)).await;
    world.publish(created(Uuid::now_v7(), &user_id)).await;
    world.settle(1).await;

    assert_eq!(world.roles(&opened.access_token).await, [Athlete, Trainer]);
    let changed: Vec<proto::UserRolesChanged> = world.service.events().await;
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].roles().collect::<Vec<_>>(), [Athlete, Trainer]);
    world.stop().await;
}

#[tokio::test]
async fn a_repeated_event_does_not_bring_back_a_role_that_was_taken_away() {
    let world = World::start().await;
    let opened = world.service.open_account("anna@example.org").await;
    let admin = world.service.open_account("admin@example.org").await;
    world.service.make_admin(&admin.user.unwrap().user_id).await;
    let user_id = opened.user.unwrap().user_id;
    let event_id = Uuid::now_v7();
    world.publish(created(event_id, &user_id)).await;
    world.settle(1).await;
    world.service.set_roles(&admin.access_token, &user_id, &[Athlete]).await.unwrap();

    world.publish(created(event_id, &user_id)).await;
    // Another event behind it: when that one is handled, so is the repetition.
    let ben = world.service.open_account("ben@example.org").await.user.unwrap().user_id;
    world.publish(created(Uuid::now_v7(), &ben)).await;
    world.settle(2).await;
    assert_eq!(world.roles(&opened.access_token).await, [Athlete]);
    assert_eq!(world.service.events::<proto::UserRolesChanged>().await.len(), 3);

    // A new profile is a new event.
    world.publish(created(Uuid::now_v7(), &user_id)).await;
    world.settle(3).await;
    assert_eq!(world.roles(&opened.access_token).await, [Athlete, Trainer]);
    world.stop().await;
}

#[tokio::test]
async fn an_event_for_an_account_that_is_gone_brings_nothing_back() {
    let world = World::start().await;
    let opened = world.service.open_account("anna@example.org").await;
    let user_id = opened.user.unwrap().user_id;
    world.service.delete_me(&opened.access_token).await.unwrap();
    world.publish(created(Uuid::now_v7(), &user_id)).await;
    world.settle(1).await;
    assert_eq!(world.service.count("SELECT count(*) FROM users").await, 0);
    assert_eq!(world.service.events::<proto::UserRolesChanged>().await.len(), 0);
    world.stop().await;
}
