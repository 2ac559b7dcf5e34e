//! The history of sets stays as cheap at its end as at its beginning.

use fitness_proto::fitness::workout::v1 as proto;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use crate::diary::{Diary, exercises};
use crate::fixture::Service;

const SETS: i32 = 100_000;

/// A hundred thousand sets of an athlete in two exercises, twenty to a workout.
async fn seed(service: &Service, diary: &Diary, exercises: &[String]) {
    let statement = "
        WITH made AS (
            INSERT INTO workouts
                (workout_id, user_id, name, note, start_time, local_start, finish_time, plan, last_number, create_time)
            SELECT gen_random_uuid(), $1::uuid, 'Workout', '', start, start AT TIME ZONE 'UTC', start, '[]', 20, start
            FROM (
                SELECT now() - number * interval '8 hours' AS start
                FROM generate_series(1, $2 / 20) AS number
            ) AS starts
            RETURNING workout_id, start_time
        )
        INSERT INTO workout_sets
            (set_id, workout_id, user_id, exercise_id, number, reps, weight_g, note, warm_up, log_time)
        SELECT gen_random_uuid(), workout_id, $1::uuid, ($3::uuid[])[1 + number % 2], number, 5, 100000, '', false,
            start_time + number * interval '1 minute'
        FROM made
        CROSS JOIN generate_series(1, 20) AS number";
    sqlx::query(statement)
        .bind(diary.person.user_id)
        .bind(SETS)
        .bind(exercises.iter().map(|id| id.parse().unwrap()).collect::<Vec<uuid::Uuid>>())
        .execute(&service.pool)
        .await
        .unwrap();
    service.pool.execute("ANALYZE").await.unwrap();
}

/// The statement by which the service reads a page, as it stands in the server's list of connections.
async fn statement(service: &Service) -> String {
    let query = "SELECT query FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'workout-svc' AND query LIKE '%log_time, set_id) <%'
                 ORDER BY query_start DESC LIMIT 1";
    sqlx::query_scalar(query).fetch_one(&service.pool).await.unwrap()
}

/// What a page costs in pages of the database, with a plan that knows none of the values.
async fn cost(service: &Service, statement: &str, arguments: &str) -> (i64, Value) {
    // A connection of its own, whose settings and statements go with it.
    let mut connection = service.pool.acquire().await.unwrap().detach();
    let prepare = format!("SET plan_cache_mode = force_generic_plan; PREPARE page AS {statement}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut connection).await.unwrap();
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page ({arguments})");
    let row = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_one(&mut connection).await.unwrap();
    let plan: Value = serde_json::from_str(&row.try_get_unchecked::<String, _>(0).unwrap()).unwrap();
    let plan = plan[0]["Plan"].clone();
    let blocks = |kind: &str| plan[kind].as_i64().unwrap();
    (blocks("Shared Hit Blocks") + blocks("Shared Read Blocks"), plan)
}

#[tokio::test]
async fn the_last_page_of_a_hundred_thousand_sets_costs_what_the_first_does() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "UTC").await;
    let exercises = exercises(&service, 2).await;
    seed(&service, &diary, &exercises).await;
    let user_id = diary.person.id();
    for exercise_id in ["", &exercises[0]] {
        let request = proto::ListSetsRequest {
            exercise_id: exercise_id.to_owned(),
            page_size: 50,
            ..Default::default()
        };
        let page = diary.list_sets(request).await.unwrap();
        assert_eq!(page.sets.len(), 50);
        let statement = statement(&service).await;
        let selected = if exercise_id.is_empty() {
            format!("'{user_id}'")
        } else {
            format!("'{user_id}', '{exercise_id}'")
        };
        let sixtieth = "SELECT log_time::text FROM workout_sets
                        WHERE exercise_id::text LIKE $1 || '%'
                        ORDER BY log_time
                        OFFSET 60 LIMIT 1";
        let near_end: String =
            sqlx::query_scalar(sixtieth).bind(exercise_id).fetch_one(&service.pool).await.unwrap();
        let highest = "'ffffffff-ffff-ffff-ffff-ffffffffffff'";
        let (first, plan) = cost(&service, &statement, &format!("{selected}, NULL, NULL, 51")).await;
        let (end, last) =
            cost(&service, &statement, &format!("{selected}, '{near_end}', {highest}, 51")).await;
        assert_eq!(plan["Plans"][0]["Node Type"], "Index Scan", "{plan}");
        assert_eq!(last["Actual Rows"].as_f64(), Some(51.0), "{last}");
        assert!(end <= first + 10, "{first} blocks for the first page, {end} for the last: {plan}");
        println!("{first} blocks for the first page, {end} for the last");
    }
    service.stop().await;
}

#[tokio::test]
async fn every_set_stands_on_one_page() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "UTC").await;
    seed(&service, &diary, &exercises(&service, 2).await).await;
    let (mut seen, mut token) = (std::collections::HashSet::new(), String::new());
    loop {
        let request = proto::ListSetsRequest { page_size: 100, page_token: token, ..Default::default() };
        let page = diary.list_sets(request).await.unwrap();
        for set in page.sets {
            assert!(seen.insert(set.set_id), "a set stands on two pages");
        }
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), SETS as usize);
    service.stop().await;
}
