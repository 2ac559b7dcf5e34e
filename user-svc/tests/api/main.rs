//! user-svc over a real gRPC connection, on a real PostgreSQL.

mod answers;
mod fixture;
mod login;
mod outage;
mod register;
mod resend_code;
mod shim;
mod tokens;
mod validation;
mod verify_email;
