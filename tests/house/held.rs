//! The pages that say where a new thing has to be put name for each place what fails without it. Here those names are
//! looked up: a test that was renamed or dropped would leave a place unguarded and the page untrue.

use std::collections::BTreeSet;
use std::fs;

use crate::tree;

const PAGES: [&str; 2] = ["docs/add-an-event.md", "docs/add-an-rpc.md"];

#[test]
fn every_place_on_the_pages_is_held_by_a_test_that_exists() {
    let tests = tests();
    assert!(tests.len() > 500, "only {} tests were found", tests.len());
    for page in PAGES {
        let text = fs::read_to_string(tree::root().join(page)).expect("the page can be read");
        let places = rows(&text);
        assert!(places.len() >= 8, "{page} has only {} places", places.len());
        for (place, held_by) in places {
            let name = held_by.trim_matches('`');
            assert!(
                name == "the build" || tests.contains(name),
                "{page}, {place}: held by {held_by}, which is no test"
            );
        }
    }
}

#[test]
fn a_row_is_a_place_and_what_holds_it() {
    let text = "| Place | What | Held by |\n|---|---|---|\n| [`a`](b) | c | `d_e` |\n| f | g | the build |\n\n| x | y |\n";
    assert_eq!(rows(text), [("[`a`](b)", "`d_e`"), ("f", "the build")]);
    assert!(
        names("#[test]\nfn good() {}\n#[tokio::test(start_paused = true)]\nasync fn late() {}")
            .eq(["good", "late"])
    );
    assert_eq!(names("fn no_test() {}\n\n#[test]\n\nlet x = 1;").count(), 0);
}

fn rows(page: &str) -> Vec<(&str, &str)> {
    let cells = page.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [place, _, held_by] = *cells else { return None };
        Some((place, held_by))
    });
    cells.filter(|(place, _)| *place != "Place").collect()
}

fn tests() -> BTreeSet<String> {
    tree::code(".rs")
        .iter()
        .flat_map(|file| names(&file.text).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The names of functions that are tests by the line above, or by the second above where another attribute follows.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    (1..lines.len()).filter_map(move |at| {
        let is_test = |line: &str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let above = &lines[at.saturating_sub(2)..at];
        let follows = lines[at - 1].starts_with("#[") && above.iter().any(|line| is_test(line));
        let name = lines[at].trim_start_matches("async ").strip_prefix("fn ")?;
        follows.then(|| name.split(['(', '<']).next().unwrap_or_default())
    })
}
