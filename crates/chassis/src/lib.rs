//! What every service of Fitness Trainer needs and none should write again: configuration, telemetry, lifecycle,
//! health, the gRPC server and client shells, error codes, field rules, access tokens.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests live by the clock of the machine"))]

pub mod auth;
pub mod bus;
pub mod config;
pub mod database;
pub mod drain;
pub mod errors;
pub mod foreign;
pub mod frame;
pub mod grpc;
pub mod health;
pub mod http_server;
pub mod lifecycle;
pub mod limits;
pub mod mask;
pub mod migrations;
pub mod moment;
pub mod ops;
pub mod paging;
pub mod process;
pub mod sealing;
pub mod telemetry;
pub mod text;
pub mod time;
pub mod validation;
