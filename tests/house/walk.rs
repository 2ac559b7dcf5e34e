//! The first walk of ARCHITECTURE has twelve stops, and at each there is a function to read.

use std::fs;

use crate::tree;

#[test]
fn at_every_stop_of_the_walk_is_a_function() {
    let text = fs::read_to_string(tree::root().join("ARCHITECTURE.md")).expect("the document can be read");
    let (_, walk) = text.split_once("\n## The walk").expect("there is a walk");
    let walk = walk.split_once("\n## ").map_or(walk, |(walk, _)| walk);
    let stops: Vec<_> = stops(walk).collect();
    assert_eq!(stops.len(), 12, "{stops:#?}");
    for (name, path) in stops {
        let file = fs::read_to_string(tree::root().join(path)).unwrap_or_default();
        assert!(has(&file, name), "{name} is not in {path}");
    }
}

#[test]
fn a_stop_without_its_function_is_noticed() {
    let walk =
        "1. **A.** [`read`](a.rs) and\n   [`b.rs`](b.rs)\n2. **B.** [`write`](c.rs).\n3. **C.** Nothing.\n";
    assert_eq!(stops(walk).collect::<Vec<_>>(), [("read", "a.rs"), ("write", "c.rs")]);
    assert!(has("    async fn read(&self)", "read") && has("rpc Read(A) returns", "Read"));
    assert!(has("fn read<B>(", "read") && !has("fn reader()", "read"));
}

fn stops(walk: &str) -> impl Iterator<Item = (&str, &str)> {
    walk.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).filter_map(|line| {
        let (_, rest) = line.split_once(".** [`")?;
        let (name, rest) = rest.split_once("`](")?;
        Some((name, rest.split_once(')')?.0))
    })
}

fn has(file: &str, name: &str) -> bool {
    ["fn ", "rpc "]
        .iter()
        .any(|kind| ["(", "<"].iter().any(|end| file.contains(&format!("{kind}{name}{end}"))))
}
