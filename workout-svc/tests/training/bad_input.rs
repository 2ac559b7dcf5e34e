//! Bad input is refused by field, and leaves nothing behind.

use fitness_proto::fitness::workout::v1 as proto;
use prost_types::FieldMask;
use proto::set_plan::Load;

use crate::fixture::{Service, assert_invalid, fields, five_by_five, new_exercise};

const NO_ID: &str = "not-an-id";

#[tokio::test]
async fn exercises_with_a_bad_field_are_refused_by_the_field() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let good = || new_exercise("Press");
    let (chest, unknown) = (i32::from(proto::MuscleGroup::Chest), 99);
    for (field, request) in [
        ("name", proto::CreateExerciseRequest { name: String::new(), ..good() }),
        ("name", proto::CreateExerciseRequest { name: "  ".to_owned(), ..good() }),
        ("name", proto::CreateExerciseRequest { name: "x".repeat(81), ..good() }),
        ("name", proto::CreateExerciseRequest { name: "a\0b".to_owned(), ..good() }),
        ("description", proto::CreateExerciseRequest { description: "x".repeat(2001), ..good() }),
        ("description", proto::CreateExerciseRequest { description: "a\0b".to_owned(), ..good() }),
        ("muscle_groups", proto::CreateExerciseRequest { muscle_groups: vec![], ..good() }),
        ("muscle_groups", proto::CreateExerciseRequest { muscle_groups: vec![chest, chest], ..good() }),
        ("muscle_groups[0]", proto::CreateExerciseRequest { muscle_groups: vec![unknown], ..good() }),
        ("muscle_groups[0]", proto::CreateExerciseRequest { muscle_groups: vec![0], ..good() }),
        (
            "secondary_muscle_groups",
            proto::CreateExerciseRequest { secondary_muscle_groups: vec![chest], ..good() },
        ),
        ("equipment[0]", proto::CreateExerciseRequest { equipment: vec![-1], ..good() }),
        ("level", proto::CreateExerciseRequest { level: unknown, ..good() }),
        ("movement", proto::CreateExerciseRequest { movement: unknown, ..good() }),
        ("measure", proto::CreateExerciseRequest { measure: unknown, ..good() }),
    ] {
        assert_invalid(field, service.exercises.clone().create_exercise(anna.ask(request)).await);
    }
    for (field, request) in [
        ("muscle_group", proto::ListExercisesRequest { muscle_group: unknown, ..Default::default() }),
        ("equipment", proto::ListExercisesRequest { equipment: unknown, ..Default::default() }),
        ("owner", proto::ListExercisesRequest { owner: unknown, ..Default::default() }),
        ("query", proto::ListExercisesRequest { query: "x".repeat(81), ..Default::default() }),
        ("query", proto::ListExercisesRequest { query: "a\0b".to_owned(), ..Default::default() }),
        ("page_size", proto::ListExercisesRequest { page_size: -1, ..Default::default() }),
        (
            "page_token",
            proto::ListExercisesRequest { page_token: "garbage".to_owned(), ..Default::default() },
        ),
        // `["\u0000","00000000-0000-0000-0000-000000000000"]` in base64url.
        (
            "page_token",
            proto::ListExercisesRequest {
                page_token: "WyJcdTAwMDAiLCIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiXQ".to_owned(),
                ..Default::default()
            },
        ),
    ] {
        assert_invalid(field, service.exercises.clone().list_exercises(anna.ask(request)).await);
    }
    let made = service.own_exercise(&anna, "Press").await;
    let update = |exercise, paths: &[&str]| proto::UpdateExerciseRequest {
        exercise_id: made.exercise_id.clone(),
        exercise,
        update_mask: Some(FieldMask { paths: paths.iter().copied().map(str::to_owned).collect() }),
    };
    let named =
        |name: &str| Some(proto::ExerciseUpdate { name: Some(name.to_owned()), ..Default::default() });
    for (field, request) in [
        ("exercise", update(None, &[])),
        ("exercise.name", update(named(""), &["name"])),
        ("exercise.name", update(Some(proto::ExerciseUpdate::default()), &["name"])),
        ("exercise.muscle_groups", update(Some(proto::ExerciseUpdate::default()), &["muscle_groups"])),
        ("update_mask", update(named("Ok"), &["measure"])),
        (
            "exercise_id",
            proto::UpdateExerciseRequest { exercise_id: NO_ID.to_owned(), ..update(named("Ok"), &[]) },
        ),
    ] {
        assert_invalid(field, service.exercises.clone().update_exercise(anna.ask(request)).await);
    }
    let get = proto::GetExerciseRequest { exercise_id: NO_ID.to_owned() };
    assert_invalid("exercise_id", service.exercises.clone().get_exercise(anna.ask(get)).await);
    let delete = proto::DeleteExerciseRequest { exercise_id: String::new() };
    assert_invalid("exercise_id", service.exercises.clone().delete_exercise(anna.ask(delete)).await);
    assert_eq!(service.count("SELECT count(*) FROM exercises WHERE owner_id IS NOT NULL").await, 1);
    service.stop().await;
}

