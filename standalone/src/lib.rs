//! The whole of Fitness Trainer in one process: the services as they are everywhere, on an embedded PostgreSQL, Kafka
//! broker and mailbox.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests live by the clock of the machine"))]

mod arguments;
mod configuration;
mod data_dir;
#[cfg(test)]
mod events_page;
#[cfg(test)]
mod operations_page;
mod secrets;
mod stack;
mod summary;

pub use self::arguments::Arguments;
pub use self::secrets::provide as provide_secrets;
pub use self::stack::Stack;
