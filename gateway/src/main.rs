//! The HTTP door of Fitness Trainer as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::process::run::<gateway::Process>()
}
