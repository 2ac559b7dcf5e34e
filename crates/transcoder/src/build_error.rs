//! Why a transcoder cannot be built.

use http::Method;
use prost_reflect::DescriptorError;

/// A fault in the descriptor set or in what the builder was told; found once at start, never during a request.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The bytes are no descriptor set, or it does not fit together.
    #[error("the descriptor set cannot be read")]
    DescriptorSet(#[source] Box<DescriptorError>),
    /// Nothing in the descriptor set imports `google/api/annotations.proto`.
    #[error("the descriptor set has no google.api.http option")]
    NoHttpOption,
    /// An option that the builder was told of does not exist or is of another type.
    #[error("there is no option {name} of type {expected}")]
    UnknownOption {
        /// Full name of the option.
        name: String,
        /// Type that the option has to have.
        expected: &'static str,
    },
    /// A service that the builder was told of does not exist.
    #[error("there is no service {0} in the descriptor set")]
    UnknownService(String),
    /// A header that belongs to the protocol was to be forwarded.
    #[error("the header {0} cannot be forwarded")]
    ReservedHeader(String),
    /// A rule names no method and path, or a method that is none.
    #[error("{rpc}: the http rule has no usable method and path")]
    Pattern {
        /// Full name of the rpc.
        rpc: String,
    },
    /// A path does not follow the grammar.
    #[error("{rpc}: the path {template} {reason}")]
    Template {
        /// Full name of the rpc.
        rpc: String,
        /// The path as it stands in the .proto file.
        template: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A field that a path, `body` or `response_body` names cannot be used there.
    #[error("{rpc}: the field {field} of {place} {reason}")]
    Field {
        /// Full name of the rpc.
        rpc: String,
        /// Where the field is named.
        place: &'static str,
        /// The name.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The success status is not one of 200 to 299.
    #[error("{rpc}: {status} is no success status")]
    SuccessStatus {
        /// Full name of the rpc.
        rpc: String,
        /// The number in the option.
        status: i32,
    },
    /// Two rpcs want the same requests.
    #[error("{second}: {method} {template} is taken by {first}", method = .method.as_ref().map_or("*", Method::as_str))]
    Conflict {
        /// The method; none means all.
        method: Option<Method>,
        /// The path of the second rpc.
        template: String,
        /// Full name of the rpc that came first.
        first: String,
        /// Full name of the rpc that came second.
        second: String,
    },
}
