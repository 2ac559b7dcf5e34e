//! The mailbox over its sockets: SMTP in, REST out.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod client;
mod faults;
mod keeping;
mod rest;
mod smtp;