#[tokio::test]
async fn routines_with_a_bad_field_are_refused_by_the_field() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let exercise_id = service.exercise_with("reps").await;
    let good = || proto::CreateRoutineRequest { name: "Good".to_owned(), ..Default::default() };
    let day = |exercises| proto::NewRoutineDay { name: "Push".to_owned(), exercises };
    let exercise = |set_plans| proto::NewRoutineExercise {
        exercise_id: exercise_id.clone(),
        notes: String::new(),
        set_plans,
    };
    let with = |days| proto::CreateRoutineRequest { days, ..good() };
    let noted = proto::NewRoutineExercise { notes: "x".repeat(501), ..exercise(vec![]) };
    let zero = proto::NewRoutineExercise { notes: "\0".to_owned(), ..exercise(vec![]) };
    let no_id = proto::NewRoutineExercise { exercise_id: NO_ID.to_owned(), ..exercise(vec![]) };
    let unknown = uuid::Uuid::now_v7().to_string();
    let unknown = proto::NewRoutineExercise { exercise_id: unknown, ..exercise(vec![]) };
    let nameless = proto::NewRoutineDay { name: " ".to_owned(), exercises: vec![] };
    let plan = "days[0].exercises[0].set_plans";
    let mut cases = vec![
        ("name".to_owned(), proto::CreateRoutineRequest { name: String::new(), ..good() }),
        ("name".to_owned(), proto::CreateRoutineRequest { name: "x".repeat(81), ..good() }),
        ("name".to_owned(), proto::CreateRoutineRequest { name: "a\nb".to_owned(), ..good() }),
        ("description".to_owned(), proto::CreateRoutineRequest { description: "x".repeat(2001), ..good() }),
        ("goal".to_owned(), proto::CreateRoutineRequest { goal: 99, ..good() }),
        ("level".to_owned(), proto::CreateRoutineRequest { level: -1, ..good() }),
        ("days".to_owned(), with(vec![day(vec![]); 15])),
        ("days[0].name".to_owned(), with(vec![nameless])),
        ("days[0].exercises".to_owned(), with(vec![day(vec![exercise(vec![]); 31])])),
        ("days[0].exercises[0].exercise_id".to_owned(), with(vec![day(vec![no_id])])),
        ("days[0].exercises[0].exercise_id".to_owned(), with(vec![day(vec![unknown])])),
        ("days[0].exercises[0].notes".to_owned(), with(vec![day(vec![noted])])),
        ("days[0].exercises[0].notes".to_owned(), with(vec![day(vec![zero])])),
        (plan.to_owned(), with(vec![day(vec![exercise(vec![five_by_five(); 5])])])),
        (plan.to_owned(), with(vec![day(vec![exercise(vec![five_by_five(); 21])])])),
    ];
    for (field, set_plan) in bad_set_plans() {
        cases.push((format!("{plan}[0].{field}"), with(vec![day(vec![exercise(vec![set_plan])])])));
    }
    for (field, request) in cases {
        assert_invalid(&field, service.routines.clone().create_routine(anna.ask(request)).await);
    }
    let every = proto::CreateRoutineRequest {
        days: vec![proto::NewRoutineDay::default(); 2],
        goal: 99,
        ..Default::default()
    };
    let status = service.routines.clone().create_routine(anna.ask(every)).await.unwrap_err();
    assert_eq!(fields(&status), ["name", "goal", "days[0].name", "days[1].name"]);
    assert_eq!(service.count("SELECT count(*) FROM routines").await, 0);
    assert_eq!(service.events::<proto::RoutineChanged>().await, []);
    service.stop().await;
}

