//! The catalogue and exercises of one's own.

use std::collections::BTreeSet;

use fitness_proto::fitness::workout::v1 as proto;
use prost_types::FieldMask;

use crate::fixture::{Person, Service, assert_invalid, assert_refused, new_exercise};

async fn list(
    service: &Service,
    person: &Person,
    request: proto::ListExercisesRequest,
) -> Vec<proto::Exercise> {
    pages(service, person, request).await.concat()
}

/// All pages of a list.
async fn pages(
    service: &Service,
    person: &Person,
    mut request: proto::ListExercisesRequest,
) -> Vec<Vec<proto::Exercise>> {
    let mut pages = Vec::new();
    loop {
        let answer = service.exercises.clone().list_exercises(person.ask(request.clone())).await.unwrap();
        let answer = answer.into_inner();
        pages.push(answer.exercises);
        request.page_token = answer.next_page_token;
        if request.page_token.is_empty() {
            return pages;
        }
    }
}

fn all() -> proto::ListExercisesRequest {
    proto::ListExercisesRequest::default()
}

async fn get(
    service: &Service,
    person: &Person,
    exercise_id: &str,
) -> Result<proto::Exercise, tonic::Status> {
    let request = person.ask(proto::GetExerciseRequest { exercise_id: exercise_id.to_owned() });
    Ok(service.exercises.clone().get_exercise(request).await?.into_inner().exercise.unwrap())
}

#[tokio::test]
async fn the_catalogue_is_there_from_the_start_and_after_another_one_the_same() {
    let service = Service::start().await;
    let before: Vec<(uuid::Uuid, chrono::DateTime<chrono::Utc>)> =
        sqlx::query_as("SELECT exercise_id, update_time FROM exercises ORDER BY 1")
            .fetch_all(&service.pool)
            .await
            .unwrap();
    assert!(before.len() >= 120);
    sqlx::query("UPDATE exercises SET name_en = 'Spoiled' WHERE exercise_id = $1")
        .bind(before[0].0)
        .execute(&service.pool)
        .await
        .unwrap();
    let service = Service::start_on(service.stop_keeping_database().await).await;
    let after: Vec<(uuid::Uuid, chrono::DateTime<chrono::Utc>)> =
        sqlx::query_as("SELECT exercise_id, update_time FROM exercises ORDER BY 1")
            .fetch_all(&service.pool)
            .await
            .unwrap();
    assert_eq!(after[1..], before[1..]);
    assert_eq!(service.count("SELECT count(*) FROM exercises WHERE name_en = 'Spoiled'").await, 0);
    service.stop().await;
}

#[tokio::test]
async fn an_exercise_that_leaves_the_catalogue_is_hidden_and_may_come_back() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let count = list(&service, &anna, all()).await.len();
    sqlx::query(
        "INSERT INTO exercises
         SELECT (jsonb_populate_record(exercises, jsonb_build_object(
             'exercise_id', gen_random_uuid(), 'slug', 'outdated', 'name_en', 'Outdated'
         ))).*
         FROM exercises
         LIMIT 1",
    )
    .execute(&service.pool)
    .await
    .unwrap();
    sqlx::query(
        "UPDATE exercises
         SET delete_time = now()
         WHERE slug = (SELECT min(slug) FROM exercises)",
    )
    .execute(&service.pool)
    .await
    .unwrap();
    let service = Service::start_on(service.stop_keeping_database().await).await;
    assert_eq!(list(&service, &anna, all()).await.len(), count);
    service.stop().await;
}

