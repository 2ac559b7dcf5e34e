//! What an operator watches: notifications by outcome, the SMTP relay's answers, the backlog, how long mails take.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use opentelemetry::metrics::{Counter, Gauge, Histogram};
use opentelemetry::{KeyValue, global};

use crate::ledger::attempts::Settled;
use crate::ledger::backlog::{Overdue, Waiting};
use crate::ledger::dead_letters;
use crate::notification::{Category, State, Template};

/// Seconds; from a mail that goes out at once to one that waited for the morning.
const BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 3600.0, 43_200.0];

/// The states of rows that are not final.
const OPEN: [State; 4] = [State::Pending, State::Sending, State::Deferred, State::InDoubt];

/// The instruments of this service.
#[derive(Debug)]
pub struct Metrics {
    notifications: Counter<u64>,
    attempts: Counter<u64>,
    unknown_events: Counter<u64>,
    forgotten_events: Counter<u64>,
    delivery: Histogram<f64>,
    event_to_mail: Histogram<f64>,
    backlog: Gauge<u64>,
    backlog_age: Gauge<f64>,
    overdue: Gauge<u64>,
    overdue_age: Gauge<f64>,
    breaker_open: Gauge<u64>,
    dead_letters: Gauge<u64>,
    /// Groups that had dead letters: they are set to zero once those are gone.
    seen: Mutex<HashSet<String>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let meter = global::meter("notify-svc");
        let metrics = Self {
            notifications: meter
                .u64_counter("notify.notifications")
                .with_unit("{change}")
                .with_description("Changes of notifications, by the state they went to.")
                .build(),
            attempts: meter
                .u64_counter("notify.smtp.attempts")
                .with_unit("{attempt}")
                .with_description("SMTP attempts by outcome and reply code.")
                .build(),
            unknown_events: meter
                .u64_counter("notify.events.unknown")
                .with_unit("{event}")
                .with_description("Events of a type that this service does not know.")
                .build(),
            forgotten_events: meter
                .u64_counter("notify.events.forgotten")
                .with_unit("{event}")
                .with_description("Events for a mail that are older than what the ledger remembers.")
                .build(),
            delivery: meter
                .f64_histogram("notify.delivery.duration")
                .with_unit("s")
                .with_description("From the ledger row to the relay's acceptance.")
                .with_boundaries(BOUNDARIES.to_vec())
                .build(),
            event_to_mail: meter
                .f64_histogram("notify.event_to_mail.duration")
                .with_unit("s")
                .with_description("From the event to the relay's acceptance.")
                .with_boundaries(BOUNDARIES.to_vec())
                .build(),
            backlog: meter
                .u64_gauge("notify.backlog")
                .with_unit("{notification}")
                .with_description("Open notifications by state.")
                .build(),
            backlog_age: meter
                .f64_gauge("notify.backlog.oldest_age")
                .with_unit("s")
                .with_description("Age of the oldest open notification by state.")
                .build(),
            overdue: meter
                .u64_gauge("notify.backlog.overdue")
                .with_unit("{notification}")
                .with_description("Notifications that are due and not sent, by category.")
                .build(),
            overdue_age: meter
                .f64_gauge("notify.backlog.overdue.age")
                .with_unit("s")
                .with_description("How long the longest waiting of them has been due, by category.")
                .build(),
            breaker_open: meter
                .u64_gauge("notify.smtp.breaker_open")
                .with_unit("{breaker}")
                .with_description("1 while sending pauses because the relay is away.")
                .build(),
            dead_letters: meter
                .u64_gauge("notify.dead_letters")
                .with_unit("{letter}")
                .with_description("Dead letters that wait for somebody, by consumer group.")
                .build(),
            seen: Mutex::default(),
        };
        metrics.start_from_zero();
        metrics
    }
}

