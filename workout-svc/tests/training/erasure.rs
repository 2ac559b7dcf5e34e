//! A deleted account leaves nothing behind but the word that it is deleted.

use fitness_proto::fitness::user::v1::{Role, UserProfileUpdated};
use fitness_proto::fitness::workout::v1 as proto;

use crate::fixture::{Service, assert_refused, timestamp};

/// Every row of every table in which the text stands.
async fn rows_with(service: &Service, text: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name)
         FROM information_schema.tables
         WHERE table_schema IN ('public', 'outbox')
             AND table_type = 'BASE TABLE'",
    )
    .fetch_all(&service.pool)
    .await
    .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let query =
            format!("SELECT '{table}: ' || t::text FROM {table} AS t WHERE t::text LIKE '%' || $1 || '%'");
        let found: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(text).fetch_all(&service.pool).await.unwrap();
        rows.extend(found);
    }
    rows
}

#[tokio::test]
async fn an_erased_account_leaves_a_tombstone_and_nothing_else() {
    let service = Service::start().await;
    let (anna, tom) = (service.person("Anna").await, service.trainer("Tom").await);
    let exercise = service.own_exercise(&anna, "Anna's press").await;
    service.routine_with(&anna, "Anna's routine", &exercise.exercise_id).await;
    service.follow(&anna, &tom).await;
    service.take(&service.deleted(&anna)).await;

    let rows = rows_with(&service, &anna.id()).await;
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert!(rows[0].starts_with("public.erased_accounts"));
    assert_eq!(rows_with(&service, "Anna").await, [""; 0]);
    // The payloads of events are bytes; the ones about Anna are gone with her key.
    assert_eq!(service.events::<proto::RoutineChanged>().await, []);
    assert_eq!(service.events::<proto::AthleteProfileCreated>().await.len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn an_erased_trainer_leaves_athletes_their_routines() {
    let service = Service::start().await;
    let (anna, tom) = (service.person("Anna").await, service.trainer("Tom").await);
    service.follow(&anna, &tom).await;
    let exercise = service.own_exercise(&tom, "Special press").await;
    let routine = service.routine_with(&tom, "Plan", &exercise.exercise_id).await;
    let assign = proto::AssignRoutineRequest { athlete_id: anna.id(), routine_id: routine.routine_id };
    let assigned = service.trainers.clone().assign_routine(tom.ask(assign)).await.unwrap();
    let assigned = assigned.into_inner().routine.unwrap();
    service.take(&service.deleted(&tom)).await;

    let get = proto::GetRoutineRequest { routine_id: assigned.routine_id.clone() };
    let read = service.routines.clone().get_routine(anna.ask(get)).await.unwrap().into_inner();
    let expected = proto::Routine { assigned_by: String::new(), ..assigned };
    assert_eq!(read.routine.unwrap(), expected);
    assert_eq!(service.count("SELECT count(*) FROM followings").await, 0);
    service.stop().await;
}

#[tokio::test]
async fn late_and_repeated_events_bring_nothing_back_and_the_token_is_refused() {
    let service = Service::start().await;
    let anna = service.stranger();
    let registered = service.registered(&anna, "Anna", "en", "UTC");
    let roles = service.roles_changed(&anna, &[Role::Athlete, Role::Trainer]);
    let deleted = service.deleted(&anna);
    let updated = UserProfileUpdated {
        user_id: anna.id(),
        email: "anna@example.org".to_owned(),
        display_name: "Anna".to_owned(),
        locale: "en".to_owned(),
        time_zone: "UTC".to_owned(),
        update_time: Some(timestamp(chrono::Utc::now() + chrono::TimeDelta::days(1))),
    };
    // The first deletion comes before anything else is known of the account.
    service.take(&deleted).await;
    for _ in 0..2 {
        service.take(&registered).await;
        service.take(&roles).await;
        service.take(&updated).await;
        service.take(&deleted).await;
    }
    assert_eq!(service.count("SELECT count(*) FROM athletes").await, 0);
    assert_eq!(service.count("SELECT count(*) FROM account_roles").await, 0);
    assert_eq!(service.count("SELECT count(*) FROM erased_accounts").await, 1);
    let list = anna.ask(proto::ListRoutinesRequest::default());
    assert_refused("TOKEN_INVALID", service.routines.clone().list_routines(list).await);
    let create = anna.ask(proto::CreateRoutineRequest { name: "Late".to_owned(), ..Default::default() });
    assert_refused("TOKEN_INVALID", service.routines.clone().create_routine(create).await);
    service.stop().await;
}
