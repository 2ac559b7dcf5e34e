//! Ways to make the SMTP server misbehave, for the tests of whoever sends mail.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A moment of the SMTP conversation at which something can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// The connection is open and the client waits for the greeting.
    Connect,
    /// EHLO or HELO.
    Ehlo,
    /// MAIL FROM.
    MailFrom,
    /// RCPT TO.
    RcptTo,
    /// DATA, before the message.
    Data,
    /// The line with the single dot: the message is complete.
    FinalDot,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
    /// VRFY.
    Vrfy,
    /// QUIT.
    Quit,
}

/// One way to misbehave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this instead of obeying. At [`Command::Connect`] the connection is closed after it, and so it is
    /// after a 421 anywhere.
    Reply {
        /// When.
        at: Command,
        /// The three digits.
        code: u16,
        /// What follows them.
        text: String,
    },
    /// Refuses one recipient and accepts the others.
    RefuseRecipient {
        /// The address, in any case.
        address: String,
        /// The three digits.
        code: u16,
        /// What follows them.
        text: String,
    },
    /// Closes the connection without an answer.
    CloseAt(Command),
    /// Closes the connection after the whole message has arrived and before the answer: the client cannot know
    /// whether it was taken.
    CloseAfterFinalDot {
        /// Whether it was.
        keep: bool,
    },
    /// Waits before doing what is asked.
    Delay {
        /// When.
        at: Command,
        /// How long.
        duration: Duration,
    },
}

impl Fault {
    fn fits(&self, moment: Command, recipient: Option<&str>) -> bool {
        match self {
            Self::Reply { at, .. } | Self::CloseAt(at) | Self::Delay { at, .. } => *at == moment,
            Self::RefuseRecipient { address, .. } => {
                recipient.is_some_and(|recipient| recipient.eq_ignore_ascii_case(address))
            }
            Self::CloseAfterFinalDot { .. } => moment == Command::FinalDot,
        }
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pending: Mutex<Vec<(Fault, usize)>>,
}

impl Faults {
    pub(super) fn inject(&self, fault: Fault, times: usize) {
        if times > 0 {
            self.pending().push((fault, times));
        }
    }

    pub(super) fn clear(&self) {
        self.pending().clear();
    }

    /// Uses up what was injected for this moment: one delay and one other fault, the first of each.
    pub(super) fn take(&self, moment: Command, recipient: Option<&str>) -> (Option<Duration>, Option<Fault>) {
        let mut pending = self.pending();
        if pending.is_empty() {
            return (None, None);
        }
        let mut next = |is_delay: bool| {
            let (fault, times) = pending.iter_mut().find(|(fault, times)| {
                *times > 0
                    && matches!(fault, Fault::Delay { .. }) == is_delay
                    && fault.fits(moment, recipient)
            })?;
            *times -= 1;
            Some(fault.clone())
        };
        let delay = match next(true) {
            Some(Fault::Delay { duration, .. }) => Some(duration),
            _ => None,
        };
        let other = next(false);
        pending.retain(|(_, times)| *times > 0);
        (delay, other)
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Vec<(Fault, usize)>> {
        // The list is whole between any two statements, so a panic elsewhere does not spoil it.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
