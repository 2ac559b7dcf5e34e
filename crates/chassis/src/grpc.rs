//! The gRPC server and client that every service uses.

mod call;
pub mod client;
mod deadline;
mod ids;
mod layers;
mod methods;
pub mod server;
mod status_name;

pub use self::call::{Answer, Anybody, Call, CallFailed, caller, everybody};
pub use self::deadline::parse_timeout;
pub use self::ids::{id, optional_id};
