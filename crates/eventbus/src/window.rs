//! Which records of a partition may be handled now, and how far the partition is finished.
//!
//! The window holds the records between the committed offset and what was read last. A record is taken only when no
//! earlier record of its key is unfinished, so a batch has each key at most once. Records finish in any order; the
//! position to commit moves over the finished ones at the front and stops at the first that is not. A record without
//! key waits for nobody. What is held and what is taken is bounded in bytes as well as in records; one record always
//! fits.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

use tokio::time::Instant;

/// Names a taken record until it is finished or put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

#[derive(Debug)]
struct Slot<K, T> {
    offset: i64,
    key: Option<K>,
    bytes: usize,
    state: SlotState<T>,
}

#[derive(Debug)]
enum SlotState<T> {
    Waiting { record: T, since: Due },
    Taken,
    Finished,
}

/// When a waiting record may be taken.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: Option<Instant>,
    alone: bool,
}

/// The unfinished records of one partition.
#[derive(Debug)]
pub struct Window<K, T> {
    /// The number of the first slot; tickets count on from it.
    first: u64,
    slots: VecDeque<Slot<K, T>>,
    /// Of the unfinished records.
    bytes: usize,
    position: Option<i64>,
}

impl<K, T> Default for Window<K, T> {
    fn default() -> Self {
        Self { first: 0, slots: VecDeque::new(), bytes: 0, position: None }
    }
}

impl<K: Clone + Eq + Hash, T> Window<K, T> {
    /// How many records lie between the position and the last one read.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether all that was read is finished.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many bytes the unfinished records have.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The offset to commit, one behind the last finished record: everything before it is finished. `None` before the
    /// first record is.
    pub fn position(&self) -> Option<i64> {
        self.position
    }

    /// Adds the next record of the partition, of so many bytes.
    pub fn push(&mut self, offset: i64, key: Option<K>, bytes: usize, record: T) {
        let state = SlotState::Waiting { record, since: Due { at: None, alone: false } };
        self.slots.push_back(Slot { offset, key, bytes, state });
        self.bytes += bytes;
    }

    /// Takes records that may be handled now, in their order: up to `max` of them and up to `max_bytes` together.
    pub fn take(&mut self, now: Instant, max: usize, max_bytes: usize) -> Vec<(Ticket, T)> {
        let mut batch = Vec::new();
        let mut taken_bytes: usize = 0;
        let mut busy: HashSet<K> = HashSet::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if batch.len() >= max {
                break;
            }
            let unfinished = !matches!(slot.state, SlotState::Finished);
            let first_of_key = match &slot.key {
                Some(key) if unfinished => busy.insert(key.clone()),
                _ => true,
            };
            let SlotState::Waiting { since, .. } = &slot.state else { continue };
            let alone = since.alone;
            let due = since.at.is_none_or(|at| at <= now);
            if !first_of_key || !due || (alone && !batch.is_empty()) {
                continue;
            }
            taken_bytes = taken_bytes.saturating_add(slot.bytes);
            if taken_bytes > max_bytes && !batch.is_empty() {
                break;
            }
            if let SlotState::Waiting { record, .. } = std::mem::replace(&mut slot.state, SlotState::Taken) {
                batch.push((Ticket(self.first + index as u64), record));
            }
            if alone {
                break;
            }
        }
        batch
    }

    /// When the next delayed record may be taken.
    pub fn next_due(&self) -> Option<Instant> {
        let delays = self.slots.iter().filter_map(|slot| match &slot.state {
            SlotState::Waiting { since, .. } => since.at,
            SlotState::Taken | SlotState::Finished => None,
        });
        delays.min()
    }

    /// Marks a taken record as finished.
    pub fn finish(&mut self, ticket: Ticket) {
        let slot = self.slot(ticket);
        slot.state = SlotState::Finished;
        let bytes = slot.bytes;
        self.bytes -= bytes;
        while let Some(Slot { state: SlotState::Finished, offset, .. }) = self.slots.front() {
            self.position = Some(offset + 1);
            self.slots.pop_front();
            self.first += 1;
        }
    }

    /// Puts a taken record back, to be taken again at `due`; `alone` keeps it out of batches with others.
    pub fn put_back(&mut self, ticket: Ticket, record: T, due: Instant, alone: bool) {
        self.slot(ticket).state = SlotState::Waiting { record, since: Due { at: Some(due), alone } };
    }

    fn slot(&mut self, ticket: Ticket) -> &mut Slot<K, T> {
        let index = (ticket.0 - self.first) as usize;
        self.slots.get_mut(index).expect("a taken record stays in the window until it is finished")
    }
}

#[cfg(test)]
mod tests;