fn bad_set_plans() -> Vec<(&'static str, proto::SetPlan)> {
    let good = five_by_five;
    vec![
        ("sets", proto::SetPlan { sets: 0, ..good() }),
        ("sets", proto::SetPlan { sets: -1, ..good() }),
        ("sets", proto::SetPlan { sets: 21, ..good() }),
        ("min_reps", proto::SetPlan { min_reps: 0, ..good() }),
        ("min_reps", proto::SetPlan { min_reps: -5, ..good() }),
        ("min_reps", proto::SetPlan { min_reps: 1001, max_reps: 0, ..good() }),
        ("max_reps", proto::SetPlan { max_reps: 4, ..good() }),
        ("max_reps", proto::SetPlan { max_reps: -1, ..good() }),
        ("duration_seconds", proto::SetPlan { duration_seconds: 30, ..good() }),
        ("duration_seconds", proto::SetPlan { duration_seconds: 86_401, ..good() }),
        ("distance_m", proto::SetPlan { distance_m: 100.0, ..good() }),
        ("distance_m", proto::SetPlan { distance_m: f64::NAN, ..good() }),
        ("distance_m", proto::SetPlan { distance_m: -1.0, ..good() }),
        ("rest_seconds", proto::SetPlan { rest_seconds: 3601, ..good() }),
        ("rest_seconds", proto::SetPlan { rest_seconds: -1, ..good() }),
        ("target_weight_kg", proto::SetPlan { load: Some(Load::TargetWeightKg(-1.0)), ..good() }),
        ("target_weight_kg", proto::SetPlan { load: Some(Load::TargetWeightKg(f64::NAN)), ..good() }),
        ("target_weight_kg", proto::SetPlan { load: Some(Load::TargetWeightKg(f64::INFINITY)), ..good() }),
        ("target_weight_kg", proto::SetPlan { load: Some(Load::TargetWeightKg(1001.0)), ..good() }),
        ("target_percent", proto::SetPlan { load: Some(Load::TargetPercent(0.0)), ..good() }),
        ("target_percent", proto::SetPlan { load: Some(Load::TargetPercent(f64::NAN)), ..good() }),
        ("target_percent", proto::SetPlan { load: Some(Load::TargetPercent(121.0)), ..good() }),
    ]
}

