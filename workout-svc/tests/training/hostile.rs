//! A thousand events of every type that nobody of ours would write, over the broker, beside registrations: these are taken
//! in as soon as without the others, and no list breaks.

use std::time::{Duration, Instant};

use embedded::broker::Broker;
use embedded::postgres::fresh_database;
use eventbus::{Envelope, Publisher as _};
use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use fitness_proto::fitness::workout::v1 as proto;
use tonic::{Code, Status};

use crate::diary::Diary;
use crate::fixture::{Service, envelope, within};
use crate::hostile_events::{EACH, Generator, event_types};

/// Hostile events that are published together with a good one in their middle.
const ROUND: usize = 250;
/// Rounds of good ones alone, to know how long they take.
const CLEAN: usize = 20;
/// How much longer a good one may take beside hostile ones.
const MARGIN: Duration = Duration::from_secs(2);

/// Publishes events with a registration in their middle, and says how long it took to become an athlete.
async fn round(service: &Service, publisher: &KafkaPublisher, hostile: &[Envelope]) -> Duration {
    let person = service.stranger();
    let registered = envelope(&service.registered(&person, "Anna", "en", "UTC"));
    let (before, behind) = hostile.split_at(hostile.len() / 2);
    let events = [before, &[registered], behind].concat();
    let start = Instant::now();
    let publishing = async {
        for result in publisher.publish(&events).await {
            result.unwrap();
        }
    };
    let arriving = within("the registration to be taken in", async {
        let known = "SELECT count(*) FROM athletes WHERE user_id = $1";
        while sqlx::query_scalar::<_, i64>(known).bind(person.user_id).fetch_one(&service.pool).await.unwrap()
            == 0
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        start.elapsed()
    });
    tokio::join!(publishing, arriving).1
}

/// The time that nine of ten keep.
fn ninetieth(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() * 9 / 10]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_hostile_events_of_every_type_hold_no_registration_up_and_break_no_list() {
    let mut generator = Generator::new();
    let broker = Broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let brokers = broker.addr().to_string();
    let service = Service::start_with(fresh_database("workout").await, &brokers).await;
    let publisher = KafkaPublisher::new(&KafkaConfig::new(&brokers, "test")).unwrap();
    let types = event_types(&workout_svc::events::TOPICS);
    assert!(types.len() >= 8, "only {} types", types.len());
    let mut victims = Vec::new();
    for _ in 0..types.len() * 2 {
        victims.push(Diary::open(&service, "UTC").await);
    }
    let mut hostile = Vec::new();
    for number in 0..EACH {
        for (kind, message) in types.iter().enumerate() {
            let victim = &victims[kind * 2 + number % 2].person;
            hostile.push(generator.event(message, victim.user_id));
        }
    }

    let seed = generator.seed;
    // The first waits for the topics and the group.
    round(&service, &publisher, &[]).await;
    let (mut clean, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..CLEAN {
        clean.push(round(&service, &publisher, &[]).await);
    }
    for events in hostile.chunks(ROUND) {
        beside.push(round(&service, &publisher, events).await);
    }
    // The topic has one partition, so when this one arrives, all before it are handled.
    round(&service, &publisher, &[]).await;
    let (clean, beside) = (ninetieth(clean), ninetieth(beside));
    println!("{} hostile events of seed {seed}: {clean:?} without, {beside:?} beside them", hostile.len());
    assert!(beside <= clean + MARGIN, "{beside:?} beside hostile events of seed {seed}, {clean:?} without");
    for victim in &victims {
        lists_answer(&service, victim).await;
    }
    drop(publisher);
    service.stop().await;
    broker.stop().await;
}

/// An answer is right, or says that the account is gone or may not.
fn sound<T>(answer: Result<T, Status>) {
    if let Err(status) = answer {
        let told = [Code::Unauthenticated, Code::PermissionDenied, Code::NotFound];
        assert!(told.contains(&status.code()), "{status:?}");
    }
}

async fn lists_answer(service: &Service, victim: &Diary) {
    sound(victim.list_workouts(proto::ListWorkoutsRequest::default()).await);
    sound(victim.list_reminders(proto::ListRemindersRequest::default()).await);
    sound(victim.list_records(proto::ListRecordsRequest::default()).await);
    sound(victim.list_achievements(proto::ListAchievementsRequest::default()).await);
    sound(victim.get_stats(proto::GetStatsRequest::default()).await);
    let person = &victim.person;
    let request = person.ask(proto::ListRoutinesRequest::default());
    sound(service.routines.clone().list_routines(request).await);
    let request = person.ask(proto::ListExercisesRequest::default());
    sound(service.exercises.clone().list_exercises(request).await);
    let request = person.ask(proto::ListTrainersRequest::default());
    sound(service.trainers.clone().list_trainers(request).await);
    let request = person.ask(proto::ListAthletesRequest::default());
    sound(service.trainers.clone().list_athletes(request).await);
}
