//! Records, statistics and achievements beside a second opinion: a plain model that keeps all sets in lists and counts
//! everything anew after each step. Random logs with corrections and deletions go through the API and the model.

use std::collections::{BTreeMap, BTreeSet};

use chassis::time::Clock as _;
use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Timelike as _, Utc};
use fitness_proto::fitness::workout::v1 as proto;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::diary::{Diary, exercises, moment, set};
use crate::fixture::Service;

const ZONE: chrono_tz::Tz = chrono_tz::Europe::Berlin;

/// What somebody does to a log. Numbers that are too high wrap around.
#[derive(Clone, Debug)]
enum Step {
    /// A workout some days ago, with sets, which goes on or is finished.
    Train { days_ago: i64, hour: u32, sets: Vec<Done>, finish: bool },
    /// Another weight and number of repetitions for a set.
    Correct { set: usize, done: Done },
    /// A set goes.
    DeleteSet { set: usize },
    /// A workout that goes on is finished.
    Finish { workout: usize },
    /// A workout goes.
    DeleteWorkout { workout: usize },
}

#[derive(Clone, Copy, Debug)]
struct Done {
    exercise: usize,
    reps: i32,
    half_kg: i64,
    warm_up: bool,
}

fn done() -> impl Strategy<Value = Done> {
    (0_usize..4, 1_i32..16, 0_i64..300, prop::bool::weighted(0.15))
        .prop_map(|(exercise, reps, half_kg, warm_up)| Done { exercise, reps, half_kg, warm_up })
}

fn step() -> impl Strategy<Value = Step> {
    let train = (0_i64..60, 0_u32..24, prop::collection::vec(done(), 0..6), prop::bool::weighted(0.85))
        .prop_map(|(days_ago, hour, sets, finish)| Step::Train { days_ago, hour, sets, finish });
    prop_oneof![
        6 => train,
        3 => (any::<usize>(), done()).prop_map(|(set, done)| Step::Correct { set, done }),
        2 => any::<usize>().prop_map(|set| Step::DeleteSet { set }),
        1 => any::<usize>().prop_map(|workout| Step::Finish { workout }),
        1 => any::<usize>().prop_map(|workout| Step::DeleteWorkout { workout }),
    ]
}

#[derive(Clone, Debug)]
struct ModelSet {
    set_id: String,
    done: Done,
}

#[derive(Clone, Debug)]
struct ModelWorkout {
    workout_id: String,
    start: DateTime<Utc>,
    finished: bool,
    sets: Vec<ModelSet>,
    /// Exercises in which a record was announced, with what it beat.
    records: BTreeMap<usize, f64>,
}

impl ModelWorkout {
    fn date(&self) -> NaiveDate {
        self.start.with_timezone(&ZONE).date_naive()
    }

    fn working(&self) -> impl Iterator<Item = &ModelSet> {
        self.sets.iter().filter(|set| !set.done.warm_up)
    }

    fn best(&self, exercise: usize) -> Option<f64> {
        let of_exercise = self.working().filter(|set| set.done.exercise == exercise);
        of_exercise.filter_map(|set| epley(set.done)).reduce(f64::max)
    }
}

/// The formula as it stands in books, rounded so that what is equal on paper is equal here.
fn epley(done: Done) -> Option<f64> {
    let weight = done.half_kg as f64 / 2.0;
    let estimate = match done.reps {
        1 => weight,
        2..=12 => weight * (1.0 + f64::from(done.reps) / 30.0),
        _ => return None,
    };
    (weight > 0.0).then(|| (estimate * 1e6).round() / 1e6)
}

#[derive(Default)]
struct Model {
    workouts: Vec<ModelWorkout>,
    unlocked: BTreeSet<&'static str>,
    /// Exercise, new and previous mark of each announced record.
    announced: Vec<(usize, f64, f64)>,
}

