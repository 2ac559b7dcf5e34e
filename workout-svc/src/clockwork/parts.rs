//! Work on many rows in one transaction, in which a row that the database refuses fails alone.
//!
//! The rows of a batch are claimed together and done together. Where the database refuses a value, the row is found by
//! halves, each tried behind a savepoint of its own, so that the others are done in the same transaction. The row itself is
//! left as it is, since it may be the one that cannot be written, and passed over for a while.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chassis::database::refused_values;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::training::TrainingError;

/// How long a row is passed over. By then somebody may have mended it, or its turn is over.
const AWAY: TimeDelta = TimeDelta::hours(1);
/// Most rows that are remembered; with more, those that were set aside first have their turn again.
const MOST: usize = 10_000;

/// Rows that are passed over.
#[derive(Debug, Default)]
pub(crate) struct SetAside(Mutex<HashMap<Uuid, DateTime<Utc>>>);

impl SetAside {
    /// The rows to pass over at a moment.
    pub(crate) fn at(&self, now: DateTime<Utc>) -> Vec<Uuid> {
        let mut rows = self.rows();
        rows.retain(|_, until| *until > now);
        rows.keys().copied().collect()
    }

    fn add(&self, row: Uuid, until: DateTime<Utc>) {
        let mut rows = self.rows();
        if rows.len() >= MOST
            && let Some(first) = rows.iter().min_by_key(|(_, until)| **until).map(|(row, _)| *row)
        {
            rows.remove(&first);
        }
        rows.insert(row, until);
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<Uuid, DateTime<Utc>>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The parts of a batch that are still to be done.
#[derive(Debug)]
pub(crate) struct Parts<'a, R> {
    left: Vec<&'a [R]>,
    aside: &'a SetAside,
    now: DateTime<Utc>,
}

impl<'a, R> Parts<'a, R> {
    /// The whole batch as one part.
    pub(crate) fn of(batch: &'a [R], aside: &'a SetAside, now: DateTime<Utc>) -> Self {
        Self { left: vec![batch], aside, now }
    }

    /// The next part to try.
    pub(crate) fn next(&mut self) -> Option<&'a [R]> {
        self.left.pop().filter(|part| !part.is_empty())
    }

    /// A part could not be done, and nothing of it is: it is halved, or its only row set aside. `row` names a row.
    ///
    /// # Errors
    ///
    /// What was not about values ends the whole batch.
    pub(crate) fn failed(
        &mut self,
        part: &'a [R],
        row: impl Fn(&R) -> Uuid,
        error: TrainingError,
    ) -> Result<(), TrainingError> {
        let Some(state) = refused_values(&error) else { return Err(error) };
        if let [only] = part {
            let row = row(only);
            tracing::error!(%row, sqlstate = state, "what comes by the clock cannot be done for one row, which is passed over");
            self.aside.add(row, self.now + AWAY);
        } else {
            let (first, second) = part.split_at(part.len() / 2);
            self.left.extend([second, first]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn refused() -> TrainingError {
        TrainingError::Database(sqlx::Error::Encode("no".into()))
    }

    proptest! {
        #[test]
        fn what_is_not_refused_is_done_once_and_what_is_refused_is_set_aside(
            count in 1_u128..120,
            bad in proptest::collection::btree_set(0_u128..120, 0..6),
        ) {
            let rows: Vec<_> = (0..count).map(Uuid::from_u128).collect();
            let (aside, now) = (SetAside::default(), Utc::now());
            let mut parts = Parts::of(&rows, &aside, now);
            let mut done = Vec::new();
            while let Some(part) = parts.next() {
                if part.iter().any(|row| bad.contains(&row.as_u128())) {
                    parts.failed(part, |row| *row, refused()).unwrap();
                } else {
                    done.extend(part.iter().map(Uuid::as_u128));
                }
            }
            let expected: Vec<_> = (0..count).filter(|row| !bad.contains(row)).collect();
            prop_assert_eq!(done, expected);
            let left: BTreeSet<_> = aside.at(now).iter().map(Uuid::as_u128).collect();
            prop_assert_eq!(left, bad.into_iter().filter(|row| *row < count).collect());
            prop_assert!(aside.at(now + AWAY).is_empty());
        }
    }

    #[test]
    fn what_is_not_about_values_ends_the_batch() {
        let (rows, aside, now) = ([Uuid::nil(); 2], SetAside::default(), Utc::now());
        let mut parts = Parts::of(&rows, &aside, now);
        let part = parts.next().unwrap();
        parts.failed(part, |row| *row, sqlx::Error::PoolTimedOut.into()).unwrap_err();
        assert!(aside.at(now).is_empty());
    }

    #[test]
    fn no_more_rows_are_remembered_than_there_is_room_for() {
        let (aside, now) = (SetAside::default(), Utc::now());
        for row in 0..=MOST as u32 {
            aside.add(Uuid::from_u128(row.into()), now + AWAY + TimeDelta::seconds(row.into()));
        }
        let rows = aside.at(now);
        assert_eq!(rows.len(), MOST);
        assert!(!rows.contains(&Uuid::nil()));
    }
}
