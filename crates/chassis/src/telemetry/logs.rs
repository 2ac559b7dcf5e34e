//! Log events to the standard error and, if there is a collector, over OTLP.

use std::str::FromStr;
use std::time::SystemTime;

use opentelemetry::InstrumentationScope;
use opentelemetry::logs::LogRecord as _;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord, SdkLoggerProvider};
use tracing::Subscriber;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use super::{TelemetryError, is_own_plumbing};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err("it is `pretty` or `json`"),
        }
    }
}

/// Prints events. Spans add their fields, among them the trace id of the request.
pub(super) fn print_layer<S>(
    format: LogFormat,
    filter: &str,
) -> Result<Box<dyn Layer<S> + Send + Sync>, TelemetryError>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    // rdkafka reports as an error that a consumer which was closed in order is closed already when it is dropped.
    let quiet = "rdkafka::consumer::base_consumer=off";
    let filter = EnvFilter::try_new(format!("{filter},{quiet}")).map_err(TelemetryError::Filter)?;
    let layer = fmt::layer().with_writer(std::io::stderr);
    Ok(match format {
        LogFormat::Pretty => {
            layer.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).with_filter(filter).boxed()
        }
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    })
}

pub(super) fn provider(
    resource: Resource,
    endpoint: Option<&str>,
) -> Result<Option<SdkLoggerProvider>, TelemetryError> {
    let Some(endpoint) = endpoint else { return Ok(None) };
    let exporter = LogExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .map_err(TelemetryError::Endpoint)?;
    let builder = SdkLoggerProvider::builder().with_resource(resource);
    // Processors run in their order.
    Ok(Some(builder.with_log_processor(HappenedNow).with_batch_exporter(exporter).build()))
}

/// Says of each record when it happened: the bridge only knows when it was seen, which is the same.
#[derive(Debug)]
struct HappenedNow;

impl LogProcessor for HappenedNow {
    #[expect(clippy::disallowed_methods, reason = "a log record says when it was written")]
    fn emit(&self, record: &mut SdkLogRecord, _scope: &InstrumentationScope) {
        if record.timestamp().is_none() {
            record.set_timestamp(record.observed_timestamp().unwrap_or_else(SystemTime::now));
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }
}

pub(super) fn export_layer<S>(provider: &SdkLoggerProvider) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    OpenTelemetryTracingBridge::new(provider).with_filter(filter_fn(|metadata| {
        metadata.is_event()
            && *metadata.level() <= tracing::Level::INFO
            && !is_own_plumbing(metadata.target())
    }))
}
