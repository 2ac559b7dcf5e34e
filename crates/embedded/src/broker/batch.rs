//! The header of a record batch, magic 2. The records themselves stay unread: they may be compressed, and only their
//! readers need them.
//!
//! Layout (Kafka's documentation, "Record batch"): base offset i64, length i32, leader epoch i32, magic i8, CRC u32,
//! attributes i16, last offset delta i32, base timestamp i64, max timestamp i64, producer id i64, producer epoch i16,
//! base sequence i32, number of records i32.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::ResponseError;

const HEADER: usize = 61;
/// Base offset and length do not count into the length.
const UNCOUNTED: usize = 12;
const MAGIC: i8 = 2;

/// What the broker needs to know of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BatchHeader {
    /// The bytes of the batch, header included.
    pub(super) size: usize,
    pub(super) last_offset_delta: i32,
    pub(super) max_timestamp: i64,
    /// Negative without idempotence.
    pub(super) producer_id: i64,
    pub(super) producer_epoch: i16,
    pub(super) base_sequence: i32,
}

impl BatchHeader {
    /// Reads the header of the first batch in `records`, which must be there completely.
    pub(super) fn read(records: &[u8]) -> Result<Self, ResponseError> {
        if records.len() < HEADER {
            return Err(ResponseError::CorruptMessage);
        }
        let mut header = records;
        let _base_offset = header.get_i64();
        let size =
            UNCOUNTED + usize::try_from(header.get_i32()).map_err(|_| ResponseError::CorruptMessage)?;
        let _leader_epoch = header.get_i32();
        if header.get_i8() != MAGIC {
            return Err(ResponseError::UnsupportedForMessageFormat);
        }
        let _crc = header.get_u32();
        let _attributes = header.get_i16();
        let last_offset_delta = header.get_i32();
        let _base_timestamp = header.get_i64();
        let max_timestamp = header.get_i64();
        let producer_id = header.get_i64();
        let producer_epoch = header.get_i16();
        let base_sequence = header.get_i32();
        let count = header.get_i32();
        if size < HEADER || size > records.len() {
            return Err(ResponseError::CorruptMessage);
        }
        if count < 1 || last_offset_delta != count - 1 {
            return Err(ResponseError::InvalidRecord);
        }
        Ok(Self { size, last_offset_delta, max_timestamp, producer_id, producer_epoch, base_sequence })
    }

    pub(super) fn last_sequence(&self) -> i32 {
        sequence_after(self.base_sequence, self.last_offset_delta)
    }
}

/// Sequence numbers start again at 0 after the largest one.
pub(super) fn sequence_after(sequence: i32, steps: i32) -> i32 {
    let sum = i64::from(sequence) + i64::from(steps);
    (sum % (i64::from(i32::MAX) + 1)) as i32
}

/// The batch at its place in the log. The checksum does not cover the base offset.
pub(super) fn at_offset(batch: &[u8], base_offset: i64) -> Bytes {
    let mut placed = BytesMut::from(batch);
    placed[..8].copy_from_slice(&base_offset.to_be_bytes());
    placed.freeze()
}

#[cfg(test)]
pub(super) mod tests {
    use bytes::BufMut;

    use super::*;

    /// A batch of `count` records whose bytes are of no interest.
    pub(in super::super) fn batch(
        producer: i64,
        epoch: i16,
        sequence: i32,
        count: i32,
        max_timestamp: i64,
    ) -> Bytes {
        let mut batch = BytesMut::new();
        let records = vec![7; 10 * count as usize];
        batch.put_i64(0);
        batch.put_i32((HEADER - UNCOUNTED + records.len()) as i32);
        batch.put_i32(-1);
        batch.put_i8(MAGIC);
        batch.put_u32(0);
        batch.put_i16(0);
        batch.put_i32(count - 1);
        batch.put_i64(0);
        batch.put_i64(max_timestamp);
        batch.put_i64(producer);
        batch.put_i16(epoch);
        batch.put_i32(sequence);
        batch.put_i32(count);
        batch.put_slice(&records);
        batch.freeze()
    }

    #[test]
    fn the_header_is_read_and_checked() {
        let bytes = batch(4, 1, 9, 3, 77);
        let header = BatchHeader::read(&bytes).unwrap();
        assert_eq!((header.size, header.last_offset_delta, header.max_timestamp), (bytes.len(), 2, 77));
        assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), (4, 1, 9));
        assert_eq!(BatchHeader::read(&bytes[..bytes.len() - 1]), Err(ResponseError::CorruptMessage));
        assert_eq!(BatchHeader::read(&bytes[..20]), Err(ResponseError::CorruptMessage));
        let mut old = bytes.to_vec();
        old[16] = 1;
        assert_eq!(BatchHeader::read(&old), Err(ResponseError::UnsupportedForMessageFormat));
    }

    #[test]
    fn sequence_numbers_wrap_to_zero() {
        assert_eq!(sequence_after(i32::MAX, 1), 0);
        assert_eq!(sequence_after(i32::MAX - 1, 3), 1);
        assert_eq!(sequence_after(5, 3), 8);
    }
}
