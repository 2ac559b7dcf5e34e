//! E-mails of Fitness Trainer, from events over a ledger to the SMTP relay, as a process of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::process::run::<notify_svc::Process>()
}
