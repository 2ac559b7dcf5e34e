//! The log of one partition.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError;

use super::batch::{BatchHeader, at_offset, sequence_after};

/// What a partition keeps; older batches make room.
const CAPACITY_BYTES: usize = 256 * 1024 * 1024;
/// How many batches a producer may have under way at once (`max.in.flight` of an idempotent producer), and hence how
/// far back a repetition can lie.
const REMEMBERED_BATCHES: usize = 5;

/// The batches of a partition by their first offset.
#[derive(Debug, Default)]
pub(super) struct Log {
    batches: BTreeMap<i64, Batch>,
    /// The offset the next record gets: the high watermark, as there are no replicas.
    end: i64,
    bytes: usize,
    producers: HashMap<i64, ProducerState>,
}

#[derive(Debug)]
struct Batch {
    last_offset: i64,
    max_timestamp: i64,
    bytes: Bytes,
}

/// What an idempotent producer has written last.
#[derive(Debug)]
struct ProducerState {
    epoch: i16,
    next_sequence: i32,
    /// Base sequence, last sequence and base offset.
    recent: VecDeque<(i32, i32, i64)>,
}

impl Log {
    /// Appends the batches of one request and returns the offset of the first record. A batch an idempotent producer
    /// repeats is not appended again; the answer is the offset it has already.
    pub(super) fn append(&mut self, mut records: Bytes) -> Result<i64, ResponseError> {
        let mut first_offset = None;
        while !records.is_empty() {
            let header = BatchHeader::read(&records)?;
            let offset = self.append_batch(&header, &records.split_to(header.size))?;
            first_offset.get_or_insert(offset);
        }
        first_offset.ok_or(ResponseError::InvalidRecord)
    }

    fn append_batch(&mut self, header: &BatchHeader, batch: &[u8]) -> Result<i64, ResponseError> {
        if header.producer_id >= 0
            && let Some(offset) = self.check_sequence(header)?
        {
            return Ok(offset);
        }
        let base_offset = self.end;
        let last_offset = base_offset + i64::from(header.last_offset_delta);
        let placed =
            Batch { last_offset, max_timestamp: header.max_timestamp, bytes: at_offset(batch, base_offset) };
        self.bytes += placed.bytes.len();
        self.batches.insert(base_offset, placed);
        self.end = last_offset + 1;
        self.make_room();
        Ok(base_offset)
    }

    /// Whether the batch is the producer's next one. `Some` with its offset if it is a repetition.
    fn check_sequence(&mut self, header: &BatchHeader) -> Result<Option<i64>, ResponseError> {
        let (first, last) = (header.base_sequence, header.last_sequence());
        let offset = self.end;
        let state = self.producers.entry(header.producer_id).or_insert_with(|| ProducerState {
            epoch: header.producer_epoch,
            next_sequence: first,
            recent: VecDeque::new(),
        });
        if header.producer_epoch < state.epoch {
            return Err(ResponseError::InvalidProducerEpoch);
        }
        if header.producer_epoch > state.epoch {
            *state =
                ProducerState { epoch: header.producer_epoch, next_sequence: first, recent: VecDeque::new() };
        }
        if let Some((_, _, offset)) = state.recent.iter().find(|(f, l, _)| (*f, *l) == (first, last)) {
            return Ok(Some(*offset));
        }
        if first != state.next_sequence {
            return Err(ResponseError::OutOfOrderSequenceNumber);
        }
        state.next_sequence = sequence_after(last, 1);
        state.recent.push_back((first, last, offset));
        if state.recent.len() > REMEMBERED_BATCHES {
            state.recent.pop_front();
        }
        Ok(None)
    }

    fn make_room(&mut self) {
        while self.bytes > CAPACITY_BYTES && self.batches.len() > 1 {
            if let Some((_, batch)) = self.batches.pop_first() {
                self.bytes -= batch.bytes.len();
            }
        }
    }

    /// The offset of the oldest record kept.
    pub(super) fn start(&self) -> i64 {
        self.batches.first_key_value().map_or(self.end, |(offset, _)| *offset)
    }

    /// The offset after the newest record.
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// Whole batches from the one that contains `offset` on, together at most `max_bytes`, but always the first one
    /// if `at_least_one`: the reader skips what lies before `offset`.
    pub(super) fn read(
        &self,
        offset: i64,
        max_bytes: usize,
        at_least_one: bool,
    ) -> Result<Bytes, ResponseError> {
        if offset < self.start() || offset > self.end {
            return Err(ResponseError::OffsetOutOfRange);
        }
        let containing = self.batches.range(..=offset).next_back();
        let first =
            containing.filter(|(_, batch)| batch.last_offset >= offset).map_or(offset, |(base, _)| *base);
        let mut records = BytesMut::new();
        for (_, batch) in self.batches.range(first..) {
            let must = at_least_one && records.is_empty();
            if !must && records.len() + batch.bytes.len() > max_bytes {
                break;
            }
            records.extend_from_slice(&batch.bytes);
        }
        Ok(records.freeze())
    }

