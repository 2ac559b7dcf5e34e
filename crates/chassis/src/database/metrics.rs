//! How busy a pool is, named by the OpenTelemetry conventions for databases
//! (<https://opentelemetry.io/docs/specs/semconv/database/database-metrics/>).

use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram};
use opentelemetry::{KeyValue, global};
use sqlx::PgPool;

/// Seconds; up to the longest wait that is allowed.
const WAIT_BOUNDARIES: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0];

/// The instruments of one pool.
#[derive(Debug)]
pub(super) struct PoolMetrics {
    pool: KeyValue,
    connections: Gauge<u64>,
    wait: Histogram<f64>,
    timeouts: Counter<u64>,
}

impl PoolMetrics {
    /// The metrics of a pool, which goes by the name that the database knows it by.
    pub(super) fn new(pool: &PgPool) -> Self {
        let meter = global::meter("chassis");
        let name = pool.connect_options().get_application_name().unwrap_or_default().to_owned();
        let labels = [KeyValue::new("db.client.connection.pool.name", name)];
        let max = meter
            .u64_gauge("db.client.connection.max")
            .with_unit("{connection}")
            .with_description("Most connections of the pool.")
            .build();
        max.record(u64::from(pool.options().get_max_connections()), &labels);
        let timeouts = meter
            .u64_counter("db.client.connection.timeouts")
            .with_unit("{timeout}")
            .with_description("Probes, one a second, that got no connection in time.")
            .build();
        timeouts.add(0, &labels);
        let [pool] = labels;
        Self {
            pool,
            connections: meter
                // The conventions' name, `….count`, is not one that a gauge of Prometheus may have.
                .u64_gauge("db.client.connection.usage")
                .with_unit("{connection}")
                .with_description("Connections of the pool by state, counted once a second.")
                .build(),
            wait: meter
                .f64_histogram("db.client.connection.wait_time")
                .with_unit("s")
                .with_description("How long a probe, one a second, waited for a connection.")
                .with_boundaries(WAIT_BOUNDARIES.to_vec())
                .build(),
            timeouts,
        }
    }

    /// Counts the connections.
    pub(super) fn count(&self, pool: &PgPool) {
        let idle = pool.num_idle() as u64;
        // The two numbers are read one after the other, so a connection may be counted as idle that is not open yet.
        let used = u64::from(pool.size()).saturating_sub(idle);
        for (state, connections) in [("idle", idle), ("used", used)] {
            let labels = [self.pool.clone(), KeyValue::new("db.client.connection.state", state)];
            self.connections.record(connections, &labels);
        }
    }

    /// A probe waited for a connection.
    pub(super) fn waited(&self, wait: Duration, error: Option<&sqlx::Error>) {
        let labels = std::slice::from_ref(&self.pool);
        match error {
            None => self.wait.record(wait.as_secs_f64(), labels),
            Some(sqlx::Error::PoolTimedOut) => self.timeouts.add(1, labels),
            Some(_) => {}
        }
    }
}
