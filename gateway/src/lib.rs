//! The HTTP door: REST made from the contracts, around it the limits and telemetry of a public server.

mod app;
mod config;
mod http_server;
mod layers;
mod routes;

pub use self::app::{App, BuildError};
pub use self::config::GatewayConfig;

/// The gateway in traces and metrics.
pub const NAME: &str = "gateway";
