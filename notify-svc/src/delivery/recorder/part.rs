//! What is written in one commit, and how to find in it what the ledger refuses.

use crate::ledger::attempts::{Lease, Settlement};

/// Settlements and beginnings that are written together.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Part {
    pub(super) settlements: Vec<Settlement>,
    pub(super) begins: Vec<Lease>,
}

/// What to try after the ledger has refused a part.
#[derive(Debug, PartialEq)]
pub(super) enum Narrowed {
    /// These, one after another.
    Parts(Vec<Part>),
    /// Nothing: the row is left to its lease, and its mail does not go out, or is in doubt.
    Hopeless(Lease),
}

impl Part {
    /// Halves a part. One settlement loses its words, which are all that a stranger had a hand in.
    pub(super) fn narrow(self) -> Narrowed {
        let Self { mut settlements, mut begins } = self;
        match (settlements.len(), begins.len()) {
            (0, 1) => Narrowed::Hopeless(begins[0]),
            (1, 0) => match without_words(settlements.remove(0)) {
                Ok(plain) => Narrowed::Parts(vec![Self { settlements: vec![plain], begins }]),
                Err(lease) => Narrowed::Hopeless(lease),
            },
            (some, _) if some > 0 && !begins.is_empty() => Narrowed::Parts(vec![
                Self { settlements, begins: Vec::new() },
                Self { settlements: Vec::new(), begins },
            ]),
            (some, more) => {
                let (upper_settlements, upper_begins) =
                    (settlements.split_off(some / 2), begins.split_off(more / 2));
                Narrowed::Parts(vec![
                    Self { settlements, begins },
                    Self { settlements: upper_settlements, begins: upper_begins },
                ])
            }
        }
    }
}

/// The settlement with nothing but our own words and numbers, and without its event; or its lease, where it was that
/// already.
fn without_words(settlement: Settlement) -> Result<Settlement, Lease> {
    const INSTEAD: &str = "the ledger refused the words of this entry";
    if settlement.detail.as_deref() == Some(INSTEAD) {
        return Err(settlement.lease);
    }
    let reply = settlement.reply.map(|reply| crate::smtp::Reply { text: String::new(), ..reply });
    Ok(Settlement { reply, detail: Some(INSTEAD.to_owned()), report: None, ..settlement })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::notification::State;

    fn lease(number: u128) -> Lease {
        Lease { notification_id: Uuid::from_u128(number), fence: 1 }
    }

    fn settlement(number: u128) -> Settlement {
        Settlement {
            lease: lease(number),
            state: State::Sent,
            retry_in: None,
            attempts_change: 0,
            reply: None,
            detail: None,
            report: None,
        }
    }

    proptest! {
        #[test]
        fn all_that_is_not_refused_is_written_once_and_what_is_refused_is_found(
            settled in 0_u128..40,
            begun in 0_u128..40,
            refused in proptest::collection::hash_set(0_u128..100, 0..5),
        ) {
            let whole = Part {
                settlements: (0..settled).map(settlement).collect(),
                begins: (50..50 + begun).map(lease).collect(),
            };
            let bad = |lease: &Lease| refused.contains(&lease.notification_id.as_u128());
            let expected: Vec<_> = (0..settled).chain(50..50 + begun).collect();
            let (mut written, mut hopeless, mut parts) = (Vec::new(), Vec::new(), vec![whole]);
            while let Some(part) = parts.pop() {
                let leases: Vec<_> =
                    part.settlements.iter().map(|s| s.lease).chain(part.begins.iter().copied()).collect();
                if !leases.iter().any(bad) {
                    written.extend(leases);
                    continue;
                }
                match part.narrow() {
                    Narrowed::Parts(narrower) => parts.extend(narrower),
                    Narrowed::Hopeless(lease) => hopeless.push(lease),
                }
            }
            prop_assert!(written.iter().all(|lease| !bad(lease)) && hopeless.iter().all(bad));
            let mut all: Vec<_> =
                written.iter().chain(&hopeless).map(|lease| lease.notification_id.as_u128()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, expected);
        }
    }
}
