//! When a record that fails again and again is its own reason.
//!
//! While a database is away every record fails, and none may be given up for it. But a record that keeps failing while
//! others of its partition get through would hold the committed offset, and in the end the partition, for ever.

/// How often a record may fail after others have got through since its last failure. With the pauses between attempts
/// this takes more than a minute.
const OVERTAKEN: u32 = 10;
/// How often a handler may panic at one record alone, or hang there and nowhere else.
const FAULTS: u32 = 3;

/// What was tried with a record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trials {
    /// How often it was handed over.
    pub(crate) attempts: u32,
    /// How many of these failed although others got through in the meantime.
    overtaken: u32,
    /// How often the handler panicked at it alone.
    panics: u32,
    /// How often the handler did not come back from it alone.
    hangs: u32,
    /// How many records the worker had finished when it failed last.
    seen: Option<u64>,
}

/// How a record failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The handler says so, or it failed together with others.
    Told,
    /// The handler panicked at it alone.
    Panicked,
    /// The handler did not come back from it alone.
    Hung,
}

/// What becomes of a record that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sentence {
    /// It is tried again later.
    Wait,
    /// It is given up.
    Bury,
}

impl Trials {
    /// Notes a failure, `finished` records having got through by now, and says what follows.
    pub(crate) fn failed(&mut self, finished: u64, fault: Fault) -> Sentence {
        if self.seen.replace(finished).is_some_and(|seen| finished > seen) {
            self.overtaken += 1;
        }
        self.panics += u32::from(fault == Fault::Panicked);
        self.hangs += u32::from(fault == Fault::Hung);
        // A server that has vanished lets every record hang, so it takes another that got through.
        let hangs_itself = self.hangs >= FAULTS && self.was_overtaken();
        if self.overtaken >= OVERTAKEN || self.panics >= FAULTS || hangs_itself {
            Sentence::Bury
        } else {
            Sentence::Wait
        }
    }

    /// Whether others got through while it failed.
    pub(crate) fn was_overtaken(&self) -> bool {
        self.overtaken > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_of_any_length_buries_nothing() {
        let mut trials = Trials::default();
        assert!((0..10_000).all(|_| trials.failed(7, Fault::Told) == Sentence::Wait));
        // The end of the outage, when others are first.
        assert_eq!(trials.failed(500, Fault::Told), Sentence::Wait);
    }

    #[test]
    fn what_fails_while_others_get_through_is_given_up() {
        let mut trials = Trials::default();
        let sentences: Vec<_> =
            (0..=u64::from(OVERTAKEN)).map(|done| trials.failed(done, Fault::Told)).collect();
        assert!(sentences[..OVERTAKEN as usize].iter().all(|sentence| *sentence == Sentence::Wait));
        assert_eq!(sentences[OVERTAKEN as usize], Sentence::Bury);
    }

    #[test]
    fn what_makes_the_handler_panic_alone_is_given_up() {
        let mut trials = Trials::default();
        assert_eq!(
            [0; 3].map(|_| trials.failed(0, Fault::Panicked)),
            [Sentence::Wait, Sentence::Wait, Sentence::Bury]
        );
    }

    #[test]
    fn what_makes_the_handler_hang_alone_is_given_up_once_another_got_through() {
        let mut trials = Trials::default();
        assert!((0..10_000).all(|_| trials.failed(7, Fault::Hung) == Sentence::Wait));
        assert_eq!(trials.failed(8, Fault::Hung), Sentence::Bury);
    }
}
