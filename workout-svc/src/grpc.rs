//! The gRPC services: requests in, use case, responses out. Nothing is decided here.

mod exercise_message;
mod exercise_service;
mod failure;
mod reminder_service;
mod routine_message;
mod routine_service;
mod set_plan_message;
mod trainer_message;
mod trainer_service;
mod words;
mod workout_message;
mod workout_service;

pub(crate) use self::exercise_service::ExerciseApi;
pub(crate) use self::reminder_service::ReminderApi;
pub(crate) use self::routine_service::RoutineApi;
pub(crate) use self::trainer_service::TrainerApi;
pub(crate) use self::workout_service::WorkoutApi;
