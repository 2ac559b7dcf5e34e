//! Athletes, exercises, routines and workouts of Fitness Trainer, as a process of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::process::run::<workout_svc::Process>()
}
