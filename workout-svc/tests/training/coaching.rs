//! Trainers, and the athletes who let them follow.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1::Role;
use fitness_proto::fitness::workout::v1 as proto;
use tonic::Status;

use crate::fixture::{Person, Service, assert_invalid, assert_refused};

async fn trainers(service: &Service, person: &Person) -> Vec<proto::Trainer> {
    let request = person.ask(proto::ListTrainersRequest::default());
    service.trainers.clone().list_trainers(request).await.unwrap().into_inner().trainers
}

async fn athletes(service: &Service, person: &Person) -> Result<Vec<proto::Athlete>, Status> {
    let request = person.ask(proto::ListAthletesRequest::default());
    Ok(service.trainers.clone().list_athletes(request).await?.into_inner().athletes)
}

async fn routines_of(
    service: &Service,
    trainer: &Person,
    athlete: &Person,
) -> Result<Vec<proto::Routine>, Status> {
    let request = proto::ListAthleteRoutinesRequest { athlete_id: athlete.id(), ..Default::default() };
    Ok(service.trainers.clone().list_athlete_routines(trainer.ask(request)).await?.into_inner().routines)
}

async fn assign(
    service: &Service,
    trainer: &Person,
    athlete: &Person,
    routine_id: &str,
) -> Result<proto::Routine, Status> {
    let request = proto::AssignRoutineRequest { athlete_id: athlete.id(), routine_id: routine_id.to_owned() };
    Ok(service.trainers.clone().assign_routine(trainer.ask(request)).await?.into_inner().routine.unwrap())
}

async fn unfollow(service: &Service, athlete: &Person, trainer: &Person) -> Result<(), Status> {
    let request = proto::UnfollowTrainerRequest { trainer_id: trainer.id() };
    service.trainers.clone().unfollow_trainer(athlete.ask(request)).await.map(|_| ())
}

#[tokio::test]
async fn a_profile_is_announced_once_and_makes_a_trainer_when_the_role_arrives() {
    let service = Service::start().await;
    let tom = service.person("Tom").await;
    let create = || {
        tom.ask(proto::CreateTrainerProfileRequest {
            headline: " Strength ".to_owned(),
            bio: "Since 1999".to_owned(),
        })
    };
    let get = || tom.ask(proto::GetTrainerProfileRequest {});
    assert_refused("NOT_FOUND", service.trainers.clone().get_trainer_profile(get()).await);
    let made = service.trainers.clone().create_trainer_profile(create()).await.unwrap().into_inner();
    let profile = made.trainer_profile.unwrap();
    assert_eq!((profile.display_name.as_str(), profile.headline.as_str()), ("Tom", "Strength"));
    let read = service.trainers.clone().get_trainer_profile(get()).await.unwrap().into_inner();
    assert_eq!(read.trainer_profile.unwrap(), profile);
    assert_refused("ALREADY_EXISTS", service.trainers.clone().create_trainer_profile(create()).await);
    assert_eq!(service.events::<proto::TrainerProfileCreated>().await.len(), 1);

    assert_refused("PERMISSION_DENIED", athletes(&service, &tom).await);
    assert_eq!(trainers(&service, &tom).await, []);
    service.clock.advance(TimeDelta::seconds(1));
    service.take(&service.roles_changed(&tom, &[Role::Athlete, Role::Trainer])).await;
    assert_eq!(athletes(&service, &tom).await.unwrap(), []);
    assert_eq!(trainers(&service, &tom).await[0].trainer_id, tom.id());
    service.stop().await;
}

#[tokio::test]
async fn a_trainer_sees_an_athlete_from_the_agreement_until_it_is_taken_back() {
    let service = Service::start().await;
    let (anna, tom) = (service.person("Anna").await, service.trainer("Tom").await);
    let routine = service.routine(&anna, "Strong").await;
    assert!(!trainers(&service, &anna).await[0].following_me);
    assert_refused("NOT_FOUND", routines_of(&service, &tom, &anna).await);

    service.follow(&anna, &tom).await;
    service.follow(&anna, &tom).await;
    let events = service.events::<proto::AthleteFollowed>().await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].user_id.clone(), events[0].trainer_ids.clone()), (anna.id(), vec![tom.id()]));
    assert!(trainers(&service, &anna).await[0].following_me);
    let followed = athletes(&service, &tom).await.unwrap();
    assert_eq!((followed[0].athlete_id.clone(), followed[0].display_name.as_str()), (anna.id(), "Anna"));
    let listed = routines_of(&service, &tom, &anna).await.unwrap();
    assert_eq!((listed[0].routine_id.as_str(), listed[0].days.len()), (routine.routine_id.as_str(), 0));
    let get =
        proto::GetAthleteRoutineRequest { athlete_id: anna.id(), routine_id: routine.routine_id.clone() };
    let read = service.trainers.clone().get_athlete_routine(tom.ask(get)).await.unwrap().into_inner();
    assert_eq!(read.routine.unwrap(), routine);

    unfollow(&service, &anna, &tom).await.unwrap();
    assert_refused("NOT_FOUND", unfollow(&service, &anna, &tom).await);
    assert_refused("NOT_FOUND", routines_of(&service, &tom, &anna).await);
    assert_eq!(athletes(&service, &tom).await.unwrap(), []);
    service.stop().await;
}

