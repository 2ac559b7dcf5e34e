//! user-svc over a real gRPC connection, on a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

mod answers;
mod bad_input;
mod calls;
mod change_password;
mod code_guessing;
mod delete_me;
mod ended_sessions;
mod files;
mod first_admin;
mod fixture;
mod hostile;
#[path = "../../../tests/hostile_events.rs"]
mod hostile_events;
mod housekeeping;
mod login;
mod login_code;
mod oracles;
mod outage;
mod profile;
mod rate_limits;
mod refresh;
mod register;
mod resend_code;
mod reset_password;
mod roles;
mod sessions;
mod sign_in;
mod statements;
mod tokens;
mod trainers;
mod users;
mod validation;
mod verify_email;
mod weak_passwords;