    /// The first offset of the first batch that contains a record as young as `timestamp` (milliseconds), with the
    /// largest timestamp of that batch.
    pub(super) fn offset_for(&self, timestamp: i64) -> Option<(i64, i64)> {
        let mut batches = self.batches.iter();
        batches
            .find(|(_, batch)| batch.max_timestamp >= timestamp)
            .map(|(base, batch)| (*base, batch.max_timestamp))
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::tests::batch;
    use super::*;

    const PLAIN: i64 = -1;

    fn base_offsets(records: &Bytes) -> Vec<i64> {
        let (mut offsets, mut rest) = (Vec::new(), records.clone());
        while !rest.is_empty() {
            offsets.push(i64::from_be_bytes(rest[..8].try_into().unwrap()));
            let _ = rest.split_to(BatchHeader::read(&rest).unwrap().size);
        }
        offsets
    }

    #[test]
    fn reading_starts_with_the_batch_that_contains_the_offset() {
        let mut log = Log::default();
        for (count, base) in [(10, 0), (5, 10), (1, 15)] {
            assert_eq!(log.append(batch(PLAIN, -1, -1, count, 0)), Ok(base));
        }
        let read = |offset| log.read(offset, usize::MAX, true).map(|records| base_offsets(&records));
        assert_eq!(read(0), Ok(vec![0, 10, 15]));
        assert_eq!(read(9), Ok(vec![0, 10, 15]));
        assert_eq!(read(12), Ok(vec![10, 15]));
        assert_eq!(read(15), Ok(vec![15]));
        assert_eq!(read(16), Ok(vec![]));
        assert_eq!(read(17), Err(ResponseError::OffsetOutOfRange));
        assert_eq!(read(-1), Err(ResponseError::OffsetOutOfRange));
    }

    #[test]
    fn reading_is_bounded_but_never_stuck() {
        let mut log = Log::default();
        for _ in 0..3 {
            log.append(batch(PLAIN, -1, -1, 10, 0)).unwrap();
        }
        let one = batch(PLAIN, -1, -1, 10, 0).len();
        let read = |max, at_least_one| base_offsets(&log.read(0, max, at_least_one).unwrap()).len();
        assert_eq!(read(2 * one, false), 2);
        assert_eq!(read(2 * one - 1, false), 1);
        assert_eq!(read(1, true), 1);
        assert_eq!(read(1, false), 0);
    }

    #[test]
    fn a_repeated_batch_is_not_appended_again() {
        let mut log = Log::default();
        assert_eq!(log.append(batch(1, 0, 0, 10, 0)), Ok(0));
        assert_eq!(log.append(batch(1, 0, 10, 5, 0)), Ok(10));
        assert_eq!(log.append(batch(1, 0, 0, 10, 0)), Ok(0));
        assert_eq!(log.append(batch(1, 0, 10, 5, 0)), Ok(10));
        assert_eq!(log.end(), 15);
        assert_eq!(log.append(batch(1, 0, 16, 1, 0)), Err(ResponseError::OutOfOrderSequenceNumber));
        assert_eq!(log.append(batch(1, 1, 0, 1, 0)), Ok(15), "a new epoch starts again");
        assert_eq!(log.append(batch(1, 0, 15, 1, 0)), Err(ResponseError::InvalidProducerEpoch));
    }

    #[test]
    fn a_producer_from_before_a_restart_is_taken_up_where_it_is() {
        let mut log = Log::default();
        assert_eq!(log.append(batch(1, 0, 500, 10, 0)), Ok(0));
        assert_eq!(log.append(batch(1, 0, 510, 1, 0)), Ok(10));
    }

    #[test]
    fn an_offset_is_found_by_time() {
        let mut log = Log::default();
        log.append(batch(PLAIN, -1, -1, 10, 1_000)).unwrap();
        log.append(batch(PLAIN, -1, -1, 10, 2_000)).unwrap();
        assert_eq!(log.offset_for(500), Some((0, 1_000)));
        assert_eq!(log.offset_for(1_001), Some((10, 2_000)));
        assert_eq!(log.offset_for(2_001), None);
    }
}
