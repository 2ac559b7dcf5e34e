//! The SQL and the log that a test causes.
//!
//! sqlx reports each statement as an event. A test and the service that it talks to share one thread, so a store for
//! each thread keeps the tests of this process apart.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::Once;

use tracing::Level;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

thread_local! {
    static STATEMENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static LOG: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What only use cases do; the relay and the probes run beside them.
const OF_USE_CASES: [&str; 7] = [
    "users",
    "pending_registrations",
    "one_time_codes",
    "password_resets",
    "rate_limits",
    "outbox.enqueue",
    "pg_logical_emit_message",
];

/// Begins to record.
pub(crate) fn record() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Recorder)).unwrap();
    });
    take();
    log();
}

/// The statements of use cases on this thread since the last call.
pub(crate) fn take() -> Vec<String> {
    STATEMENTS.take()
}

/// All events on this thread since the recording began that an operator may see, and the fields of all spans.
pub(crate) fn log() -> String {
    LOG.take()
}

struct Recorder;

impl<S: tracing::Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let is_statement = metadata.target() == "sqlx::query";
        if !is_statement && *metadata.level() > Level::INFO {
            return;
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        LOG.with_borrow_mut(|log| log.push_str(&text.0));
        if is_statement && OF_USE_CASES.iter().any(|part| text.0.contains(part)) {
            STATEMENTS.with_borrow_mut(|statements| statements.push(text.0));
        }
    }

    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut text = Text(String::new());
        span.record(&mut text);
        LOG.with_borrow_mut(|log| log.push_str(&text.0));
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        write!(self.0, "{value:?} ").unwrap();
    }
}
