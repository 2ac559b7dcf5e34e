//! x
#![allow(clippy::unwrap_used, dead_code, reason = "x")]
#[path = "../training/diary.rs"] mod diary;
#[path = "../training/fixture.rs"] mod fixture;
#[path = "../training/history.rs"] mod history;
#[path = "../training/refusals.rs"] mod refusals;
#[path = "../training/reminders.rs"] mod reminders;
#[path = "../training/second_opinion.rs"] mod second_opinion;
#[path = "../training/workouts.rs"] mod workouts;
