//! What an operator watches: who makes the plans, and why a model did not.

use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};

use crate::model::routine::PlannerKind;

/// The instruments of the planner.
#[derive(Debug)]
pub(super) struct Metrics {
    plans: Counter<u64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let plans = global::meter("workout-svc")
            .u64_counter("workout.planner.plans")
            .with_unit("{plan}")
            .with_description("Plans by who made them, and why a model did not where one is configured.")
            .build();
        Self { plans }
    }
}

impl Metrics {
    /// A plan was made; `fallback` says why a model did not make it.
    pub(super) fn made(&self, planner: PlannerKind, fallback: Option<&'static str>) {
        let planner = KeyValue::new("planner", planner.name());
        self.plans.add(1, &[planner, KeyValue::new("fallback", fallback.unwrap_or("none"))]);
    }
}
