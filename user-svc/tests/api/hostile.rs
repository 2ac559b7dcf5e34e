//! A thousand events of every type that nobody of ours would write, over the broker, beside good ones: these are handled
//! as soon as without the others.

use std::time::{Duration, Instant};

use embedded::broker::Broker;
use eventbus::{Envelope, Event as _, Publisher as _};
use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use fitness_proto::fitness::user::v1::Role;
use fitness_proto::fitness::workout::v1::TrainerProfileCreated;
use uuid::Uuid;

use crate::fixture::{Options, Service, within};
use crate::hostile_events::{EACH, Generator, event_types};
use crate::trainers::created;

/// Hostile events that are published together with a good one in their middle.
const ROUND: usize = 500;
/// Rounds of good ones alone, to know how long they take.
const CLEAN: usize = 20;
/// How much longer a good one may take beside hostile ones.
const MARGIN: Duration = Duration::from_secs(2);

/// Publishes events with a good one in their middle, and says how long it took to be handled.
async fn round(
    service: &Service,
    publisher: &KafkaPublisher,
    hostile: &[Envelope],
    good: Envelope,
) -> Duration {
    let (before, behind) = hostile.split_at(hostile.len() / 2);
    let event_id = good.id;
    let events = [before, &[good], behind].concat();
    let start = Instant::now();
    let publishing = async {
        for result in publisher.publish(&events).await {
            result.unwrap();
        }
    };
    let arriving = within("the good one to be handled", async {
        let handled = "SELECT count(*) FROM inbox WHERE event_id = $1";
        while sqlx::query_scalar::<_, i64>(handled).bind(event_id).fetch_one(&service.pool).await.unwrap()
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
async fn a_thousand_hostile_events_of_every_type_hold_no_good_one_up() {
    let mut generator = Generator::new();
    let broker = Broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let brokers = broker.addr().to_string();
    let publisher = KafkaPublisher::new(&KafkaConfig::new(&brokers, "test")).unwrap();
    let service = Service::start_ready(Options { brokers, ..Options::usual().await }).await;
    let types = event_types(&[TrainerProfileCreated::TOPIC]);
    assert!(types.len() >= 8, "only {} types", types.len());
    let victim = service.open_account("victim@example.org").await;
    let victim_id: Uuid = victim.user.unwrap().user_id.parse().unwrap();
    let mut hostile = Vec::new();
    for _ in 0..EACH {
        for message in &types {
            hostile.push(generator.event(message, victim_id));
        }
    }

    let seed = generator.seed;
    let somebody = || created(Uuid::now_v7(), &Uuid::now_v7().to_string());
    // The first waits for the topics and the group.
    within("the topics to be there", async {
        while publisher.publish(&[somebody()]).await.remove(0).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    round(&service, &publisher, &[], somebody()).await;
    let (mut clean, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..CLEAN {
        clean.push(round(&service, &publisher, &[], somebody()).await);
    }
    for events in hostile.chunks(ROUND) {
        beside.push(round(&service, &publisher, events, somebody()).await);
    }
    let (clean, beside) = (ninetieth(clean), ninetieth(beside));
    println!("{} hostile events of seed {seed}: {clean:?} without, {beside:?} beside them", hostile.len());
    assert!(beside <= clean + MARGIN, "{beside:?} beside hostile events of seed {seed}, {clean:?} without");

    let anna = service.open_account("anna@example.org").await;
    let event = created(Uuid::now_v7(), &anna.user.unwrap().user_id);
    round(&service, &publisher, &[], event).await;
    for token in [&victim.access_token, &anna.access_token] {
        let me = service.get_me(token).await.unwrap();
        assert_eq!(me.roles().collect::<Vec<_>>(), [Role::Athlete, Role::Trainer]);
    }
    drop(publisher);
    service.stop().await;
    broker.stop().await;
}
