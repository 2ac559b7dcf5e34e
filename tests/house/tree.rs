//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders with code of ours.
const CODE: [&str; 8] =
    ["crates", "gateway", "notify-svc", "proto", "standalone", "tests", "user-svc", "workout-svc"];

/// A file with its path from the root.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files of ours that end in `ending`, in the folders of code.
pub(crate) fn code(ending: &str) -> Vec<File> {
    let mut files = Vec::new();
    for folder in CODE {
        collect(&root().join(folder), ending, &mut files);
    }
    assert!(files.len() > 10, "only {} files end in {ending}: is this the repository?", files.len());
    files
}

fn collect(folder: &Path, ending: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && name != "node_modules" {
                collect(&path, ending, files);
            }
        } else if name.ends_with(ending) {
            let text = fs::read_to_string(&path).expect("the file is text");
            let path = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned();
            files.push(File { path, text });
        }
    }
}

/// The part of a source file that is built into a program: without its tests.
pub(crate) fn production(file: &File) -> Option<&str> {
    let in_tests = |part: &str| matches!(part, "tests" | "benches") || part.ends_with("tests.rs");
    if file.path.split('/').any(in_tests) {
        return None;
    }
    Some(file.text.find("\n#[cfg(test)]\nmod ").map_or(&*file.text, |end| &file.text[..=end]))
}
