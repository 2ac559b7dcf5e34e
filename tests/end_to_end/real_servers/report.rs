//! Lines for who watches: tests of minutes should say where they are, and what they measured.

use std::io::Write as _;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Prints a line past the test's own output, which nobody sees of a test that passes.
pub(super) fn say(line: &str) {
    let seconds = START.elapsed().as_secs();
    let line = format!("[real servers {:>2}:{:02}] {line}\n", seconds / 60, seconds % 60);
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// The usual points of a distribution, in milliseconds.
pub(super) fn points(times: impl IntoIterator<Item = Duration>) -> String {
    let mut histogram = Histogram::<u64>::new(3).unwrap();
    for time in times {
        histogram.record(time.as_micros() as u64).unwrap();
    }
    let ms = |micros: u64| micros as f64 / 1_000.0;
    format!(
        "p50 {:.0} ms, p99 {:.0} ms, longest {:.0} ms",
        ms(histogram.value_at_quantile(0.5)),
        ms(histogram.value_at_quantile(0.99)),
        ms(histogram.max())
    )
}
