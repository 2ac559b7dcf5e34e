//! Somebody who keeps a training log, seen through the API.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::workout::v1 as proto;
use prost_types::Timestamp;
use proto::reminder_service_client::ReminderServiceClient;
use proto::workout_service_client::WorkoutServiceClient;
use tonic::Status;
use tonic::transport::Channel;

use crate::fixture::{Person, Service, timestamp};

/// An athlete with the two clients of the training log.
#[derive(Clone)]
pub(crate) struct Diary {
    pub(crate) person: Person,
    workouts: WorkoutServiceClient<Channel>,
    reminders: ReminderServiceClient<Channel>,
}

/// Writes a call of a client as a method.
macro_rules! calls {
    ($($client:ident.$method:ident($request:ident) -> $response:ident;)+) => {
        impl Diary {
            $(pub(crate) async fn $method(&self, request: proto::$request) -> Result<proto::$response, Status> {
                Ok(self.$client.clone().$method(self.person.ask(request)).await?.into_inner())
            })+
        }
    };
}

calls! {
    workouts.start_workout(StartWorkoutRequest) -> StartWorkoutResponse;
    workouts.get_workout(GetWorkoutRequest) -> GetWorkoutResponse;
    workouts.list_workouts(ListWorkoutsRequest) -> ListWorkoutsResponse;
    workouts.update_workout(UpdateWorkoutRequest) -> UpdateWorkoutResponse;
    workouts.delete_workout(DeleteWorkoutRequest) -> DeleteWorkoutResponse;
    workouts.finish_workout(FinishWorkoutRequest) -> FinishWorkoutResponse;
    workouts.log_set(LogSetRequest) -> LogSetResponse;
    workouts.update_set(UpdateSetRequest) -> UpdateSetResponse;
    workouts.delete_set(DeleteSetRequest) -> DeleteSetResponse;
    workouts.list_sets(ListSetsRequest) -> ListSetsResponse;
    workouts.get_stats(GetStatsRequest) -> GetStatsResponse;
    workouts.list_records(ListRecordsRequest) -> ListRecordsResponse;
    workouts.list_achievements(ListAchievementsRequest) -> ListAchievementsResponse;
    reminders.create_reminder(CreateReminderRequest) -> CreateReminderResponse;
    reminders.get_reminder(GetReminderRequest) -> GetReminderResponse;
    reminders.list_reminders(ListRemindersRequest) -> ListRemindersResponse;
    reminders.update_reminder(UpdateReminderRequest) -> UpdateReminderResponse;
    reminders.delete_reminder(DeleteReminderRequest) -> DeleteReminderResponse;
}

impl Diary {
    /// Opens an account in a time zone and answers its diary.
    pub(crate) async fn open(service: &Service, time_zone: &str) -> Self {
        let person = service.stranger();
        service.take(&service.registered(&person, "Anna", "en", time_zone)).await;
        Self::of(service, person)
    }

    /// The diary of somebody.
    pub(crate) fn of(service: &Service, person: Person) -> Self {
        Self {
            person,
            workouts: WorkoutServiceClient::new(service.channel.clone()),
            reminders: ReminderServiceClient::new(service.channel.clone()),
        }
    }

    /// Starts a workout now.
    pub(crate) async fn start(&self) -> proto::Workout {
        self.start_workout(proto::StartWorkoutRequest::default()).await.unwrap().workout.unwrap()
    }

    /// Starts a workout that was at another time.
    pub(crate) async fn start_at(&self, start_time: DateTime<Utc>) -> proto::Workout {
        let request =
            proto::StartWorkoutRequest { start_time: Some(timestamp(start_time)), ..Default::default() };
        self.start_workout(request).await.unwrap().workout.unwrap()
    }

    /// Logs a set of repetitions with a weight.
    pub(crate) async fn log(
        &self,
        workout_id: &str,
        exercise_id: &str,
        reps: i32,
        weight_kg: f64,
    ) -> proto::WorkoutSet {
        let request = set(workout_id, exercise_id, reps, weight_kg);
        self.log_set(request).await.unwrap().set.unwrap()
    }

    /// Finishes a workout now.
    pub(crate) async fn finish(&self, workout_id: &str) -> proto::Workout {
        let request = proto::FinishWorkoutRequest { workout_id: workout_id.to_owned(), finish_time: None };
        self.finish_workout(request).await.unwrap().workout.unwrap()
    }

    /// Does a workout of one set.
    pub(crate) async fn train(&self, exercise_id: &str, reps: i32, weight_kg: f64) -> proto::Workout {
        let workout_id = self.start().await.workout_id;
        self.log(&workout_id, exercise_id, reps, weight_kg).await;
        self.finish(&workout_id).await
    }

    /// Sets a reminder.
    pub(crate) async fn remind(&self, request: proto::CreateReminderRequest) -> proto::Reminder {
        self.create_reminder(request).await.unwrap().reminder.unwrap()
    }

    /// All records.
    pub(crate) async fn records(&self) -> Vec<proto::Record> {
        self.list_records(proto::ListRecordsRequest::default()).await.unwrap().records
    }

    /// The names of the achievements that are unlocked.
    pub(crate) async fn unlocked(&self) -> Vec<String> {
        let listed = self.list_achievements(proto::ListAchievementsRequest {}).await.unwrap();
        let unlocked = listed.achievements.into_iter().filter(|achievement| achievement.unlocked);
        unlocked.map(|achievement| achievement.achievement).collect()
    }
}

/// A set to log.
pub(crate) fn set(workout_id: &str, exercise_id: &str, reps: i32, weight_kg: f64) -> proto::LogSetRequest {
    proto::LogSetRequest {
        workout_id: workout_id.to_owned(),
        exercise_id: exercise_id.to_string(),
        reps: Some(reps),
        weight_kg: Some(weight_kg),
        ..Default::default()
    }
}

/// A reminder on every day.
pub(crate) fn daily(time_of_day: &str) -> proto::CreateReminderRequest {
    proto::CreateReminderRequest {
        message: "Time to train".to_owned(),
        time_of_day: time_of_day.to_owned(),
        ..Default::default()
    }
}

/// A moment of a message.
pub(crate) fn moment(time: Option<Timestamp>) -> DateTime<Utc> {
    let time = time.expect("the time is given");
    DateTime::from_timestamp(time.seconds, time.nanos as u32).unwrap()
}

/// Some exercises of the catalogue in which repetitions are counted.
pub(crate) async fn exercises(service: &Service, count: i64) -> Vec<String> {
    let query = "SELECT exercise_id::text FROM exercises WHERE measure = 'reps' ORDER BY slug LIMIT $1";
    sqlx::query_scalar(query).bind(count).fetch_all(&service.pool).await.unwrap()
}
