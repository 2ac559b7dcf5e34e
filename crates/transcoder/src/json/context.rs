//! What one decoding run remembers: how deep it is, and what went wrong where.

use std::cell::{Cell, RefCell};

use serde::de::Error;

use super::Reason;
use crate::problem::Violation;

/// prost refuses to read messages nested in more than 100 levels; one level is kept for a wrapping `Any` and its like.
const MAX_DEPTH: u32 = 95;

/// Field names come from the client when they are unknown; a violation quotes no more than this.
const MAX_QUOTED_CHARS: usize = 64;

/// The state of one decoding run.
///
/// The deserialisers of serde only carry an error type of their own. So a failure is noted here, and each level that
/// the error passes on its way out puts its field name in front. Nothing is paid for that as long as all goes well.
#[derive(Default)]
pub(crate) struct Context {
    depth: Cell<u32>,
    failure: RefCell<Option<Failure>>,
}

struct Failure {
    /// Innermost part first.
    path: Vec<String>,
    reason: Reason,
}

impl Context {
    /// Notes why the value at hand is refused.
    pub(super) fn fail<E: Error>(&self, reason: impl Into<Reason>) -> E {
        *self.failure.borrow_mut() = Some(Failure { path: Vec::new(), reason: reason.into() });
        E::custom("refused")
    }

    /// Notes why the field of that name is refused.
    pub(super) fn fail_field<E: Error>(&self, name: &str, reason: impl Into<Reason>) -> E {
        let error = self.fail(reason);
        self.within(|| name.chars().take(MAX_QUOTED_CHARS).collect(), error)
    }

    /// Puts the name of the enclosing field, or an index such as `[3]`, in front of the path.
    pub(super) fn within<E>(&self, part: impl FnOnce() -> String, error: E) -> E {
        if let Some(failure) = self.failure.borrow_mut().as_mut() {
            failure.path.push(part());
        }
        error
    }

    /// Goes some levels of protobuf nesting deeper.
    pub(super) fn enter<E: Error>(&self, levels: u32) -> Result<(), E> {
        let depth = self.depth.get() + levels;
        if depth > MAX_DEPTH {
            return Err(self.fail("is nested too deeply"));
        }
        self.depth.set(depth);
        Ok(())
    }

    /// Comes back from as many levels.
    pub(super) fn leave(&self, levels: u32) {
        self.depth.set(self.depth.get() - levels);
    }

    /// The violation for an error, below the given field of the request; empty for the whole body.
    pub(super) fn violation(self, root: &str, error: &serde_json::Error) -> Violation {
        let Some(failure) = self.failure.into_inner() else {
            let field = if root.is_empty() { "body" } else { root };
            return Violation::new(field, syntax(error));
        };
        let mut field = root.to_owned();
        for part in failure.path.into_iter().rev() {
            if !field.is_empty() && !part.starts_with('[') {
                field.push('.');
            }
            field.push_str(&part);
        }
        if field.is_empty() {
            "body".clone_into(&mut field);
        }
        Violation::new(field, failure.reason)
    }
}

fn syntax(error: &serde_json::Error) -> Reason {
    if error.is_eof() {
        return "is not complete JSON".into();
    }
    format!("is not JSON, or nested too deeply, at line {} column {}", error.line(), error.column()).into()
}
