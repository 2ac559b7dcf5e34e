//! Accounts, one-time codes, sessions and access tokens of Fitness Trainer, as a process of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::process::run::<user_svc::Process>()
}
