//! What wakes relays between polls.

use tokio::sync::Notify;

/// Two signals that must not be mixed: a standby relay answers a local commit with a notification to the active one,
/// and would answer notifications with notifications if it heard them as commits.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    local: Notify,
    remote: Notify,
}

impl Wake {
    /// A transaction of this process has committed.
    pub(crate) fn committed(&self) {
        self.local.notify_one();
    }

    /// The database says that a transaction of another process has committed.
    pub(crate) fn notified(&self) {
        self.remote.notify_one();
    }

    /// Waits for a commit of this process. Commits while nobody waits are kept as one.
    pub(crate) async fn local(&self) {
        self.local.notified().await;
    }

    /// Waits for a commit anywhere.
    pub(crate) async fn any(&self) {
        tokio::select! {
            () = self.local.notified() => {}
            () = self.remote.notified() => {}
        }
    }
}
