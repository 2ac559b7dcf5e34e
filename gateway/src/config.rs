//! Settings of the gateway.

use std::net::SocketAddr;
use std::time::Duration;

use chassis::bus::BusSettings;
use chassis::config::Settings;
use chassis::drain::DrainConfig;
use chassis::grpc::client::Endpoints;
use chassis::http_server::HttpLimits;

use crate::feed::FeedConfig;
use crate::layers::client_identity::TrustedProxies;
use crate::layers::cors::CorsOrigins;

/// Settings of the gateway.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Where clients connect; port 0 picks one.
    pub http_addr: SocketAddr,
    /// Where the operator looks; port 0 picks one.
    pub ops_addr: SocketAddr,
    /// user-svc's gRPC endpoints.
    pub user_svc_url: String,
    /// workout-svc's gRPC endpoints.
    pub workout_svc_url: String,
    /// notify-svc's gRPC endpoints.
    pub notify_svc_url: String,
    /// HTTP/2 connections to each replica of a service.
    pub connections_per_service: usize,
    /// Longest request body in bytes.
    pub max_body_bytes: usize,
    /// Time for a request whose caller names none.
    pub default_timeout: Duration,
    /// Longest time for a request, whatever its caller asks for.
    pub max_timeout: Duration,
    /// Most requests at one time.
    pub max_concurrent_requests: usize,
    /// Most requests of one network at one time.
    pub max_requests_per_network: usize,
    /// Most files on their way at one time, up or down; one network gets a quarter.
    pub max_file_transfers: usize,
    /// Origins whose pages may call the API.
    pub cors_origins: CorsOrigins,
    /// What clients may take of the port.
    pub http_limits: HttpLimits,
    /// Issuer that access tokens have to be of.
    pub jwt_issuer: String,
    /// Proxies whose word is taken for the address of a client.
    pub trusted_proxies: TrustedProxies,
    /// The broker, for the live feed.
    pub kafka: BusSettings,
    /// Limits of the live feed.
    pub feed: FeedConfig,
    /// The times of a stop.
    pub drain: DrainConfig,
}

/// Reads where a service is.
fn endpoints(
    settings: &mut Settings,
    name: &'static str,
    description: &'static str,
    default: &str,
) -> String {
    let Endpoints(urls) = settings.value(name, description, default);
    urls
}

impl GatewayConfig {
    /// Reads the settings.
    pub fn from_settings(settings: &mut Settings) -> Self {
        Self {
            http_addr: http_addr(settings),
            ops_addr: ops_addr(settings),
            user_svc_url: endpoints(
                settings,
                "USER_SVC_URL",
                "user-svc's gRPC endpoints, separated by commas; a name counts with all its addresses.",
                "http://127.0.0.1:50051",
            ),
            workout_svc_url: endpoints(
                settings,
                "WORKOUT_SVC_URL",
                "workout-svc's gRPC endpoints, separated by commas; a name counts with all its addresses.",
                "http://127.0.0.1:50052",
            ),
            notify_svc_url: endpoints(
                settings,
                "NOTIFY_SVC_URL",
                "notify-svc's gRPC endpoints, separated by commas; a name counts with all its addresses.",
                "http://127.0.0.1:50053",
            ),
            connections_per_service: settings.number(
                "GATEWAY_CONNECTIONS_PER_SERVICE",
                "HTTP/2 connections to each replica of a service.",
                4,
                1..=64,
            ),
            max_body_bytes: settings.number(
                "GATEWAY_MAX_BODY_BYTES",
                "Longest JSON request body in bytes.",
                65_536,
                1_024..=4_194_304,
            ),
            default_timeout: settings.time(
                "GATEWAY_TIMEOUT_MS",
                "Time for a request whose caller names none.",
                10_000,
                100..=600_000,
            ),
            max_timeout: settings.time(
                "GATEWAY_MAX_TIMEOUT_MS",
                "Longest time for a request.",
                30_000,
                100..=600_000,
            ),
            max_concurrent_requests: settings.number(
                "GATEWAY_MAX_CONCURRENT_REQUESTS",
                "Most requests at one time; the next one is told to come again.",
                1_024,
                1..=1_000_000,
            ),
            max_requests_per_network: settings.number(
                "GATEWAY_MAX_CONCURRENT_REQUESTS_PER_NETWORK",
                "Most requests at one time of one address, with IPv6 of one /56.",
                512,
                1..=1_000_000,
            ),
            max_file_transfers: settings.number(
                "GATEWAY_MAX_FILE_TRANSFERS",
                "Most files on their way at one time, up or down; one network gets a quarter of it.",
                256,
                1..=100_000,
            ),
            cors_origins: settings.value(
                "GATEWAY_CORS_ORIGINS",
                "Origins whose pages may call the API, separated by commas, such as https://app.example.com.",
                "",
            ),
            http_limits: http_limits(settings),
            jwt_issuer: settings.value(
                "JWT_ISSUER",
                "Issuer in the access tokens.",
                "https://fitness-trainer.local",
            ),
            trusted_proxies: settings.value(
                "TRUSTED_PROXIES",
                "Proxies whose X-Forwarded-For is believed, as addresses or networks separated by commas.",
                "",
            ),
            kafka: BusSettings::from_settings(settings, crate::NAME).checking(settings),
            feed: FeedConfig::from_settings(settings),
            drain: DrainConfig::from_settings(settings, 8),
        }
    }
}

