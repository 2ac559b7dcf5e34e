//! What of the end-to-end suite does not run on real servers, and why.

use std::collections::BTreeSet;
use std::io::Write as _;

const LEFT_OUT: [(&str, &str); 7] = [
    ("forged_events", "the services refuse forged records by themselves, whichever broker brings them"),
    ("readme_tour", "the README speaks of fitness-trainer, the one process"),
    (
        "settings",
        "the start of fitness-trainer with wrong settings; the services' own start is tested with their crates",
    ),
    ("silence", "its proxies stand before the servers of the one process; the cuts are tested with chassis"),
    ("stopping", "the one process and its children; real_servers::stops has the stops of the services"),
    (
        "text_around_calls",
        "thousands of requests by hand, which are about the services and not the servers behind them",
    ),
    ("text_everywhere", "hundreds of requests that are refused before any server is asked"),
];

/// The modules that a file declares.
fn modules(file: &str) -> BTreeSet<&str> {
    file.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect()
}

#[test]
fn every_module_of_the_suite_runs_here_or_is_left_out_for_a_reason() {
    let suite = modules(include_str!("main.rs"));
    let here = modules(include_str!("processes.rs"));
    assert!(suite.len() > 15, "the list of modules is not read: {suite:?}");
    let missing: BTreeSet<_> = suite.difference(&here).copied().collect();
    assert_eq!(missing, LEFT_OUT.map(|(module, _)| module).into());
    for (module, reason) in LEFT_OUT {
        // Past the test's own output, which nobody sees of a test that passes.
        let line = format!("left out on real servers: {module}: {reason}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
}
