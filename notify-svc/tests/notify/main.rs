//! notify-svc on a real PostgreSQL and a real SMTP server, without and with the broker.
// clippy's exception for tests covers the test functions, not what they share.
#![allow(clippy::unwrap_used)]

mod app;
mod crashes;
mod delivery;
mod in_doubt;
mod intake;
mod outages;
mod refusals;
mod smtp;
mod stage;