impl Model {
    fn counting(&self) -> impl Iterator<Item = &ModelWorkout> {
        self.workouts.iter().filter(|workout| workout.finished && workout.working().next().is_some())
    }

    fn finish(&mut self, index: usize) {
        let mut broken = Vec::new();
        for exercise in 0..4 {
            let before = self.counting().filter_map(|workout| workout.best(exercise)).reduce(f64::max);
            if let (Some(best), Some(before)) = (self.workouts[index].best(exercise), before)
                && best > before
            {
                broken.push((exercise, best, before));
            }
        }
        let workout = &mut self.workouts[index];
        workout.finished = true;
        workout.records = broken.iter().map(|(exercise, _, before)| (*exercise, *before)).collect();
        self.announced.extend(broken);
        self.unlock();
    }

    fn corrected(&mut self, index: usize) {
        let workout = &mut self.workouts[index];
        if workout.finished {
            let records = std::mem::take(&mut workout.records);
            let holds = |exercise, beaten: f64| workout.best(exercise).is_some_and(|best| best > beaten);
            let kept: BTreeMap<_, _> =
                records.into_iter().filter(|(exercise, beaten)| holds(*exercise, *beaten)).collect();
            workout.records = kept;
            self.unlock();
        }
    }

    fn unlock(&mut self) {
        let counting: Vec<_> = self.counting().collect();
        let sets: usize = counting.iter().map(|workout| workout.working().count()).sum();
        let moved = |set: &ModelSet| set.done.half_kg * i64::from(set.done.reps);
        let half_kg: i64 = counting.iter().flat_map(|workout| workout.working()).map(moved).sum();
        let used: BTreeSet<_> =
            counting.iter().flat_map(|workout| workout.working()).map(|set| set.done.exercise).collect();
        let records: usize = self.workouts.iter().map(|workout| workout.records.len()).sum();
        let hour = |workout: &ModelWorkout| workout.start.with_timezone(&ZONE).hour();
        let streak = longest_streak(counting.iter().map(|workout| workout.date()));
        let workouts = counting.len();
        let reached = [
            ("first_workout", workouts >= 1),
            ("workouts_10", workouts >= 10),
            ("workouts_50", workouts >= 50),
            ("workouts_100", workouts >= 100),
            ("workouts_250", workouts >= 250),
            ("sets_1000", sets >= 1000),
            ("volume_10000", half_kg >= 20_000),
            ("volume_100000", half_kg >= 200_000),
            ("volume_1000000", half_kg >= 2_000_000),
            ("streak_4", streak >= 4),
            ("streak_12", streak >= 12),
            ("streak_26", streak >= 26),
            ("first_record", records >= 1),
            ("records_5", records >= 5),
            ("records_25", records >= 25),
            ("exercises_20", used.len() >= 20),
            ("early_bird", counting.iter().any(|workout| (4..7).contains(&hour(workout)))),
            ("night_owl", counting.iter().any(|workout| hour(workout) >= 22)),
        ];
        self.unlocked.extend(reached.iter().filter(|(_, reached)| *reached).map(|(name, _)| *name));
    }

    /// Best mark, set and date by exercise; the first of equals.
    fn records(&self) -> BTreeMap<usize, (f64, String, NaiveDate)> {
        let mut order: Vec<_> = self.counting().collect();
        order.sort_by_key(|workout| (workout.date(), workout.workout_id.clone()));
        let mut records: BTreeMap<usize, (f64, String, NaiveDate)> = BTreeMap::new();
        for workout in order {
            for set in workout.working() {
                let Some(mark) = epley(set.done) else { continue };
                if records.get(&set.done.exercise).is_none_or(|(best, ..)| mark > *best) {
                    records.insert(set.done.exercise, (mark, set.set_id.clone(), workout.date()));
                }
            }
        }
        records
    }
}