#[tokio::test]
async fn an_assigned_routine_is_a_copy_that_belongs_to_the_athlete() {
    let service = Service::start().await;
    let (anna, tom) = (service.person("Anna").await, service.trainer("Tom").await);
    service.follow(&anna, &tom).await;
    let own = service.own_exercise(&tom, "Tom's press").await;
    let routine = service.routine_with(&tom, "Plan for Anna", &own.exercise_id).await;
    let assigned = assign(&service, &tom, &anna, &routine.routine_id).await.unwrap();
    assert_eq!((assigned.name.as_str(), assigned.assigned_by.clone()), ("Plan for Anna", tom.id()));

    let get = proto::GetRoutineRequest { routine_id: assigned.routine_id.clone() };
    let read = service.routines.clone().get_routine(anna.ask(get)).await.unwrap().into_inner();
    assert_eq!(read.routine.unwrap(), assigned);
    // The athlete cannot see the trainer's exercise and gets a copy of it, one for however many routines.
    let copy_id = assigned.days[0].exercises[0].exercise_id.clone();
    assert_ne!(copy_id, own.exercise_id);
    let get = proto::GetExerciseRequest { exercise_id: copy_id.clone() };
    let copy = service.exercises.clone().get_exercise(anna.ask(get)).await.unwrap().into_inner();
    assert_eq!(copy.exercise.unwrap().name, "Tom's press");
    let again = assign(&service, &tom, &anna, &routine.routine_id).await.unwrap();
    assert_eq!(again.days[0].exercises[0].exercise_id, copy_id);

    let events = service.events::<proto::RoutineChanged>().await;
    let event = events.iter().find(|event| event.routine_id == assigned.routine_id).unwrap();
    assert_eq!((event.action(), &event.name), (proto::RoutineAction::Assigned, &assigned.name));
    assert_eq!((event.user_id.clone(), event.actor_id.clone()), (anna.id(), tom.id()));
    assert_eq!((event.actor_name.as_str(), event.trainer_ids.clone()), ("Tom", vec![tom.id()]));
    service.stop().await;
}

#[tokio::test]
async fn only_own_routines_are_assigned_and_only_to_athletes_who_agreed() {
    let service = Service::start().await;
    let (anna, boris) = (service.person("Anna").await, service.person("Boris").await);
    let tom = service.trainer("Tom").await;
    service.follow(&anna, &tom).await;
    let (own, foreign) = (service.routine(&tom, "Tom's").await, service.routine(&boris, "Boris's").await);
    assert_refused("NOT_FOUND", assign(&service, &tom, &anna, &foreign.routine_id).await);
    assert_refused("NOT_FOUND", assign(&service, &tom, &boris, &own.routine_id).await);
    assert_refused("PERMISSION_DENIED", assign(&service, &boris, &anna, &foreign.routine_id).await);
    service.stop().await;
}

#[tokio::test]
async fn who_loses_the_role_is_refused_and_hidden_at_once_and_gets_it_back_by_no_profile() {
    let service = Service::start().await;
    let (anna, tom) = (service.person("Anna").await, service.trainer("Tom").await);
    service.follow(&anna, &tom).await;
    let routine = service.routine(&tom, "Tom's").await;
    service.clock.advance(TimeDelta::seconds(1));
    service.take(&service.roles_changed(&tom, &[Role::Athlete])).await;

    assert_refused("PERMISSION_DENIED", athletes(&service, &tom).await);
    assert_refused("PERMISSION_DENIED", routines_of(&service, &tom, &anna).await);
    assert_refused("PERMISSION_DENIED", assign(&service, &tom, &anna, &routine.routine_id).await);
    assert_eq!(trainers(&service, &anna).await, []);
    let follow = proto::FollowTrainerRequest { trainer_id: tom.id() };
    assert_refused("NOT_FOUND", service.trainers.clone().follow_trainer(anna.ask(follow)).await);
    service.routine(&anna, "Unseen").await;
    let events = service.events::<proto::RoutineChanged>().await;
    assert_eq!(events.last().unwrap().trainer_ids, [""; 0]);
    let create = proto::CreateTrainerProfileRequest { headline: "Again".to_owned(), bio: String::new() };
    assert_refused("ALREADY_EXISTS", service.trainers.clone().create_trainer_profile(tom.ask(create)).await);
    service.stop().await;
}

#[tokio::test]
async fn nobody_follows_themselves_or_somebody_who_is_no_trainer() {
    let service = Service::start().await;
    let (anna, boris) = (service.person("Anna").await, service.person("Boris").await);
    let follow = async |trainer_id| {
        let request = anna.ask(proto::FollowTrainerRequest { trainer_id });
        service.trainers.clone().follow_trainer(request).await
    };
    assert_invalid("trainer_id", follow(anna.id()).await);
    assert_refused("NOT_FOUND", follow(boris.id()).await);
    assert_refused("NOT_FOUND", follow(uuid::Uuid::now_v7().to_string()).await);
    service.stop().await;
}

#[tokio::test]
async fn pages_hold_every_trainer_and_every_athlete_once_by_name() {
    let service = Service::start().await;
    let tom = service.trainer("tom").await;
    service.trainer("Zoe").await;
    service.trainer("Adam").await;
    for name in ["clara", "Anna", "Boris", "anna", "Dora"] {
        let athlete = service.person(name).await;
        service.follow(&athlete, &tom).await;
    }
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = tom.ask(proto::ListAthletesRequest { page_size: 2, page_token });
        let answer = service.trainers.clone().list_athletes(request).await.unwrap().into_inner();
        names.extend(answer.athletes.into_iter().map(|athlete| athlete.display_name.to_lowercase()));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["anna", "anna", "boris", "clara", "dora"]);
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = tom.ask(proto::ListTrainersRequest { page_size: 1, page_token });
        let answer = service.trainers.clone().list_trainers(request).await.unwrap().into_inner();
        names.extend(answer.trainers.into_iter().map(|trainer| trainer.display_name));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["Adam", "tom", "Zoe"]);
    service.stop().await;
}
