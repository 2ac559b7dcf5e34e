//! The trace of the writer is stored with the event.

use crate::fixture::{database, event};
use eventbus::TraceContext;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use outbox::Outbox;
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;

#[tokio::test]
async fn an_event_keeps_the_trace_in_which_it_was_written() {
    let tracer = SdkTracerProvider::builder().build().tracer("test");
    let subscriber = tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(tracer));
    // The runtime of this test has one thread, so the subscriber of the thread sees everything.
    let _subscriber = tracing::subscriber::set_default(subscriber);
    let (pool, outbox) = (database().await, Outbox::new("test"));
    let span = tracing::info_span!("request");
    let written = async {
        let mut transaction = pool.begin().await.unwrap();
        outbox.enqueue(&mut transaction, &event("a", 1)).await.unwrap();
        transaction.commit().await.unwrap();
        TraceContext::current().traceparent
    };
    let expected = written.instrument(span).await;
    let stored: Option<String> =
        sqlx::query_scalar("SELECT traceparent FROM outbox.events").fetch_one(&pool).await.unwrap();
    assert!(expected.is_some());
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn events_of_one_statement_keep_each_its_own_trace() {
    let (pool, outbox) = (database().await, Outbox::new("test"));
    let traces = ["1", "2"].map(|digit| TraceContext {
        traceparent: Some(format!("00-{}-{}-01", digit.repeat(32), digit.repeat(16))),
        tracestate: None,
    });
    let encoded = traces.clone().map(|trace| outbox.encode(&event("a", 1), trace));
    outbox.write(&mut pool.acquire().await.unwrap(), &encoded).await.unwrap();
    let stored: Vec<Option<String>> =
        sqlx::query_scalar("SELECT traceparent FROM outbox.events ORDER BY position")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(stored, traces.map(|trace| trace.traceparent));
}
