//! What the adapter of a broker is made of.
//!
//! To publish, it writes the headers that [`write_headers`] gives, in a [`send`](spans::send) span each, and counts what
//! became of them in [`PublisherMetrics`]. To consume, it makes a [`Partition`] of each part of a topic that it is given
//! and starts a worker for it with [`Workers`]; it commits what the worker's [`Progress`] says and nothing else. The worker
//! reads, keeps the order in its [`Window`], calls the handler, repeats, and buries on the adapter's [`DeadLetterTopic`].
//! Whether the broker can be reached it tells a [`StateReporter`].

pub use crate::dead_letter::DeadLetterTopic;
pub use crate::headers::{MalformedRecord, write as write_headers};
pub use crate::metrics::{ConsumerMetrics, PublisherMetrics};
pub use crate::record::NameAndValue;
pub use crate::state::StateReporter;
pub use crate::window::{Ticket, Window};
pub use crate::workers::{Partition, Progress, WorkerHandle, Workers};

/// The spans of a record on its way.
pub mod spans {
    pub use crate::spans::{fail, located, send};
}
