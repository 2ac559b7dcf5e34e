//! Whoever can write to the broker can say nothing: not grant a role, not redirect a mail, not erase a person.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use fitness_proto::fitness::user::v1::{
    EmailVerified, OneTimeCodeIssued, PasswordChanged, PasswordResetRequested, RegistrationRepeated, Role,
    UserDeleted, UserProfileUpdated, UserRegistered, UserRolesChanged, UserSignedIn,
};
use fitness_proto::fitness::workout::v1::{
    AchievementUnlocked, RoutineAction, RoutineChanged, TrainerProfileCreated, WeeklySummaryDue,
    WorkoutReminderDue,
};
use prost::{Message, Name};
use prost_reflect::prost_types::Timestamp;
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Account, Options, Person, System, eventually, records_of};

const LIMIT: Duration = Duration::from_mins(1);
const USER: &str = "fitness.user.events";
const WORKOUT: &str = "fitness.workout.events";
const NOTIFICATION: &str = "fitness.notification.events";

/// A record that no service of ours has written.
struct Forgery {
    topic: &'static str,
    key: String,
    event_type: String,
    payload: Vec<u8>,
    time: String,
    signature: Option<String>,
}

impl Forgery {
    fn of<E: Message + Name>(topic: &'static str, key: &str, event: &E) -> Self {
        Self {
            topic,
            key: key.to_owned(),
            event_type: E::full_name(),
            payload: event.encode_to_vec(),
            time: Utc::now().to_rfc3339(),
            signature: None,
        }
    }

    async fn publish(&self, producer: &FutureProducer) {
        let id = Uuid::now_v7().to_string();
        let mut headers = OwnedHeaders::new();
        for (key, value) in [
            ("ce_specversion", Some("1.0")),
            ("ce_id", Some(id.as_str())),
            ("ce_type", Some(self.event_type.as_str())),
            ("ce_source", Some("user-svc")),
            ("ce_time", Some(self.time.as_str())),
            ("ce_signature", self.signature.as_deref()),
        ] {
            if value.is_some() {
                headers = headers.insert(Header { key, value });
            }
        }
        let record = FutureRecord::to(self.topic).key(&self.key).payload(&self.payload).headers(headers);
        producer.send(record, LIMIT).await.unwrap();
    }
}

/// What a stranger would write who wants to be an admin and a trainer, to have the victim's links, or the victim gone.
fn forgeries(thief: &Person, victim: &Person, genuine_signature: &str) -> Vec<Forgery> {
    let (thief_id, victim_id) = (thief.user_id.clone(), victim.user_id.clone());
    let later = Some(Timestamp { seconds: Utc::now().timestamp() + 60, nanos: 0 });
    let admin = UserRolesChanged {
        user_id: thief_id.clone(),
        roles: vec![Role::Athlete.into(), Role::Admin.into()],
        change_time: later,
    };
    let redirected = UserProfileUpdated {
        user_id: victim_id.clone(),
        email: thief.account.email.clone(),
        locale: "en".to_owned(),
        time_zone: "UTC".to_owned(),
        update_time: later,
        ..UserProfileUpdated::default()
    };
    let reopened = UserRegistered {
        user_id: victim_id.clone(),
        email: thief.account.email.clone(),
        locale: "en".to_owned(),
        time_zone: "UTC".to_owned(),
        create_time: later,
        ..UserRegistered::default()
    };
    let trainer = TrainerProfileCreated { user_id: thief_id.clone(), create_time: later };
    let routine = RoutineChanged {
        user_id: victim_id.clone(),
        name: "Your account is locked, call us".to_owned(),
        action: RoutineAction::Assigned.into(),
        ..RoutineChanged::default()
    };
    let dated = Forgery { time: "9998-01-01T00:00:00Z".to_owned(), ..Forgery::of(USER, &thief_id, &admin) };
    let soon = (Utc::now() + TimeDelta::minutes(10)).to_rfc3339();
    let victims = |topic, event: (String, Vec<u8>)| Forgery {
        topic,
        key: victim_id.clone(),
        event_type: event.0,
        payload: event.1,
        time: Utc::now().to_rfc3339(),
        signature: None,
    };
    vec![
        Forgery::of(USER, &thief_id, &admin),
        Forgery::of(WORKOUT, &thief_id, &admin),
        Forgery::of(USER, &victim_id, &admin),
        dated,
        Forgery { time: soon, ..Forgery::of(USER, &thief_id, &admin) },
        Forgery { signature: Some(genuine_signature.to_owned()), ..Forgery::of(USER, &thief_id, &admin) },
        Forgery { signature: Some("nonsense".to_owned()), ..Forgery::of(USER, &thief_id, &admin) },
        victims(USER, encoded(&redirected)),
        victims(WORKOUT, encoded(&redirected)),
        victims(USER, encoded(&reopened)),
        victims(USER, encoded(&UserDeleted { user_id: victim_id.clone(), delete_time: later })),
        victims(WORKOUT, encoded(&UserDeleted { user_id: victim_id.clone(), delete_time: later })),
        Forgery::of(WORKOUT, &thief_id, &trainer),
        Forgery::of(USER, &thief_id, &trainer),
        victims(WORKOUT, encoded(&routine)),
        victims(
            WORKOUT,
            encoded(&WorkoutReminderDue {
                user_id: victim_id.clone(),
                expire_time: later,
                ..Default::default()
            }),
        ),
        victims(WORKOUT, encoded(&AchievementUnlocked { user_id: victim_id.clone(), ..Default::default() })),
        victims(WORKOUT, encoded(&WeeklySummaryDue { user_id: victim_id.clone(), ..Default::default() })),
        victims(USER, encoded(&EmailVerified { user_id: victim_id.clone(), ..Default::default() })),
        victims(USER, encoded(&PasswordChanged { user_id: victim_id.clone(), ..Default::default() })),
        victims(
            USER,
            encoded(&UserSignedIn { user_id: victim_id.clone(), new_device: true, ..Default::default() }),
        ),
        victims(USER, encoded(&RegistrationRepeated { user_id: victim_id.clone(), ..Default::default() })),
        victims(USER, encoded(&PasswordResetRequested { user_id: victim_id.clone(), ..Default::default() })),
        victims(USER, encoded(&OneTimeCodeIssued { user_id: victim_id.clone(), ..Default::default() })),
    ]
}

