//! Traces, metrics and logs, wired once per process.
//!
//! Spans carry W3C trace context (<https://www.w3.org/TR/trace-context/>) whether or not anybody collects them: the
//! trace id is in every mail and every Kafka record, so it has to exist without a collector too.

mod context;
mod logs;
mod metrics;
mod traces;

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use self::context::{extract, inject, inject_untraced, trace_id};
pub use self::logs::LogFormat;
pub use self::metrics::metrics_text;
use crate::config::{Settings, WebUrl};

/// What the process tells of itself and where to.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// `service.name` of the resource.
    pub service_name: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log events are kept, in the syntax of `tracing_subscriber::EnvFilter`.
    pub log_filter: String,
    /// gRPC endpoint of an OTLP collector; without it nothing is exported.
    pub otlp_endpoint: Option<String>,
}

impl TelemetryConfig {
    /// Reads the settings.
    pub fn from_settings(settings: &mut Settings, service_name: &str) -> Self {
        Self {
            service_name: settings.value("OTEL_SERVICE_NAME", "Name in traces and metrics.", service_name),
            log_format: settings.value("LOG_FORMAT", "Log lines as `pretty` text or `json`.", "pretty"),
            log_filter: settings.value("LOG_LEVEL", "Least level of log events, or a filter.", "info"),
            otlp_endpoint: settings
                .optional("OTEL_EXPORTER_OTLP_ENDPOINT", "gRPC endpoint of an OTLP collector.")
                .map(|endpoint: WebUrl| endpoint.as_str().to_owned()),
        }
    }
}

/// Telemetry that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not in the syntax of `EnvFilter`.
    #[error("LOG_LEVEL is not a level (error, warn, info, debug, trace) or a filter such as info,sqlx=warn")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// The OTLP exporter does not take its endpoint.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT is not a URL such as http://127.0.0.1:4317")]
    Endpoint(#[source] opentelemetry_otlp::ExporterBuildError),
    /// The metrics registry does not take the exporter.
    #[error("metrics cannot be set up")]
    Metrics(#[source] opentelemetry_sdk::error::OTelSdkError),
    /// Telemetry was set up before.
    #[error("telemetry is set up already in this process")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Flushes what is left when the process ends.
#[derive(Debug)]
pub struct Telemetry {
    tracer: SdkTracerProvider,
    meter: SdkMeterProvider,
    logger: Option<SdkLoggerProvider>,
}

/// Longest time for the last export. It is a part of the ten seconds that a stop takes, so a collector that accepts and
/// never answers gets no more.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// Sets up telemetry for this process. Call it once, inside the runtime.
pub fn init(config: &TelemetryConfig) -> Result<Telemetry, TelemetryError> {
    let telemetry = Telemetry::of(config)?;
    opentelemetry::global::set_text_map_propagator(
        opentelemetry_sdk::propagation::TraceContextPropagator::new(),
    );
    opentelemetry::global::set_tracer_provider(telemetry.tracer.clone());
    opentelemetry::global::set_meter_provider(telemetry.meter.clone());

    tracing_subscriber::registry()
        .with(traces::layer(&telemetry.tracer))
        .with(telemetry.logger.as_ref().map(logs::export_layer))
        .with(logs::print_layer(config.log_format, &config.log_filter)?)
        .try_init()
        .map_err(TelemetryError::Twice)?;
    Ok(telemetry)
}

impl Telemetry {
    fn of(config: &TelemetryConfig) -> Result<Self, TelemetryError> {
        let resource = Resource::builder()
            .with_service_name(config.service_name.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("service.instance.id", uuid::Uuid::now_v7().to_string()))
            .build();
        let endpoint = config.otlp_endpoint.as_deref();
        Ok(Self {
            tracer: traces::provider(resource.clone(), endpoint)?,
            meter: metrics::provider(resource.clone(), endpoint)?,
            logger: logs::provider(resource, endpoint)?,
        })
    }

    /// Exports what is left, for two seconds at most.
    ///
    /// The exporters block while they flush, each for itself, so each has a thread. These are no threads of the runtime,
    /// which would wait for them at its own end.
    pub async fn shutdown(self) {
        let Self { tracer, meter, logger } = self;
        let flushed = [
            on_a_thread(move || tracer.shutdown_with_timeout(FLUSH_LIMIT)),
            on_a_thread(move || meter.shutdown_with_timeout(FLUSH_LIMIT)),
            on_a_thread(move || logger.map_or(Ok(()), |logger| logger.shutdown_with_timeout(FLUSH_LIMIT))),
        ];
        if tokio::time::timeout(FLUSH_LIMIT, futures::future::join_all(flushed)).await.is_err() {
            tracing::warn!("the last telemetry was not exported: the collector does not answer");
        }
    }
}

/// Resolves when `flush` has ended, whatever its outcome: a collector that is away is no failure of ours.
fn on_a_thread(
    flush: impl FnOnce() -> opentelemetry_sdk::error::OTelSdkResult + Send + 'static,
) -> tokio::sync::oneshot::Receiver<()> {
    let (ended, end) = tokio::sync::oneshot::channel();
    // A flush that cannot be started is one that has ended: the sender goes with the closure.
    let _ = std::thread::Builder::new().name("telemetry flush".to_owned()).spawn(move || {
        let _ = flush();
        let _ = ended.send(());
    });
    end
}

/// The parts that would feed back into themselves if their own spans and events were exported.
fn is_own_plumbing(target: &str) -> bool {
    ["h2", "hyper", "tonic", "tower", "opentelemetry", "rustls"].iter().any(|name| {
        target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '_']))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use opentelemetry::trace::{Tracer as _, TracerProvider as _};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_collector_that_accepts_and_never_answers_does_not_hold_up_a_stop() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let config = TelemetryConfig {
            service_name: "test".to_owned(),
            log_format: LogFormat::Pretty,
            log_filter: "info".to_owned(),
            // Nobody accepts: the system takes the connections, and what is sent stays unread.
            otlp_endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
        };
        let telemetry = Telemetry::of(&config).unwrap();
        telemetry.tracer.tracer("test").in_span("left over", |_| {});
        let since = Instant::now();
        telemetry.shutdown().await;
        let took = since.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}
