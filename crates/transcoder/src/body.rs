//! The body of an answer.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};

/// The body of an answer; reading it cannot fail, since what can go wrong has happened before the first byte.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A body of known bytes.
pub(crate) fn full(bytes: Bytes) -> Body {
    Full::new(bytes).boxed_unsync()
}

/// No body at all.
pub(crate) fn empty() -> Body {
    Empty::new().boxed_unsync()
}
