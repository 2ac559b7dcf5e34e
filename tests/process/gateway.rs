//! The process of the gateway: its sub-commands and its end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod binary;
mod health;
mod settings;
mod stopping;

use crate::binary::{Subject, run};

const SUBJECT: Subject = Subject {
    name: "gateway",
    binary: env!("CARGO_BIN_EXE_gateway"),
    ops_addr: "GATEWAY_OPS_ADDR",
    listeners: &["GATEWAY_HTTP_ADDR"],
    secrets: Vec::new,
};

#[tokio::test]
async fn the_gateway_has_neither_tables_nor_topics_of_its_own_and_says_so() {
    for (command, word) in [("migrate", "no tables"), ("topics", "no topics")] {
        let finished = run(&[command], Vec::new()).await;
        assert_eq!(finished.code, Some(0), "{}", finished.text());
        assert!(finished.stdout.contains(word), "{}", finished.stdout);
    }
}
