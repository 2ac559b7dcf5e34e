//! The contracts of Fitness Trainer: messages, events, gRPC clients and servers made from the .proto files.
//!
//! Modules follow the packages: `fitness.user.v1` is [`fitness::user::v1`].

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/contracts.rs"));
}
mod events {
    include!(concat!(env!("OUT_DIR"), "/events.rs"));
}

pub use generated::*;

/// All files as an encoded `google.protobuf.FileDescriptorSet`, comments and options included.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));