fn encoded<E: Message + Name>(event: &E) -> (String, Vec<u8>) {
    (E::full_name(), event.encode_to_vec())
}

/// The dead letters of a group, once there are as many.
async fn letters(admin: &Person, group: &str, count: usize) -> Vec<Value> {
    eventually(&format!("{count} dead letters of {group}"), LIMIT, || async {
        let path = format!("/v1/admin/dead_letters?page_size=100&consumer_group={group}");
        let page = admin.get(&path).await;
        let letters = page["dead_letters"].as_array()?.clone();
        (letters.len() >= count).then_some(letters)
    })
    .await
}

async fn assert_nothing_happened(thief: &Person, victim: &Person) {
    assert_eq!(thief.get("/v1/users/me").await["roles"], json!(["ROLE_ATHLETE"]));
    for path in ["/v1/admin/notifications", "/v1/admin/dead_letters", "/v1/users", "/v1/athletes"] {
        assert_eq!(thief.call("GET", path, None).await.0, 403, "{path}");
    }
    assert_eq!(victim.get("/v1/routines").await["routines"][0]["name"], "Mine");
    assert_eq!(victim.get("/v1/notifications").await["notifications"].as_array().unwrap().len(), 2);
    assert_eq!(victim.inbox.mails_to(&victim.account.email).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_a_stranger_change_nothing_and_become_dead_letters() {
    let account = Account::new("en");
    let environment = vec![("ADMIN_EMAIL", account.email.clone())];
    let system = System::start(Options { environment, ..Options::default() }).await;
    let admin = Person::join_as(system.api(), system.inbox(), account).await;
    let (thief, victim) = (Person::join(&system, "en").await, Person::join(&system, "en").await);
    victim.post("/v1/routines", &json!({ "name": "Mine" })).await;
    let genuine = records_of(system.kafka(), USER, &thief.user_id).await;
    let signature = &genuine[0].headers["ce_signature"];

    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", system.kafka()).create().unwrap();
    let forgeries = forgeries(&thief, &victim, signature);
    for forgery in &forgeries {
        forgery.publish(&producer).await;
    }
    // The topic of notifications has no signatures: nobody acts on it, and what belongs elsewhere is not shown.
    let deleted = UserDeleted { user_id: victim.user_id.clone(), delete_time: None };
    Forgery::of(NOTIFICATION, &victim.user_id, &deleted).publish(&producer).await;

    let on = |topic| forgeries.iter().filter(|forgery| forgery.topic == topic).count();
    for (group, count) in
        [("notify-svc", forgeries.len()), ("workout-svc", on(USER)), ("user-svc", on(WORKOUT))]
    {
        let letters = letters(&admin, group, count).await;
        assert_eq!(letters.len(), count);
        for letter in letters {
            assert_eq!(letter["reason"], "forged", "{letter}");
        }
    }
    assert_nothing_happened(&thief, &victim).await;

    // An admin who replays a forgery makes it no truer.
    let replayed =
        admin.post("/v1/admin/dead_letters:replay", &json!({ "consumer_group": "workout-svc" })).await;
    assert_eq!(replayed["replayed"], on(USER), "{replayed}");
    eventually("the letters are back", LIMIT, || async {
        let letters = letters(&admin, "workout-svc", on(USER)).await;
        letters.iter().all(|letter| letter["replays"] == 1 && letter["replay_time"].is_null()).then_some(())
    })
    .await;
    assert_nothing_happened(&thief, &victim).await;

    // Links still go to their owner, and what the services say still counts.
    let email = &victim.account.email;
    assert_eq!(victim.api.post("/v1/auth/forgot-password", &json!({ "email": email })).await.status(), 202);
    assert_eq!(victim.inbox.wait_for(email, 3, LIMIT).await.len(), 3);
    assert_eq!(thief.inbox.mails_to(&thief.account.email).await.len(), 2);
    thief.post("/v1/trainer_profile", &json!({ "headline": "An honest one" })).await;
    eventually("the trainer role", LIMIT, || async {
        (thief.call("GET", "/v1/athletes", None).await.0 == 200).then_some(())
    })
    .await;
}