impl GatewayConfig {
    /// The times of the gateway's stop: connections get the deadline, and a moment to close.
    pub(crate) fn stop(&self) -> DrainConfig {
        DrainConfig { deadline: self.drain.deadline + Duration::from_secs(1), ..self.drain }
    }
}

/// Reads where clients connect.
pub fn http_addr(settings: &mut Settings) -> SocketAddr {
    settings.value("GATEWAY_HTTP_ADDR", "Address of the HTTP server.", "127.0.0.1:8080")
}

fn http_limits(settings: &mut Settings) -> HttpLimits {
    HttpLimits {
        head: Duration::from_secs(15),
        idle: Duration::from_secs(75),
        answer: Duration::from_mins(1),
        connections: settings.number(
            "GATEWAY_MAX_CONNECTIONS",
            "Most connections at one time, those of the live feed among them.",
            16_384,
            1..=1_000_000,
        ),
        connections_per_network: settings.number(
            "GATEWAY_MAX_CONNECTIONS_PER_NETWORK",
            "Most connections at one time of one address, with IPv6 of one /56; TRUSTED_PROXIES have no limit.",
            1_024,
            1..=1_000_000,
        ),
    }
}

/// Reads where health and metrics are served.
pub(crate) fn ops_addr(settings: &mut Settings) -> SocketAddr {
    settings.value(
        "GATEWAY_OPS_ADDR",
        "Address of the gateway's /livez, /readyz and /metrics.",
        "127.0.0.1:9464",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_services_are_and_who_may_call_is_refused_by_the_name_of_the_setting() {
        for name in ["USER_SVC_URL", "WORKOUT_SVC_URL", "NOTIFY_SVC_URL", "GATEWAY_CORS_ORIGINS"] {
            for value in [
                "javascript:alert(1)",
                "ftp://fitness.example.org",
                "data:text/html,hello",
                "file:///etc/passwd",
                "fitness.example.org",
                "http://me:hunter2@fitness.example.org",
                "http://fitness.example.org?a=b",
                "http://fitness.example.org#top",
            ] {
                let mut settings = Settings::from_pairs([(name, value)]);
                GatewayConfig::from_settings(&mut settings);
                let problems = settings.finish().unwrap_err().0;
                let found: Vec<_> = problems.iter().filter(|problem| problem.starts_with(name)).collect();
                assert_eq!(found.len(), 1, "{name}={value}: {problems:?}");
                assert!(found[0].contains("such as http") && !found[0].contains("hunter2"), "{found:?}");
            }
        }
    }
}
