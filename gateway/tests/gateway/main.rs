//! The gateway over real HTTP, in front of gRPC servers that tests can stop and hang, beside the embedded broker.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

mod backend;
mod custom_verbs;
mod document;
mod feed;
mod feed_endings;
mod files;
mod hostile;
mod outages;
mod own_pages;
mod sse;
mod stage;
mod who_is_calling;
