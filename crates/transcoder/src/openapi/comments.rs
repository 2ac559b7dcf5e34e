//! The comments of the .proto files.

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, FileDescriptor};

/// Comments by file and path, as `google.protobuf.SourceCodeInfo` has them.
pub(super) struct Comments(HashMap<(String, Vec<i32>), String>);

impl Comments {
    pub(super) fn new(pool: &DescriptorPool) -> Self {
        let mut comments = HashMap::new();
        for file in pool.files() {
            let Some(info) = &file.file_descriptor_proto().source_code_info else { continue };
            for location in &info.location {
                let comment = location.leading_comments.as_ref().or(location.trailing_comments.as_ref());
                if let Some(comment) = comment {
                    comments.insert((file.name().to_owned(), location.path.clone()), clean(comment));
                }
            }
        }
        Self(comments)
    }

    /// The comment of the element at this path.
    pub(super) fn of(&self, file: &FileDescriptor, path: &[i32]) -> Option<&str> {
        self.0.get(&(file.name().to_owned(), path.to_vec())).map(String::as_str)
    }

    /// The first paragraph as one line, and the rest.
    pub(super) fn summary_and_rest(comment: &str) -> (String, &str) {
        let (first, rest) = comment.split_once("\n\n").unwrap_or((comment, ""));
        (first.replace('\n', " "), rest.trim())
    }
}

/// Takes off the space that follows the comment marks.
fn clean(comment: &str) -> String {
    let lines = comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}