#[tokio::test]
async fn changes_of_routines_with_a_bad_field_are_refused_by_the_field() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let made = service.routine(&anna, "Good").await;
    let (routine_id, day_id) = (made.routine_id.clone(), made.days[0].day_id.clone());
    let routine_exercise_id = made.days[0].exercises[0].routine_exercise_id.clone();
    let mut routines = service.routines.clone();

    for (field, routine) in [
        ("routine", None),
        ("routine.name", Some(proto::RoutineUpdate { name: Some(String::new()), ..Default::default() })),
        ("routine.name", Some(proto::RoutineUpdate { name: Some("\t".to_owned()), ..Default::default() })),
        ("routine.goal", Some(proto::RoutineUpdate { goal: Some(99), ..Default::default() })),
        ("routine.level", Some(proto::RoutineUpdate { level: Some(-1), ..Default::default() })),
    ] {
        let request =
            proto::UpdateRoutineRequest { routine_id: routine_id.clone(), routine, update_mask: None };
        assert_invalid(field, routines.update_routine(anna.ask(request)).await);
    }
    for (field, day) in [
        ("day", None),
        ("day.name", Some(proto::RoutineDayUpdate { name: Some("a\nb".to_owned()), position: None })),
        ("day.position", Some(proto::RoutineDayUpdate { name: None, position: Some(0) })),
        ("day.position", Some(proto::RoutineDayUpdate { name: None, position: Some(15) })),
    ] {
        let (routine_id, day_id) = (routine_id.clone(), day_id.clone());
        let request = proto::UpdateRoutineDayRequest { routine_id, day_id, day, update_mask: None };
        assert_invalid(field, routines.update_routine_day(anna.ask(request)).await);
    }
    let update_exercise = |exercise, paths: Option<&str>| proto::UpdateRoutineExerciseRequest {
        routine_id: routine_id.clone(),
        day_id: day_id.clone(),
        routine_exercise_id: routine_exercise_id.clone(),
        exercise,
        update_mask: paths.map(|path| FieldMask { paths: vec![path.to_owned()] }),
    };
    let change = |change: proto::RoutineExerciseUpdate| update_exercise(Some(change), None);
    let timed = proto::SetPlan { sets: 1, duration_seconds: 5, ..Default::default() };
    let empty = Some(proto::RoutineExerciseUpdate::default());
    for (field, request) in [
        ("exercise", update_exercise(None, None)),
        (
            "exercise.notes",
            change(proto::RoutineExerciseUpdate { notes: Some("x".repeat(501)), ..Default::default() }),
        ),
        (
            "exercise.position",
            change(proto::RoutineExerciseUpdate { position: Some(31), ..Default::default() }),
        ),
        ("exercise.position", update_exercise(empty.clone(), Some("position"))),
        ("update_mask", update_exercise(empty, Some("exercise_id"))),
        (
            "exercise.set_plans[0].duration_seconds",
            change(proto::RoutineExerciseUpdate { set_plans: vec![timed], ..Default::default() }),
        ),
    ] {
        assert_invalid(field, routines.update_routine_exercise(anna.ask(request)).await);
    }
    let create = proto::CreateRoutineDayRequest { routine_id: routine_id.clone(), ..Default::default() };
    assert_invalid("name", routines.create_routine_day(anna.ask(create)).await);
    let copy = proto::CopyRoutineRequest { routine_id: routine_id.clone(), name: "x".repeat(81) };
    assert_invalid("name", routines.copy_routine(anna.ask(copy)).await);
    assert_eq!(service.events::<proto::RoutineChanged>().await.len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn what_is_no_id_is_refused_by_every_call() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let (mut routines, mut trainers) = (service.routines.clone(), service.trainers.clone());
    let (no_id, id) = (|| NO_ID.to_owned(), || uuid::Uuid::now_v7().to_string());

    let get = proto::GetRoutineRequest { routine_id: no_id() };
    assert_invalid("routine_id", routines.get_routine(anna.ask(get)).await);
    let delete = proto::DeleteRoutineRequest { routine_id: no_id() };
    assert_invalid("routine_id", routines.delete_routine(anna.ask(delete)).await);
    let copy = proto::CopyRoutineRequest { routine_id: no_id(), name: String::new() };
    assert_invalid("routine_id", routines.copy_routine(anna.ask(copy)).await);
    let delete = proto::DeleteRoutineDayRequest { routine_id: id(), day_id: no_id() };
    assert_invalid("day_id", routines.delete_routine_day(anna.ask(delete)).await);
    let create = proto::CreateRoutineExerciseRequest { routine_id: id(), day_id: id(), ..Default::default() };
    assert_invalid("exercise_id", routines.create_routine_exercise(anna.ask(create)).await);
    let delete =
        proto::DeleteRoutineExerciseRequest { routine_id: id(), day_id: id(), routine_exercise_id: no_id() };
    assert_invalid("routine_exercise_id", routines.delete_routine_exercise(anna.ask(delete)).await);
    let follow = proto::FollowTrainerRequest { trainer_id: no_id() };
    assert_invalid("trainer_id", trainers.follow_trainer(anna.ask(follow)).await);
    let unfollow = proto::UnfollowTrainerRequest { trainer_id: no_id() };
    assert_invalid("trainer_id", trainers.unfollow_trainer(anna.ask(unfollow)).await);
    let list = proto::ListAthleteRoutinesRequest { athlete_id: no_id(), ..Default::default() };
    assert_invalid("athlete_id", trainers.list_athlete_routines(anna.ask(list)).await);
    let get = proto::GetAthleteRoutineRequest { athlete_id: id(), routine_id: no_id() };
    assert_invalid("routine_id", trainers.get_athlete_routine(anna.ask(get)).await);
    let assign = proto::AssignRoutineRequest { athlete_id: no_id(), routine_id: id() };
    assert_invalid("athlete_id", trainers.assign_routine(anna.ask(assign)).await);
    service.stop().await;
}

