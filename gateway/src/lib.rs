//! The HTTP door: REST made from the contracts, files, the live feed, around it the limits and telemetry of a public
//! server.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests live by the clock of the machine"))]

mod app;
mod config;
mod feed;
mod files;
mod layers;
mod messages;
mod openapi;
mod pages;
mod problems;
mod process;
mod routes;
mod services;

pub use self::app::App;
pub use self::config::{GatewayConfig, http_addr};
pub use self::feed::FeedConfig;
pub use self::layers::client_identity::{NetworkError, TrustedProxies};
pub use self::layers::cors::{CorsOrigins, OriginError};
pub use self::process::Process;
pub use self::services::ServiceUrlError;

/// The gateway in traces and metrics.
pub const NAME: &str = "gateway";
