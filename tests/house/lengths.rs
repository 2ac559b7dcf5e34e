//! A file has one job. Where it grows over the limit, it has two.

use crate::tree::{self, File};

const LIMIT: usize = 330;

#[test]
fn no_file_of_production_code_is_too_long() {
    let long: Vec<_> = tree::code(".rs").iter().filter_map(too_long).collect();
    assert!(long.is_empty(), "over {LIMIT} lines, without tests: split them by job\n{}", long.join("\n"));
}

#[test]
fn tests_do_not_count_and_one_line_too_many_does() {
    let file = |path: &str, lines: usize, end: &str| File {
        path: path.to_owned(),
        text: "// a line\n".repeat(lines) + end,
    };
    let tests = "\n#[cfg(test)]\nmod tests {\n".to_owned() + &"\n".repeat(500) + "}\n";
    assert_eq!(too_long(&file("a/src/b.rs", LIMIT - 1, &tests)), None);
    assert_eq!(too_long(&file("a/src/b/tests.rs", LIMIT + 1, "")), None);
    assert_eq!(too_long(&file("tests/b.rs", LIMIT + 1, "")), None);
    assert!(too_long(&file("a/src/b.rs", LIMIT, "")).is_none());
    assert!(too_long(&file("a/src/b.rs", LIMIT + 1, "")).is_some());
    // A part that only tests see does not end the file.
    let seam = "\n#[cfg(test)]\nuse x;\n".to_owned() + &"// more\n".repeat(LIMIT);
    assert!(too_long(&file("a/src/b.rs", 1, &seam)).is_some());
}

fn too_long(file: &File) -> Option<String> {
    let lines = tree::production(file)?.lines().count();
    (lines > LIMIT).then(|| format!("{lines} {}", file.path))
}
