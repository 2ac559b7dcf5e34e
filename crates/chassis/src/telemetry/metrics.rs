//! Metrics for Prometheus and, if there is a collector, over OTLP.

use std::sync::LazyLock;

use opentelemetry_otlp::{MetricExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::proto::MetricFamily;
use prometheus::{Registry, TextEncoder};

use super::TelemetryError;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let registry = Registry::new();
    // Processor time, memory and open files are read from /proc at each scrape.
    #[cfg(target_os = "linux")]
    registry
        .register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
        .expect("nothing else is registered under these names");
    registry
});

pub(super) fn provider(
    resource: Resource,
    endpoint: Option<&str>,
) -> Result<SdkMeterProvider, TelemetryError> {
    let prometheus = opentelemetry_prometheus::exporter()
        .with_registry(REGISTRY.clone())
        .build()
        .map_err(TelemetryError::Metrics)?;
    let mut builder = SdkMeterProvider::builder().with_resource(resource).with_reader(prometheus);
    if let Some(endpoint) = endpoint {
        let exporter = MetricExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()
            .map_err(TelemetryError::Endpoint)?;
        builder = builder.with_periodic_exporter(exporter);
    }
    Ok(builder.build())
}

/// All metrics of this process, and `more`, in the Prometheus text format.
pub fn metrics_text(more: Vec<MetricFamily>) -> String {
    let mut families = REGISTRY.gather();
    families.extend(more);
    TextEncoder::new().encode_to_string(&families).unwrap_or_else(|error| {
        tracing::error!(%error, "metrics cannot be written");
        String::new()
    })
}
