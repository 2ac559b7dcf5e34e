//! user-svc over a real gRPC connection, on a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod fixture;
mod login;
mod outage;
mod register;
mod resend_code;
mod statements;
mod tokens;
mod validation;
mod verify_email;
