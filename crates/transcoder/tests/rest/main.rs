//! The transcoder in front of a real gRPC server on loopback.

#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod answers;
mod bodies;
mod build;
mod headers;
mod library;
mod openapi;
mod patch;
mod paths;
mod problems;
mod properties;
mod queries;
