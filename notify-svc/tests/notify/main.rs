//! notify-svc on a real PostgreSQL and a real SMTP server, without and with the broker.
// clippy's exception for tests covers the test functions, not what they share.
#![allow(clippy::unwrap_used)]
#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

mod admin;
mod app;
mod bad_input;
mod bad_network;
mod crashes;
mod daily_limit;
mod dead_letters;
mod delivery;
mod erasure;
mod history;
mod hostile;
#[path = "../../../tests/hostile_events.rs"]
mod hostile_events;
mod hostile_replies;
mod in_doubt;
mod intake;
mod mail_requests;
mod mails;
mod outages;
mod people_events;
mod preferences;
mod protected_relay;
mod quiet_hours;
mod refusals;
mod refused_values;
mod repetition;
mod scripted_relay;
mod service;
mod smtp;
mod stage;
mod unsubscribe;