#[tokio::test]
async fn pages_hold_every_exercise_once_by_name() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let whole = list(&service, &anna, proto::ListExercisesRequest { page_size: 100, ..all() }).await;
    let pages = pages(&service, &anna, proto::ListExercisesRequest { page_size: 7, ..all() }).await;
    assert!(pages[..pages.len() - 1].iter().all(|page| page.len() == 7));
    assert_eq!(pages.concat(), whole);
    let large =
        self::pages(&service, &anna, proto::ListExercisesRequest { page_size: i32::MAX, ..all() }).await;
    assert_eq!(large.iter().map(Vec::len).max(), Some(100.min(whole.len())));
    let ids: BTreeSet<_> = whole.iter().map(|exercise| &exercise.exercise_id).collect();
    assert_eq!(ids.len(), whole.len());
    let names: Vec<_> = whole.iter().map(|exercise| exercise.name.to_lowercase()).collect();
    assert!(names.is_sorted());
    service.stop().await;
}

#[tokio::test]
async fn lists_hold_what_is_asked_for() {
    let service = Service::start().await;
    let (anna, boris) = (service.person("Anna").await, service.person("Boris").await);
    let own = service.own_exercise(&anna, "Grandfather's PRESS").await;
    service.own_exercise(&boris, "Somebody else's press").await;

    let chest = proto::ListExercisesRequest { muscle_group: proto::MuscleGroup::Chest.into(), ..all() };
    let found = list(&service, &anna, chest).await;
    assert!(found.contains(&own));
    assert!(
        found.iter().all(|exercise| exercise.muscle_groups().any(|group| group == proto::MuscleGroup::Chest))
    );

    let bench = proto::ListExercisesRequest { equipment: proto::Equipment::Bench.into(), ..all() };
    let found = list(&service, &anna, bench).await;
    assert!(found.contains(&own) && found.len() > 1);
    assert!(found.iter().all(|exercise| exercise.equipment().any(|piece| piece == proto::Equipment::Bench)));

    let text = proto::ListExercisesRequest { query: "pReSs".to_owned(), ..all() };
    let found = list(&service, &anna, text).await;
    assert!(found.contains(&own) && found.len() > 1);
    assert!(found.iter().all(|exercise| exercise.name.to_lowercase().contains("press")));
    assert!(!found.iter().any(|exercise| exercise.name.starts_with("Somebody")));
    let wildcard = proto::ListExercisesRequest { query: "%".to_owned(), ..all() };
    assert_eq!(list(&service, &anna, wildcard).await, []);

    let mine = proto::ListExercisesRequest { owner: proto::ExerciseOwner::Me.into(), ..all() };
    assert_eq!(list(&service, &anna, mine).await, std::slice::from_ref(&own));
    let shared = proto::ListExercisesRequest { owner: proto::ExerciseOwner::Catalogue.into(), ..all() };
    assert!(list(&service, &anna, shared).await.iter().all(|exercise| !exercise.own));
    service.stop().await;
}

#[tokio::test]
async fn an_exercise_of_ones_own_is_made_read_changed_and_deleted() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let made = service.own_exercise(&anna, "  Floor press ").await;
    assert_eq!(made.name, "Floor press");
    assert!(made.own && made.create_time.is_some());
    assert_eq!(get(&service, &anna, &made.exercise_id).await.unwrap(), made);

    let update = |exercise, paths: &[&str]| {
        let paths = paths.iter().copied().map(str::to_owned).collect();
        anna.ask(proto::UpdateExerciseRequest {
            exercise_id: made.exercise_id.clone(),
            exercise: Some(exercise),
            update_mask: Some(FieldMask { paths }),
        })
    };
    let renamed = proto::ExerciseUpdate { name: Some("Ground press".to_owned()), ..Default::default() };
    // What the mask leaves out stays, also where the message has no value for it.
    let answer = service.exercises.clone().update_exercise(update(renamed, &["name"])).await.unwrap();
    let expected = proto::Exercise { name: "Ground press".to_owned(), ..made.clone() };
    assert_eq!(answer.into_inner().exercise.unwrap(), expected);
    // What it names without a value is emptied.
    let paths = ["description", "secondary_muscle_groups", "equipment", "movement"];
    let emptied = update(proto::ExerciseUpdate::default(), &paths);
    let answer = service.exercises.clone().update_exercise(emptied).await.unwrap().into_inner();
    let emptied = answer.exercise.unwrap();
    assert_eq!((emptied.description.as_str(), emptied.movement), ("", 0));
    assert_eq!(emptied.equipment, [i32::from(proto::Equipment::Bodyweight)]);

    let delete = || anna.ask(proto::DeleteExerciseRequest { exercise_id: made.exercise_id.clone() });
    service.exercises.clone().delete_exercise(delete()).await.unwrap();
    assert_refused("NOT_FOUND", service.exercises.clone().delete_exercise(delete()).await);
    assert_refused("NOT_FOUND", get(&service, &anna, &made.exercise_id).await);
    let mine = proto::ListExercisesRequest { owner: proto::ExerciseOwner::Me.into(), ..all() };
    assert_eq!(list(&service, &anna, mine).await, []);
    service.stop().await;
}

