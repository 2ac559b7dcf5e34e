//! A tap on the shoulder inside the process: there is something to send.

use std::sync::Arc;

use tokio::sync::Notify;

/// Wakes the dispatcher; clones share it. A tap while nobody waits is kept, several are one.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There may be due rows.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Resolves at the next tap.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}
