#![doc = include_str!("../README.md")]

mod annotations;
mod backend;
mod body;
mod build_error;
mod builder;
mod deadline;
mod exchange;
mod field_path;
mod json;
mod metadata;
mod openapi;
mod path_template;
mod percent;
pub mod problem;
mod request;
mod response;
mod route;
mod router;
mod transcoder;

pub use self::body::Body;
pub use self::build_error::BuildError;
pub use self::builder::TranscoderBuilder;
pub use self::openapi::ApiInfo;
pub use self::problem::{Problem, Violation};
pub use self::request::query_pair;
pub use self::transcoder::{MatchedRoute, Transcoder};