/// Looks from each week how far it goes on.
fn longest_streak(dates: impl Iterator<Item = NaiveDate>) -> usize {
    let monday = |date: NaiveDate| date - TimeDelta::days(date.weekday().num_days_from_monday().into());
    let weeks: BTreeSet<_> = dates.map(monday).collect();
    let length =
        |week: &NaiveDate| (0..1_000).take_while(|n| weeks.contains(&(*week + TimeDelta::weeks(*n)))).count();
    weeks.iter().map(length).max().unwrap_or(0)
}

async fn play(service: &Service, exercises: &[String], steps: &[Step]) -> Result<(), TestCaseError> {
    let diary = Diary::open(service, ZONE.name()).await;
    let mut model = Model::default();
    for step in steps {
        take(service, &diary, exercises, &mut model, step).await;
    }
    compare(service, &diary, exercises, &model).await
}

async fn take(service: &Service, diary: &Diary, exercises: &[String], model: &mut Model, step: &Step) {
    let sets: Vec<_> = model
        .workouts
        .iter()
        .enumerate()
        .flat_map(|(index, workout)| (0..workout.sets.len()).map(move |set| (index, set)))
        .collect();
    match step {
        Step::Train { days_ago, hour, sets, finish } => {
            let day = service.clock.now().date_naive() - TimeDelta::days(1 + days_ago);
            let start = day.and_hms_opt(*hour, 0, 0).unwrap().and_utc();
            let workout = diary.start_at(start).await;
            let mut logged = Vec::new();
            for done in sets {
                let (exercise, kg) = (&exercises[done.exercise], done.half_kg as f64 / 2.0);
                let request = proto::LogSetRequest {
                    warm_up: done.warm_up,
                    ..set(&workout.workout_id, exercise, done.reps, kg)
                };
                let set_id = diary.log_set(request).await.unwrap().set.unwrap().set_id;
                logged.push(ModelSet { set_id, done: *done });
            }
            model.workouts.push(ModelWorkout {
                workout_id: workout.workout_id.clone(),
                start: moment(workout.start_time),
                finished: false,
                sets: logged,
                records: BTreeMap::new(),
            });
            // An athlete has at most five workouts that go on.
            let open = model.workouts.iter().filter(|workout| !workout.finished).count();
            if *finish || open == 5 {
                diary.finish(&workout.workout_id).await;
                model.finish(model.workouts.len() - 1);
            }
        }
        Step::Correct { set, done } if !sets.is_empty() => {
            let (index, set) = sets[set % sets.len()];
            let workout = &mut model.workouts[index];
            workout.sets[set].done = *done;
            let update = proto::SetUpdate {
                exercise_id: Some(exercises[done.exercise].clone()),
                reps: Some(done.reps),
                weight_kg: Some(done.half_kg as f64 / 2.0),
                warm_up: Some(done.warm_up),
                ..Default::default()
            };
            let request = proto::UpdateSetRequest {
                workout_id: workout.workout_id.clone(),
                set_id: workout.sets[set].set_id.clone(),
                set: Some(update),
                update_mask: None,
            };
            diary.update_set(request).await.unwrap();
            model.corrected(index);
        }
        Step::DeleteSet { set } if !sets.is_empty() => {
            let (index, set) = sets[set % sets.len()];
            let workout = &mut model.workouts[index];
            let set_id = workout.sets.remove(set).set_id;
            let request = proto::DeleteSetRequest { workout_id: workout.workout_id.clone(), set_id };
            diary.delete_set(request).await.unwrap();
            model.corrected(index);
        }
        Step::Finish { workout } if !model.workouts.is_empty() => {
            let index = workout % model.workouts.len();
            if !model.workouts[index].finished {
                diary.finish(&model.workouts[index].workout_id).await;
                model.finish(index);
            }
        }
        Step::DeleteWorkout { workout } if !model.workouts.is_empty() => {
            let workout = model.workouts.remove(workout % model.workouts.len());
            let request = proto::DeleteWorkoutRequest { workout_id: workout.workout_id };
            diary.delete_workout(request).await.unwrap();
        }
        _ => {}
    }
}

