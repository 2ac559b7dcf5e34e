//! When a record that fails again and again is its own reason.
//!
//! While a database is away every record fails, and none may be given up for it. But a record that keeps failing while
//! others of its partition get through would hold the committed offset, and in the end the partition, for ever.

/// How often a record may fail after others have got through since its last failure. With the pauses between attempts
/// this takes more than a minute.
const OVERTAKEN: u32 = 10;
/// How often a handler may panic at one record alone.
const PANICS: u32 = 3;

/// What was tried with a record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trials {
    /// How often it was handed over.
    pub(crate) attempts: u32,
    /// How many of these failed although others got through in the meantime.
    overtaken: u32,
    /// How often the handler panicked at it alone.
    panics: u32,
    /// How many records the worker had finished when it failed last.
    seen: Option<u64>,
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
    pub(crate) fn failed(&mut self, finished: u64, panicked_alone: bool) -> Sentence {
        if self.seen.replace(finished).is_some_and(|seen| finished > seen) {
            self.overtaken += 1;
        }
        self.panics += u32::from(panicked_alone);
        if self.overtaken >= OVERTAKEN || self.panics >= PANICS { Sentence::Bury } else { Sentence::Wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_of_any_length_buries_nothing() {
        let mut trials = Trials::default();
        assert!((0..10_000).all(|_| trials.failed(7, false) == Sentence::Wait));
        // The end of the outage, when others are first.
        assert_eq!(trials.failed(500, false), Sentence::Wait);
    }

    #[test]
    fn what_fails_while_others_get_through_is_given_up() {
        let mut trials = Trials::default();
        let sentences: Vec<_> = (0..=u64::from(OVERTAKEN)).map(|done| trials.failed(done, false)).collect();
        assert!(sentences[..OVERTAKEN as usize].iter().all(|sentence| *sentence == Sentence::Wait));
        assert_eq!(sentences[OVERTAKEN as usize], Sentence::Bury);
    }

    #[test]
    fn what_makes_the_handler_panic_alone_is_given_up() {
        let mut trials = Trials::default();
        assert_eq!([0; 3].map(|_| trials.failed(0, true)), [Sentence::Wait, Sentence::Wait, Sentence::Bury]);
    }
}
