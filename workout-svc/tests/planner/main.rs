//! The planner: properties over all requests, broken plans, and a model behind a real HTTP server.
// clippy's exception for tests covers the test functions, not what they share.
#![allow(clippy::unwrap_used)]

mod broken_plans;
mod endpoint;
mod log;
mod model;
mod outages;
mod properties;
mod requests;