async fn compare(
    service: &Service,
    diary: &Diary,
    exercises: &[String],
    model: &Model,
) -> Result<(), TestCaseError> {
    let to_gram = |kg: f64| (kg * 1_000.0).round() as i64;
    let records: BTreeMap<_, _> = diary
        .records()
        .await
        .into_iter()
        .map(|record| {
            let mark = to_gram(record.estimated_one_rep_max_kg);
            (record.exercise_id, (mark, record.set_id, record.record_date))
        })
        .collect();
    let expected: BTreeMap<_, _> = model
        .records()
        .into_iter()
        .map(|(exercise, (mark, set_id, date))| {
            (exercises[exercise].clone(), (to_gram(mark), set_id, date.to_string()))
        })
        .collect();
    prop_assert_eq!(records, expected);

    let unlocked: BTreeSet<_> = diary.unlocked().await.into_iter().collect();
    let expected: BTreeSet<_> = model.unlocked.iter().map(|name| (*name).to_owned()).collect();
    prop_assert_eq!(&unlocked, &expected);
    let mine = |user_id: &str| user_id == diary.person.id();
    let announced: Vec<proto::AchievementUnlocked> = service.events().await;
    let mut announced: Vec<_> =
        announced.into_iter().filter(|event| mine(&event.user_id)).map(|event| event.achievement).collect();
    announced.sort();
    prop_assert_eq!(announced, expected.into_iter().collect::<Vec<_>>());

    let broken: Vec<proto::RecordSet> = service.events().await;
    let mut broken: Vec<_> = broken
        .into_iter()
        .filter(|event| mine(&event.user_id))
        .map(|event| {
            let marks = (to_gram(event.estimated_one_rep_max_kg), to_gram(event.previous_one_rep_max_kg));
            (event.exercise_id, marks.0, marks.1)
        })
        .collect();
    let mut expected: Vec<_> = model
        .announced
        .iter()
        .map(|(exercise, best, before)| (exercises[*exercise].clone(), to_gram(*best), to_gram(*before)))
        .collect();
    broken.sort();
    expected.sort();
    prop_assert_eq!(broken, expected);

    // What the weekly summary and the achievements count.
    let standing: i64 = sqlx::query_scalar("SELECT count(*) FROM record_marks WHERE user_id = $1")
        .bind(diary.person.user_id)
        .fetch_one(&service.pool)
        .await
        .unwrap();
    prop_assert_eq!(
        standing as usize,
        model.workouts.iter().map(|workout| workout.records.len()).sum::<usize>()
    );

    let stats = diary.get_stats(proto::GetStatsRequest::default()).await.unwrap().stats.unwrap();
    let working = || model.counting().flat_map(ModelWorkout::working);
    prop_assert_eq!(stats.workout_count as usize, model.counting().count());
    prop_assert_eq!(stats.set_count as usize, working().count());
    prop_assert_eq!(stats.rep_count, working().map(|set| set.done.reps).sum::<i32>());
    let half_kg: i64 = working().map(|set| set.done.half_kg * i64::from(set.done.reps)).sum();
    prop_assert_eq!(to_gram(stats.volume_kg), half_kg * 500);
    prop_assert_eq!(stats.weeks.iter().map(|week| week.workout_count).sum::<i32>(), stats.workout_count);
    Ok(())
}

#[test]
fn records_statistics_and_achievements_are_what_a_second_opinion_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (service, exercises) = runtime.block_on(async {
        let service = Service::start().await;
        let exercises = exercises(&service, 4).await;
        (service, exercises)
    });
    let config = Config { cases: 16, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(step(), 5..50), |steps| {
        runtime.block_on(play(&service, &exercises, &steps))
    });
    runtime.block_on(service.stop());
    outcome.unwrap();
}
