//! The spans of the bus: request → `send` → `process`, one trace.

#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use embedded::broker::Broker;
use eventbus::{ConsumerConfig, Delivery, Envelope, Handler, Outcome, Publisher, TopicSpec, TraceContext};
use eventbus_kafka::{KafkaConfig, KafkaConsumer, KafkaPublisher, create_topics};
use opentelemetry::Value;
use opentelemetry::trace::{SpanKind, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt;
use uuid::Uuid;

struct Traces(mpsc::UnboundedSender<TraceContext>);

impl Handler for Traces {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        for delivery in batch {
            self.0.send(delivery.trace()).expect("the test listens");
        }
        vec![Outcome::Done; batch.len()]
    }
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name)?;
    Some(match &found.value {
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_spans_of_a_record_are_one_trace() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();

    let broker = Broker::start(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let kafka = KafkaConfig::new(&broker.addr().to_string(), "test");
    let topic = TopicSpec { name: "test.events".to_owned(), partitions: 1, replication: 1 };
    create_topics(&kafka, &[topic]).await.unwrap();
    let stored = TraceContext {
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        tracestate: Some("congo=t61rcWkgMzE".to_owned()),
    };
    let envelope = Envelope {
        id: Uuid::now_v7(),
        event_type: "test.v1.Event".to_owned(),
        source: "test".to_owned(),
        subject: "someone@example.org".to_owned(),
        time: Utc::now(),
        topic: "test.events".to_owned(),
        key: "someone@example.org".to_owned(),
        payload: Bytes::from_static(b"payload"),
        trace: stored,
    };
    let publisher = KafkaPublisher::new(&kafka).unwrap();
    for result in publisher.publish(std::slice::from_ref(&envelope)).await {
        result.unwrap();
    }
    let (sender, mut traces) = mpsc::unbounded_channel();
    let shutdown = CancellationToken::new();
    let consumer = KafkaConsumer::new(&kafka, ConsumerConfig::new("test-group", &["test.events"])).unwrap();
    let running = tokio::spawn(consumer.run(Traces(sender), shutdown.clone()));
    let delivered = tokio::time::timeout(Duration::from_mins(1), traces.recv()).await.unwrap().unwrap();
    shutdown.cancel();
    running.await.unwrap().unwrap();
    broker.stop().await;

    let spans = exporter.get_finished_spans().unwrap();
    let find = |name: &str| {
        spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:?}"))
    };
    let (send, process) = (find("send test.events"), find("process test.events"));
    assert_eq!(send.span_kind, SpanKind::Producer);
    assert_eq!(send.parent_span_id.to_string(), "00f067aa0ba902b7");
    assert_eq!(process.span_kind, SpanKind::Consumer);
    assert_eq!(process.parent_span_id, send.span_context.span_id());
    for span in [send, process] {
        assert_eq!(span.span_context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span.span_context.trace_state().header(), "congo=t61rcWkgMzE");
        assert_eq!(attribute(span, "messaging.system").as_deref(), Some("kafka"));
        assert_eq!(attribute(span, "messaging.destination.name").as_deref(), Some("test.events"));
        assert_eq!(attribute(span, "messaging.destination.partition.id").as_deref(), Some("0"));
        assert_eq!(attribute(span, "messaging.kafka.offset").as_deref(), Some("0"));
        assert_eq!(attribute(span, "messaging.message.id"), Some(envelope.id.to_string()));
        assert!(!format!("{span:?}").contains("someone"), "keys and subjects stay out of spans");
    }
    assert_eq!(attribute(process, "messaging.consumer.group.name").as_deref(), Some("test-group"));
    let expected = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", process.span_context.span_id());
    assert_eq!(delivered.traceparent, Some(expected));
}
