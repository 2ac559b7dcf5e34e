use std::sync::Arc;

use bytes::Bytes;

use super::recorder::Recorder;
use super::{Bus, envelope, envelopes, fresh_group, publish_all};
use crate::{PublishError, Publisher, TraceContext};

/// Acknowledgements come in the order of the batch; where the broker says positions, they rise.
pub async fn a_batch_is_acknowledged_in_its_order<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let batch = envelopes(&topic, 7, 500);
    let results = bus.publisher().publish(&batch).await;
    let positions: Vec<_> =
        results.into_iter().filter_map(|result| result.expect("the record is taken").position).collect();
    assert!(positions.is_empty() || positions.len() == 500, "all records have a position or none");
    assert!(positions.is_sorted_by(|one, next| one < next), "{positions:?}");

    let stored = bus.read(&topic, batch.len()).await;
    for (envelope, record) in batch.iter().zip(stored) {
        assert_eq!(record.payload.as_deref(), Some(&envelope.payload[..]));
        assert_eq!(record.key.as_deref(), Some(envelope.key.as_bytes()));
        assert_eq!(record.header("ce_id"), envelope.id.to_string());
        assert_eq!(record.header("ce_type"), envelope.event_type);
        assert_eq!(record.header("content-type"), "application/protobuf");
    }
}

/// A record that is too large fails with those of its key behind it, and with no others.
pub async fn a_refused_record_blocks_its_key_alone<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let mut batch = vec![
        envelope(&topic, "a", 0),
        envelope(&topic, "b", 1),
        envelope(&topic, "b", 2),
        envelope(&topic, "a", 3),
    ];
    batch[1].payload = Bytes::from(vec![0; 64 << 20]);
    let results = bus.publisher().publish(&batch).await;
    assert!(
        matches!(
            results.as_slice(),
            [Ok(_), Err(PublishError::Refused(_)), Err(PublishError::Blocked), Ok(_)]
        ),
        "{results:?}"
    );
}

/// The trace of an envelope goes on in the record and in its delivery.
pub async fn the_trace_context_survives<B: Bus>(bus: &B) {
    let topic = bus.fresh_topic(1).await;
    let mut sent = envelope(&topic, "a", 0);
    sent.trace = TraceContext {
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        tracestate: Some("congo=t61rcWkgMzE".to_owned()),
    };
    publish_all(&bus.publisher(), &[sent]).await;
    let stored = bus.read(&topic, 1).await;
    assert!(stored[0].header("traceparent").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert_eq!(stored[0].header("tracestate"), "congo=t61rcWkgMzE");

    let recorder = Arc::new(Recorder::accepting());
    let member = bus.subscribe(&fresh_group(), &topic, Arc::clone(&recorder));
    recorder.wait_for("the record", |seen| seen.len() == 1).await;
    let trace = recorder.seen()[0].trace.clone();
    assert!(
        trace.traceparent.is_some_and(|parent| parent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"))
    );
    assert_eq!(trace.tracestate.as_deref(), Some("congo=t61rcWkgMzE"));
    member.stop().await;
}
