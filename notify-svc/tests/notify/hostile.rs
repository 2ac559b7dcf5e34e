//! A thousand events of every type that nobody of ours would write, over the broker, beside good ones: each is a dead
//! letter or harmless, the good ones are mailed as soon as without them, and no list breaks.

use std::time::Duration;

use chrono::TimeDelta;
use embedded::broker::Broker;
use eventbus::{Envelope, Publisher as _};
use eventbus_kafka::KafkaPublisher;
use fitness_proto::fitness::notify::v1::{
    GetNotificationRequest, ListDeadLettersRequest, ListNotificationsRequest, SearchNotificationsRequest,
};
use tokio::time::Instant;
use uuid::Uuid;

use crate::hostile_events::{EACH, Generator, event_types};
use crate::service::{Service, of, of_admin};
use crate::stage::{LIMIT, Person, Stage, registered};

/// Hostile events that are published together with a good one in their middle.
const ROUND: usize = 250;
/// Rounds of good ones alone, to know how long they take.
const CLEAN: usize = 20;
/// How much longer a good one may take beside hostile ones.
const MARGIN: Duration = Duration::from_secs(2);

struct Run {
    service: Service,
    publisher: KafkaPublisher,
}

impl Run {
    /// Publishes events with somebody's registration and code in their middle, and says how long the mail took.
    async fn round(&self, hostile: &[Envelope]) -> Duration {
        let user_id = Uuid::now_v7();
        let person = Person { user_id, email: format!("{}@example.org", user_id.simple()) };
        let code = self.service.stage.code(&person, "042137", TimeDelta::minutes(15));
        let (before, behind) = hostile.split_at(hostile.len() / 2);
        let events = [before, &[registered(&person, "en"), code], behind].concat();
        let start = Instant::now();
        let publishing = async {
            for result in self.publisher.publish(&events).await {
                result.unwrap();
            }
        };
        let ((), mails) =
            tokio::join!(publishing, self.service.stage.mailbox.wait_for(&person.email, 1, LIMIT));
        assert_eq!(mails.len(), 1, "the mail beside {} hostile events", hostile.len());
        start.elapsed()
    }
}

/// The time that nine of ten keep.
fn ninetieth(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() * 9 / 10]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_hostile_events_of_every_type_are_dead_letters_or_harmless_and_hold_no_good_one_up() {
    let mut generator = Generator::new();
    let broker = Broker::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let service = Service::start_on(Stage::new().await, Some(broker)).await;
    let publisher = KafkaPublisher::new(&service.kafka).unwrap();
    let types = event_types(&notify_svc::events::TOPICS);
    assert!(types.len() >= 20, "only {} types", types.len());
    let victims = service.stage.people(types.len() * 3, "en").await;
    let mut hostile = Vec::new();
    for number in 0..EACH {
        for (kind, message) in types.iter().enumerate() {
            let victim = &victims[kind * 3 + number % 3];
            hostile.push(generator.event(message, victim.user_id));
        }
    }
    assert_eq!(hostile.len(), EACH * types.len());

    let seed = generator.seed;
    let run = Run { service, publisher };
    // The first waits for the topics and the group.
    run.round(&[]).await;
    let (mut clean, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..CLEAN {
        clean.push(run.round(&[]).await);
    }
    for events in hostile.chunks(ROUND) {
        beside.push(run.round(events).await);
    }
    // More than one on each partition, so that all is handled when they arrive.
    for _ in 0..CLEAN {
        run.round(&[]).await;
    }
    // Not all of them are refused at the door.
    let good = 2 * CLEAN + beside.len() + 1;
    let harmless = run.service.stage.count("TRUE").await - good as i64;
    assert!(harmless > 100, "only {harmless} of the hostile events of seed {seed} had an effect");
    let (clean, beside) = (ninetieth(clean), ninetieth(beside));
    println!(
        "{} hostile events of seed {seed}, {harmless} mails of them: {clean:?} without, {beside:?} beside them",
        hostile.len()
    );
    assert!(beside <= clean + MARGIN, "{beside:?} beside hostile events of seed {seed}, {clean:?} without");
    lists_answer(&run.service, &victims).await;
    run.service.stop().await;
}

async fn lists_answer(service: &Service, victims: &[Person]) {
    for victim in victims {
        let request = ListNotificationsRequest { page_size: 100, ..Default::default() };
        let Ok(listed) = service.people.clone().list_notifications(of(victim, request)).await else {
            // Only who was deleted by such an event is told to go.
            assert_eq!(erased(&service.stage, victim).await, 1);
            continue;
        };
        for notification in listed.into_inner().notifications.iter().take(3) {
            let request = GetNotificationRequest { notification_id: notification.notification_id.clone() };
            service.people.clone().get_notification(of(victim, request)).await.unwrap();
        }
    }
    let mut request = SearchNotificationsRequest { page_size: 100, ..Default::default() };
    loop {
        let page = service.admins.clone().search_notifications(of_admin(request.clone())).await;
        request.page_token = page.unwrap().into_inner().next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let mut request = ListDeadLettersRequest { page_size: 100, ..Default::default() };
    let mut letters = 0;
    loop {
        let page = service.admins.clone().list_dead_letters(of_admin(request.clone())).await;
        let page = page.unwrap().into_inner();
        letters += page.dead_letters.len();
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert!(letters > 0, "nothing became a dead letter");
}

async fn erased(stage: &Stage, person: &Person) -> i64 {
    let query = "SELECT count(*) FROM erased_accounts WHERE user_id = $1";
    sqlx::query_scalar(query).bind(person.user_id).fetch_one(&stage.pool).await.unwrap()
}