#[tokio::test]
async fn a_deleted_exercise_stays_in_the_routines_that_have_it_and_comes_into_no_other() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let exercise = service.own_exercise(&anna, "Floor press").await;
    let routine = service.routine_with(&anna, "Strong", &exercise.exercise_id).await;
    let delete = proto::DeleteExerciseRequest { exercise_id: exercise.exercise_id.clone() };
    service.exercises.clone().delete_exercise(anna.ask(delete)).await.unwrap();

    let request = proto::GetRoutineRequest { routine_id: routine.routine_id.clone() };
    let read = service.routines.clone().get_routine(anna.ask(request)).await.unwrap().into_inner();
    assert_eq!(read.routine.unwrap().days[0].exercises[0].exercise_name, "Floor press");
    let again = proto::CreateRoutineExerciseRequest {
        routine_id: routine.routine_id,
        day_id: routine.days[0].day_id.clone(),
        exercise_id: exercise.exercise_id,
        ..Default::default()
    };
    assert_invalid("exercise_id", service.routines.clone().create_routine_exercise(anna.ask(again)).await);
    service.stop().await;
}

#[tokio::test]
async fn the_catalogue_cannot_be_changed_and_exercises_of_others_cannot_be_seen() {
    let service = Service::start().await;
    let (anna, boris) = (service.person("Anna").await, service.person("Boris").await);
    let shared = service.exercise_with("reps").await;
    let foreign = service.own_exercise(&boris, "Secret press").await.exercise_id;
    for (exercise_id, reason) in [(shared, "PERMISSION_DENIED"), (foreign.clone(), "NOT_FOUND")] {
        let exercise = Some(proto::ExerciseUpdate { name: Some("Mine".to_owned()), ..Default::default() });
        let update =
            proto::UpdateExerciseRequest { exercise_id: exercise_id.clone(), exercise, update_mask: None };
        assert_refused(reason, service.exercises.clone().update_exercise(anna.ask(update)).await);
        let delete = proto::DeleteExerciseRequest { exercise_id };
        assert_refused(reason, service.exercises.clone().delete_exercise(anna.ask(delete)).await);
    }
    assert_refused("NOT_FOUND", get(&service, &anna, &foreign).await);
    assert!(get(&service, &boris, &foreign).await.is_ok());
    service.stop().await;
}

#[tokio::test]
async fn five_hundred_exercises_of_ones_own_are_enough() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    service.own_exercise(&anna, "First").await;
    sqlx::query(
        "INSERT INTO exercises
         SELECT (jsonb_populate_record(exercises, jsonb_build_object('exercise_id', gen_random_uuid()))).*
         FROM exercises, generate_series(1, 499)
         WHERE owner_id IS NOT NULL",
    )
    .execute(&service.pool)
    .await
    .unwrap();
    let refused = service.exercises.clone().create_exercise(anna.ask(new_exercise("Last"))).await;
    assert_refused("LIMIT_REACHED", refused);
    service.stop().await;
}
