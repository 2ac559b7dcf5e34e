//! Traces, metrics and logs, wired once per process.
//!
//! Spans carry W3C trace context (<https://www.w3.org/TR/trace-context/>) whether or not anybody collects them: the
//! trace id is in every mail and every Kafka record, so it has to exist without a collector too.

mod context;
mod logs;
mod metrics;
mod traces;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use self::context::{extract, inject, trace_id};
pub use self::logs::LogFormat;
pub use self::metrics::metrics_text;
use crate::config::Settings;

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
                .optional("OTEL_EXPORTER_OTLP_ENDPOINT", "gRPC endpoint of an OTLP collector."),
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
    ended: Mutex<bool>,
}

/// Sets up telemetry for this process. Call it once, inside the runtime.
pub fn init(config: &TelemetryConfig) -> Result<Telemetry, TelemetryError> {
    let resource = Resource::builder()
        .with_service_name(config.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let endpoint = config.otlp_endpoint.as_deref();
    let tracer = traces::provider(resource.clone(), endpoint)?;
    let meter = metrics::provider(resource.clone(), endpoint)?;
    let logger = logs::provider(resource, endpoint)?;

    opentelemetry::global::set_text_map_propagator(
        opentelemetry_sdk::propagation::TraceContextPropagator::new(),
    );
    opentelemetry::global::set_tracer_provider(tracer.clone());
    opentelemetry::global::set_meter_provider(meter.clone());

    tracing_subscriber::registry()
        .with(traces::layer(&tracer))
        .with(logger.as_ref().map(logs::export_layer))
        .with(logs::print_layer(config.log_format, &config.log_filter)?)
        .try_init()
        .map_err(TelemetryError::Twice)?;
    Ok(Telemetry { tracer, meter, logger, ended: Mutex::new(false) })
}

impl Telemetry {
    /// Exports what is left, for five seconds at most.
    ///
    /// The exporters block while they flush, so this runs on a blocking thread and not on a worker of the runtime.
    pub async fn shutdown(self) {
        let flushed = tokio::task::spawn_blocking(move || self.flush()).await;
        if flushed.is_err() {
            tracing::warn!("the last telemetry was not exported");
        }
    }

    fn flush(&self) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *ended, true) {
            return;
        }
        let limit = Duration::from_secs(5);
        // Nothing is left to report a failure to but the log, and a collector that is away is no failure of ours.
        let _ = self.tracer.shutdown_with_timeout(limit);
        let _ = self.meter.shutdown_with_timeout(limit);
        let _ = self.logger.as_ref().map(|logger| logger.shutdown_with_timeout(limit));
    }
}

/// The parts that would feed back into themselves if their own spans and events were exported.
fn is_own_plumbing(target: &str) -> bool {
    ["h2", "hyper", "tonic", "tower", "opentelemetry", "rustls"].iter().any(|name| {
        target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '_']))
    })
}
