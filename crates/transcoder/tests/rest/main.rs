//! The transcoder in front of a real gRPC server on loopback.

#![recursion_limit = "256"]

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