impl Metrics {
    /// Counts that begin with their first one have not risen, and an alert on them stays silent.
    fn start_from_zero(&self) {
        for state in [State::Pending, State::Cancelled, State::Expired, State::Skipped] {
            self.notifications.add(0, &[KeyValue::new("state", state.name())]);
        }
        for state in [State::Sent, State::Deferred, State::Failed, State::InDoubt] {
            for template in Template::ALL {
                let template = KeyValue::new("template", template.name());
                self.notifications.add(0, &[KeyValue::new("state", state.name()), template]);
            }
        }
        self.unknown_events.add(0, &[]);
        self.forgotten_events.add(0, &[]);
        self.waiting(&[]);
        self.overdue(&[]);
    }

    /// An event of an unknown type came by.
    pub fn unknown_event(&self, event_type: &str) {
        self.unknown_events.add(1, &[]);
        tracing::debug!(event_type, "an event of an unknown type was skipped");
    }

    /// An event came by that is too old to know whether its mail was sent.
    pub fn forgotten_event(&self) {
        self.forgotten_events.add(1, &[]);
    }

    /// Rows were entered, and older ones cancelled by them.
    pub fn entered(&self, entered: u64, cancelled: u64) {
        self.changed("pending", entered);
        self.changed("cancelled", cancelled);
    }

    /// Rows went to a state.
    pub fn changed(&self, state: &str, count: u64) {
        if count > 0 {
            self.notifications.add(count, &[KeyValue::new("state", state.to_owned())]);
        }
    }

    /// It is not known whether a mail went out.
    pub fn recovered(&self, template: &str) {
        let labels =
            [KeyValue::new("state", State::InDoubt.name()), KeyValue::new("template", template.to_owned())];
        self.notifications.add(1, &labels);
    }

    /// An attempt was settled in the ledger.
    pub fn settled(&self, settled: &Settled) {
        let template = KeyValue::new("template", settled.template.clone());
        self.notifications.add(1, &[KeyValue::new("state", settled.state.clone()), template.clone()]);
        if settled.state == "sent" {
            let template = [template];
            self.delivery.record(settled.age_seconds, &template);
            self.event_to_mail.record(settled.event_age_seconds.max(0.0), &template);
        }
    }

    /// The relay answered, or did not.
    pub fn attempt(&self, outcome: &'static str, reply_code: Option<u16>) {
        let code = reply_code.map_or(0, i64::from);
        self.attempts.add(1, &[KeyValue::new("outcome", outcome), KeyValue::new("reply_code", code)]);
    }

    /// Sending pauses, or goes on.
    pub fn breaker(&self, open: bool) {
        self.breaker_open.record(u64::from(open), &[]);
    }

    /// What is waiting now.
    pub fn waiting(&self, waiting: &[Waiting]) {
        for state in OPEN {
            let group = waiting.iter().find(|group| group.state == state.name());
            let label = [KeyValue::new("state", state.name())];
            self.backlog.record(group.map_or(0, |group| group.count.unsigned_abs()), &label);
            self.backlog_age.record(group.map_or(0.0, |group| group.oldest_age_seconds), &label);
        }
    }

    /// What should have gone out by now.
    pub fn overdue(&self, overdue: &[Overdue]) {
        for category in Category::ALL {
            let group = overdue.iter().find(|group| group.category == category.name());
            let label = [KeyValue::new("category", category.name())];
            self.overdue.record(group.map_or(0, |group| group.count.unsigned_abs()), &label);
            self.overdue_age.record(group.map_or(0.0, |group| group.longest_seconds), &label);
        }
    }

    /// Which dead letters wait now.
    pub fn dead_letters(&self, waiting: &[dead_letters::Waiting]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(waiting.iter().map(|group| group.consumer_group.clone()));
        for name in &*seen {
            let count =
                waiting.iter().find(|group| group.consumer_group == *name).map_or(0, |group| group.count);
            self.dead_letters.record(count.unsigned_abs(), &[KeyValue::new("group", name.clone())]);
        }
    }
}
