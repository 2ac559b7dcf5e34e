//! What `/readyz` says, as metrics.
//!
//! They are made at each scrape from the health of the one service whose port is asked: several services in one process
//! share their other metrics, but each has a health of its own.

use prometheus::proto::MetricFamily;
use prometheus::{IntGauge, IntGaugeVec, Opts, Registry};

use crate::health::{Need, Report, State};

const FITS: &str = "names and labels are fixed and fit";

/// The report as metrics.
pub(super) fn families(report: &Report) -> Vec<MetricFamily> {
    let registry = Registry::new();
    for (name, help, value) in [
        ("fitness_service_ready", "1 while the service takes calls.", report.ready),
        ("fitness_service_draining", "1 while the service is stopping.", report.draining),
    ] {
        let gauge = IntGauge::new(name, help).expect(FITS);
        gauge.set(i64::from(value));
        registry.register(Box::new(gauge)).expect(FITS);
    }
    let help = "1 while the dependency answers; the service is not ready without one that is required.";
    let dependencies =
        IntGaugeVec::new(Opts::new("fitness_dependency_up", help), &["dependency", "need"]).expect(FITS);
    for (name, status) in &report.dependencies {
        let need = match status.need {
            Need::Required => "required",
            Need::Deferrable => "deferrable",
        };
        dependencies.with_label_values(&[name, need]).set(i64::from(status.state == State::Up));
    }
    registry.register(Box::new(dependencies)).expect(FITS);
    registry.gather()
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;

    use super::*;
    use crate::health::Health;

    #[test]
    fn each_dependency_is_a_series_and_an_unknown_one_is_not_up() {
        let health = Health::default();
        health.dependency("postgres", Need::Required).up();
        health.dependency("kafka", Need::Deferrable).down("connection refused");
        health.dependency("smtp", Need::Deferrable);
        let text = TextEncoder::new().encode_to_string(&families(&health.report())).unwrap();
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                r#"fitness_dependency_up{dependency="kafka",need="deferrable"} 0"#,
                r#"fitness_dependency_up{dependency="postgres",need="required"} 1"#,
                r#"fitness_dependency_up{dependency="smtp",need="deferrable"} 0"#,
                "fitness_service_draining 0",
                "fitness_service_ready 1",
            ]
        );
    }
}
