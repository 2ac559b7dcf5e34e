//! Spans to OpenTelemetry.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter as SpanExporterTrait, Tracer};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, Filtered, filter_fn};
use tracing_subscriber::registry::LookupSpan;

use super::{TelemetryError, is_own_plumbing};

pub(super) fn provider(
    resource: Resource,
    endpoint: Option<&str>,
) -> Result<SdkTracerProvider, TelemetryError> {
    let mut builder = SdkTracerProvider::builder().with_resource(resource);
    if let Some(endpoint) = endpoint {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()
            .map_err(TelemetryError::Endpoint)?;
        builder = builder.with_batch_exporter(Namespaced(exporter));
    }
    Ok(builder.build())
}

/// Gives attributes of ours a namespace: in the log they are `request_id` and the like, and elsewhere names without a dot
/// belong to the conventions. A trace id is in the span itself.
#[derive(Debug)]
struct Namespaced<E>(E);

impl<E: SpanExporterTrait> SpanExporterTrait for Namespaced<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        for span in &mut batch {
            span.attributes.retain(|attribute| attribute.key.as_str() != "trace_id");
            for attribute in &mut span.attributes {
                if !attribute.key.as_str().contains('.') {
                    attribute.key = format!("fitness.{}", attribute.key).into();
                }
            }
        }
        self.0.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// Turns spans of level INFO into OpenTelemetry spans; log events stay out of them.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> Filtered<OpenTelemetryLayer<S, Tracer>, FilterFn, S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("fitness-trainer"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(|metadata| {
            metadata.is_span()
                && *metadata.level() <= tracing::Level::INFO
                && !is_own_plumbing(metadata.target())
        }))
}
