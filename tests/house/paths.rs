//! Documents that name files are kept true: every link, and every path in code quotes, leads to something that is there.

use std::fs;
use std::path::Path;

use crate::tree;

/// Documents for people, with the folders from which their paths count beside the root and their own.
const DOCUMENTS: [(&str, &[&str]); 4] = [
    ("ARCHITECTURE.md", &["notify-svc", "notify-svc/src", "user-svc/src", "workout-svc/src", "gateway/src"]),
    ("CONTRIBUTING.md", &["user-svc/src"]),
    ("README.md", &[]),
    ("docs", &[]),
];

/// With a slash, in code quotes, and no files of ours.
const OTHERS: [&str; 4] =
    ["application/problem+json", "application/json", "application/protobuf", "text/event-stream"];

#[test]
fn every_path_in_a_document_exists() {
    let mut missing = Vec::new();
    let mut count = 0;
    for (document, folders) in DOCUMENTS {
        for path in pages(&tree::root().join(document)) {
            let text = fs::read_to_string(&path).expect("a document can be read");
            let own = path.parent().expect("a file is in a folder");
            // Pages of docs/ are held to their links: their code quotes tell of requests and settings.
            let quoted: Vec<_> = if document == "docs" { Vec::new() } else { quoted(&text).collect() };
            for target in links(&text) {
                count += 1;
                if !own.join(target).exists() {
                    missing.push(format!("{}: {target}", path.display()));
                }
            }
            for target in quoted {
                count += 1;
                let places = folders.iter().map(|folder| tree::root().join(folder)).chain([tree::root()]);
                if !places.into_iter().any(|place| place.join(target).exists()) {
                    missing.push(format!("{}: `{target}`", path.display()));
                }
            }
        }
    }
    assert!(count > 100, "only {count} paths were found");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn paths_are_told_from_other_words() {
    let text = "See [`a/b.rs`](x/a/b.rs#top), [out](https://example.org) and [here](#below); `grpc/`, `POST /v1/a`, \
                `/livez`, `a/<b>/`, `crates/x`, `text`, ![picture](p.png).";
    assert_eq!(links(text).collect::<Vec<_>>(), ["x/a/b.rs", "p.png"]);
    assert_eq!(quoted(text).collect::<Vec<_>>(), ["grpc/", "crates/x"]);
}

fn pages(place: &Path) -> Vec<std::path::PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let entries = fs::read_dir(place).expect("the documents can be read");
    let paths = entries.map(|entry| entry.expect("the documents can be read").path());
    paths
        .flat_map(|path| match path.extension().and_then(|ending| ending.to_str()) {
            Some("md") => vec![path],
            None if path.is_dir() => pages(&path),
            _ => Vec::new(),
        })
        .collect()
}

/// What links lead to, in this repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
}

/// Paths in code quotes that are no text of a link: that may be shorter than the link.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "/_-.".contains(letter);
    text.lines()
        .flat_map(|line| {
            let words: Vec<_> = line.split('`').collect();
            let inside = (1..words.len()).step_by(2);
            inside
                .filter(|at| !words.get(at + 1).is_some_and(|after| after.starts_with("](")))
                .map(|at| words[at])
                .collect::<Vec<_>>()
        })
        // A slash in front is a route's; .data is what a running system makes.
        .filter(move |word| {
            word.contains('/')
                && !word.starts_with('/')
                && !word.starts_with(".data/")
                && word.chars().all(is_part)
                && !OTHERS.contains(word)
        })
}