#[tokio::test]
async fn lists_and_the_rest_refuse_what_makes_no_sense() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let (mut routines, mut trainers) = (service.routines.clone(), service.trainers.clone());
    for (field, page_size, page_token) in
        [("page_size", -1, ""), ("page_token", 0, "garbage"), ("page_token", 0, "W10")]
    {
        let page_token = page_token.to_owned();
        let list = proto::ListRoutinesRequest { page_size, page_token: page_token.clone() };
        assert_invalid(field, routines.list_routines(anna.ask(list)).await);
        let list = proto::ListTrainersRequest { page_size, page_token: page_token.clone() };
        assert_invalid(field, trainers.list_trainers(anna.ask(list)).await);
        let list = proto::ListAthletesRequest { page_size, page_token };
        assert_invalid(field, trainers.list_athletes(anna.ask(list)).await);
    }
    for (field, headline, bio) in
        [("headline", String::new(), ""), ("headline", "x".repeat(121), ""), ("bio", "Ok".to_owned(), "a\0b")]
    {
        let create = proto::CreateTrainerProfileRequest { headline, bio: bio.to_owned() };
        assert_invalid(field, trainers.create_trainer_profile(anna.ask(create)).await);
    }
    let good = || proto::GenerateRoutineRequest {
        goal: proto::Goal::Strength.into(),
        level: proto::Level::Beginner.into(),
        days_per_week: 3,
        session_minutes: 60,
        ..Default::default()
    };
    for (field, request) in [
        ("goal", proto::GenerateRoutineRequest { goal: 0, ..good() }),
        ("goal", proto::GenerateRoutineRequest { goal: 99, ..good() }),
        ("level", proto::GenerateRoutineRequest { level: 0, ..good() }),
        ("days_per_week", proto::GenerateRoutineRequest { days_per_week: 0, ..good() }),
        ("days_per_week", proto::GenerateRoutineRequest { days_per_week: 8, ..good() }),
        ("session_minutes", proto::GenerateRoutineRequest { session_minutes: 14, ..good() }),
        ("session_minutes", proto::GenerateRoutineRequest { session_minutes: -60, ..good() }),
        ("equipment[0]", proto::GenerateRoutineRequest { equipment: vec![99], ..good() }),
        (
            "focus_muscle_groups",
            proto::GenerateRoutineRequest { focus_muscle_groups: vec![1, 2, 3, 4], ..good() },
        ),
        (
            "excluded_exercise_ids[0]",
            proto::GenerateRoutineRequest { excluded_exercise_ids: vec![NO_ID.to_owned()], ..good() },
        ),
        ("name", proto::GenerateRoutineRequest { name: "a\nb".to_owned(), ..good() }),
    ] {
        assert_invalid(field, routines.generate_routine(anna.ask(request)).await);
    }
    service.stop().await;
}
