//! How long reads of a long training log take, through the API on a real database.
//!
//! Settings: `BENCH_SETS` (100000) for the history, `BENCH_ROUNDS` (200) calls of each kind.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/training/diary.rs"]
mod diary;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/training/fixture.rs"]
mod fixture;

use std::env;
use std::time::{Duration, Instant};

use fitness_proto::fitness::workout::v1 as proto;
use sqlx::Executor as _;
use uuid::Uuid;

use crate::diary::{Diary, exercises};
use crate::fixture::Service;

/// Twenty sets in five exercises make a workout.
const SETS_PER_WORKOUT: i32 = 20;
/// Five years of four workouts a week.
const FIVE_YEARS: i32 = 5 * 52 * 4;

fn setting(name: &str, default: i32) -> i32 {
    env::var(name).map_or(default, |text| text.parse().expect("the setting is a number"))
}

/// Writes workouts that go back from today, four a week, all finished.
async fn seed(service: &Service, diary: &Diary, exercises: &[String], workouts: i32) {
    let statement = "
        WITH made AS (
            INSERT INTO workouts
                (workout_id, user_id, name, note, start_time, local_start, finish_time, plan, last_number, create_time)
            SELECT gen_random_uuid(), $1::uuid, 'Workout', '', start, start AT TIME ZONE 'UTC', start, '[]', $3, start
            FROM (
                SELECT now() - number * interval '42 hours' AS start
                FROM generate_series(1, $2) AS number
            ) AS starts
            RETURNING workout_id, start_time
        )
        INSERT INTO workout_sets
            (set_id, workout_id, user_id, exercise_id, number, reps, weight_g, note, warm_up, one_rep_max, log_time)
        SELECT gen_random_uuid(), workout_id, $1::uuid, ($4::uuid[])[1 + (EXTRACT(EPOCH FROM start_time)::bigint / 3600 + (number - 1) / 4) % 20], number, 5,
            weight_g, '', false, weight_g * 35, start_time + number * interval '2 minutes'
        FROM made
        CROSS JOIN generate_series(1, $3) AS number
        CROSS JOIN LATERAL (SELECT (60000 + random() * 60000 + number)::bigint AS weight_g) AS lifted";
    sqlx::query(statement)
        .bind(diary.person.user_id)
        .bind(workouts)
        .bind(SETS_PER_WORKOUT)
        .bind(exercises.iter().map(|id| id.parse().unwrap()).collect::<Vec<Uuid>>())
        .execute(&service.pool)
        .await
        .unwrap();
    let results = "
        INSERT INTO exercise_results
            (workout_id, exercise_id, user_id, training_date, set_count, rep_count, volume_g, best, best_set_id)
        SELECT workout_id, exercise_id, workouts.user_id, training_date, count(*), sum(reps), sum(weight_g * reps),
            max(one_rep_max), (array_agg(set_id ORDER BY one_rep_max DESC))[1]
        FROM workout_sets
        INNER JOIN workouts USING (workout_id)
        WHERE workouts.user_id = $1
        GROUP BY workout_id, exercise_id, workouts.user_id, training_date";
    sqlx::query(results).bind(diary.person.user_id).execute(&service.pool).await.unwrap();
    service.pool.execute("ANALYZE").await.unwrap();
}

/// Calls again and again, and prints the median and the 99th percentile.
async fn measure(name: &str, rounds: i32, mut call: impl AsyncFnMut()) {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        call().await;
        times.push(started.elapsed());
    }
    times.sort();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!("  {name:<44} p50 {:>7.2} ms   p99 {:>7.2} ms", ms(at(50)), ms(at(99)));
}

async fn page(diary: &Diary, page_token: &str) -> proto::ListSetsResponse {
    let request =
        proto::ListSetsRequest { page_size: 100, page_token: page_token.to_owned(), ..Default::default() };
    diary.list_sets(request).await.unwrap()
}

#[tokio::main]
async fn main() {
    let (sets, rounds) = (setting("BENCH_SETS", 100_000), setting("BENCH_ROUNDS", 200));
    let service = Service::start().await;
    let exercises = exercises(&service, 20).await;

    println!("five years of training: {FIVE_YEARS} workouts of {SETS_PER_WORKOUT} sets");
    let athlete = Diary::open(&service, "Europe/Berlin").await;
    seed(&service, &athlete, &exercises, FIVE_YEARS).await;
    let years = chrono::Utc::now().date_naive() - chrono::Days::new(5 * 366 + 200);
    let request = proto::GetStatsRequest { from_date: years.to_string(), to_date: String::new() };
    let stats = athlete.get_stats(request.clone()).await.unwrap().stats.unwrap();
    println!("  {} workouts, {} sets in the statistics", stats.workout_count, stats.set_count);
    measure("statistics over all of it", rounds, async || {
        drop(athlete.get_stats(request.clone()).await.unwrap());
    })
    .await;
    measure("records", rounds, async || drop(athlete.records().await)).await;
    measure("achievements", rounds, async || drop(athlete.unlocked().await)).await;
    measure("a workout of one set, start to finish", rounds, async || {
        drop(athlete.train(&exercises[0], 5, 100.0).await);
    })
    .await;

    println!("a history of {sets} sets, pages of 100");
    let athlete = Diary::open(&service, "Europe/Berlin").await;
    seed(&service, &athlete, &exercises, sets / SETS_PER_WORKOUT).await;
    let (mut tokens, mut token) = (Vec::new(), String::new());
    let started = Instant::now();
    loop {
        let next = page(&athlete, &token).await.next_page_token;
        tokens.push(std::mem::replace(&mut token, next));
        if token.is_empty() {
            break;
        }
    }
    println!("  {} pages walked in {:.2} s", tokens.len(), started.elapsed().as_secs_f64());
    for (name, token) in [
        ("first page", &tokens[0]),
        ("middle page", &tokens[tokens.len() / 2]),
        ("last page", &tokens[tokens.len() - 1]),
    ] {
        measure(name, rounds, async || drop(page(&athlete, token).await)).await;
    }
    let request = proto::GetStatsRequest { from_date: "2010-01-01".to_owned(), to_date: String::new() };
    measure("statistics over sixteen years of it", rounds, async || {
        drop(athlete.get_stats(request.clone()).await.unwrap());
    })
    .await;
    service.stop().await;
}
