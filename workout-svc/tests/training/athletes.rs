//! Accounts come in as events and become athletes, once and however late.

use chassis::time::Clock as _;
use chrono::TimeDelta;
use eventbus::Outcome;
use fitness_proto::fitness::user::v1 as user;
use fitness_proto::fitness::workout::v1 as proto;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::fixture::{Person, Service, assert_refused, envelope, reason, timestamp};

async fn name(service: &Service) -> String {
    sqlx::query_scalar("SELECT display_name FROM athletes").fetch_one(&service.pool).await.unwrap()
}

async fn list(service: &Service, person: &Person) -> Result<proto::ListRoutinesResponse, Status> {
    let request = person.ask(proto::ListRoutinesRequest::default());
    Ok(service.routines.clone().list_routines(request).await?.into_inner())
}

#[tokio::test]
async fn an_account_becomes_an_athlete_once_however_often_the_event_comes() {
    let service = Service::start().await;
    let anna = service.stranger();
    let event = service.registered(&anna, "Anna", "ru-RU", "Asia/Kolkata");
    for _ in 0..3 {
        service.take(&event).await;
    }
    let created = service.events::<proto::AthleteProfileCreated>().await;
    assert_eq!(created.len(), 1);
    assert_eq!(created[0].user_id, anna.id());
    assert_eq!(service.count("SELECT count(*) FROM athletes WHERE time_zone = 'Asia/Kolkata'").await, 1);
    list(&service, &anna).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn a_call_before_the_event_is_told_to_come_back_in_a_second() {
    let service = Service::start().await;
    let anna = service.stranger();
    let create = proto::CreateRoutineRequest { name: "Push".to_owned(), ..Default::default() };
    let created = service.routines.clone().create_routine(anna.ask(create)).await;
    for status in [list(&service, &anna).await.unwrap_err(), created.unwrap_err()] {
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "DEPENDENCY_UNAVAILABLE"));
        let delay = status.get_details_retry_info().unwrap().retry_delay.unwrap();
        assert_eq!(delay.as_secs(), 1);
    }
    service.take(&service.registered(&anna, "Anna", "en", "UTC")).await;
    list(&service, &anna).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn the_newest_news_of_an_account_counts_in_whatever_order_it_comes() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let update = |name: &str, seconds| user::UserProfileUpdated {
        user_id: anna.id(),
        email: "anna@example.org".to_owned(),
        display_name: name.to_owned(),
        locale: "en".to_owned(),
        time_zone: "Europe/Paris".to_owned(),
        update_time: Some(timestamp(service.clock.now() + TimeDelta::seconds(seconds))),
    };
    service.take(&update("Anna Newest", 2)).await;
    service.take(&update("Anna Older", 1)).await;
    service.take(&service.registered(&anna, "Anna", "en", "UTC")).await;
    assert_eq!(name(&service).await, "Anna Newest");
    assert_eq!(service.events::<proto::AthleteProfileCreated>().await.len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn the_language_of_the_athlete_is_that_of_the_answers() {
    let service = Service::start().await;
    let boris = service.stranger();
    service.take(&service.registered(&boris, "Борис", "ru", "Europe/Moscow")).await;
    let request = boris.ask(proto::ListMuscleGroupsRequest {});
    let groups = service.exercises.clone().list_muscle_groups(request).await.unwrap().into_inner();
    let is_cyrillic = |letter: char| matches!(letter, '\u{400}'..='\u{4ff}');
    assert!(groups.muscle_groups.iter().all(|group| group.name.contains(is_cyrillic)));
    service.stop().await;
}

#[tokio::test]
async fn an_event_that_can_never_be_read_is_rejected_and_an_unknown_one_is_left_alone() {
    let service = Service::start().await;
    let anna = service.stranger();
    let mut broken = envelope(&service.registered(&anna, "Anna", "en", "UTC"));
    broken.payload = vec![0xff].into();
    assert!(matches!(service.intake.take(&broken).await, Outcome::Reject(_)));
    let nobody = user::UserDeleted { user_id: "nobody".to_owned(), delete_time: None };
    assert!(matches!(service.intake.take(&envelope(&nobody)).await, Outcome::Reject(_)));
    service.take(&user::EmailVerified { user_id: anna.id(), verify_time: None }).await;
    service.stop().await;
}

#[tokio::test]
async fn what_can_never_be_stored_is_refused_and_not_repeated() {
    let service = Service::start().await;
    let anna = service.stranger();
    let good = service.registered(&anna, "Anna", "en", "UTC");
    let mut hostile = Vec::new();
    for text in ["a\0b".to_owned(), "x".repeat(2_000)] {
        hostile.push(user::UserRegistered { display_name: text.clone(), ..good.clone() });
        hostile.push(user::UserRegistered { locale: text.clone(), ..good.clone() });
        hostile.push(user::UserRegistered { time_zone: text, ..good.clone() });
    }
    for seconds in [i64::MIN, -1, 253_370_764_800, 8_210_266_876_799, i64::MAX] {
        let create_time = Some(prost_types::Timestamp { seconds, nanos: 0 });
        hostile.push(user::UserRegistered { create_time, ..good.clone() });
    }
    // What the rules of the service do not foresee is found by the database.
    sqlx::query("ALTER TABLE athletes ADD CHECK (display_name <> 'Bob')")
        .execute(&service.pool)
        .await
        .unwrap();
    hostile.push(user::UserRegistered { display_name: "Bob".to_owned(), ..good.clone() });
    for event in &hostile {
        let outcome = service.intake.take(&envelope(event)).await;
        assert!(
            matches!(&outcome, Outcome::Reject(reason) if !reason.contains("example.org")),
            "{outcome:?}"
        );
    }
    service.take(&good).await;
    list(&service, &anna).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn an_event_waits_while_the_database_is_away() {
    let service = Service::start().await;
    let event = envelope(&service.registered(&service.stranger(), "Anna", "en", "UTC"));
    service.pool.close().await;
    assert!(matches!(service.intake.take(&event).await, Outcome::Retry(_)));
    service.stop().await;
}

#[tokio::test]
async fn roles_are_those_that_were_said_last_and_the_token_counts_only_for_unknown_accounts() {
    let service = Service::start().await;
    let list = async |person: &Person| {
        let request = person.ask(proto::ListAthletesRequest::default());
        service.trainers.clone().list_athletes(request).await
    };
    // The token says trainer, user-svc does not.
    let anna = service.stranger_with_roles(&["athlete", "trainer"]);
    service.take(&service.registered(&anna, "Anna", "en", "UTC")).await;
    assert_refused("PERMISSION_DENIED", list(&anna).await);

    service.clock.advance(TimeDelta::seconds(2));
    let granted = service.roles_changed(&anna, &[user::Role::Athlete, user::Role::Trainer]);
    service.clock.advance(TimeDelta::seconds(2));
    service.take(&granted).await;
    list(&anna).await.unwrap();
    let taken_away = service.roles_changed(&anna, &[user::Role::Athlete]);
    service.take(&taken_away).await;
    service.take(&granted).await;
    assert_refused("PERMISSION_DENIED", list(&anna).await);

    sqlx::query("DELETE FROM account_roles").execute(&service.pool).await.unwrap();
    list(&anna).await.unwrap();
    service.stop().await;
}
