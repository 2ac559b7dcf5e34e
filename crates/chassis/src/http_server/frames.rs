//! Counts the frames of an HTTP/2 connection that cost work and carry none.
//!
//! PING, SETTINGS, PRIORITY, `WINDOW_UPDATE`, `RST_STREAM` and streams that are refused cost their sender next to nothing and
//! the server a wake-up and often an answer. Their number cannot be fixed: who downloads much sends many
//! updates of its window. So they are paid for: by what the server has written to the connection, which is what such frames
//! are about, and by a small allowance that time refills. Frame types: RFC 9113, section 6.

use tokio::time::Instant;

/// What a client magic begins with (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADER_BYTES: usize = 9;

/// The allowance of a connection at its start, and the most that it saves up.
const MAX_CREDIT: f64 = 4_000.0;
/// What time adds to it.
const CREDIT_PER_SECOND: f64 = 200.0;
/// Written bytes that pay for the cheapest frame.
const BYTES_PER_CREDIT: f64 = 16.0;
/// A ping is free once so much was written since the last one: clients measure their lines so.
const BYTES_FOR_A_PING: usize = 64;
/// DATA of fewer bytes costs more than it brings.
const SMALL_DATA: usize = 16;

/// There were more frames than were paid for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a flood of HTTP/2 frames that carry nothing")]
pub(super) struct Flood;

/// The frames that arrive over one connection.
#[derive(Debug)]
pub(super) struct Frames {
    place: Place,
    credit: f64,
    refilled: Instant,
    written_since_ping: usize,
    /// Whether a whole frame has begun: the client speaks HTTP/2 indeed.
    begun: bool,
}

/// Where in the stream of bytes the reading is.
#[derive(Debug)]
enum Place {
    /// So many bytes of the preface have been read.
    Preface(usize),
    /// It is no HTTP/2.
    Other,
    Header {
        bytes: [u8; HEADER_BYTES],
        read: usize,
    },
    Payload(usize),
}

const NEXT_HEADER: Place = Place::Header { bytes: [0; HEADER_BYTES], read: 0 };

impl Frames {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            place: Place::Preface(0),
            credit: MAX_CREDIT,
            refilled: now,
            written_since_ping: 0,
            begun: false,
        }
    }

    /// Whether the connection has come past its preface, or is none of HTTP/2.
    pub(super) fn begun(&self) -> bool {
        self.begun || matches!(self.place, Place::Other)
    }

    /// Takes note of bytes that were written.
    pub(super) fn wrote(&mut self, count: usize) {
        self.written_since_ping = self.written_since_ping.saturating_add(count);
        #[allow(clippy::cast_precision_loss, reason = "nobody writes 2^52 bytes at once")]
        let earned = count as f64 / BYTES_PER_CREDIT;
        self.credit = (self.credit + earned).min(MAX_CREDIT);
    }

    /// Takes note of bytes that have arrived.
    pub(super) fn read(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Flood> {
        while !bytes.is_empty() {
            match &mut self.place {
                Place::Other => return Ok(()),
                Place::Preface(read) => {
                    let count = bytes.len().min(PREFACE.len() - *read);
                    if bytes[..count] != PREFACE[*read..*read + count] {
                        self.place = Place::Other;
                        return Ok(());
                    }
                    *read += count;
                    bytes = &bytes[count..];
                    if *read == PREFACE.len() {
                        self.place = NEXT_HEADER;
                    }
                }
                Place::Header { bytes: header, read } => {
                    let count = bytes.len().min(HEADER_BYTES - *read);
                    header[*read..*read + count].copy_from_slice(&bytes[..count]);
                    *read += count;
                    bytes = &bytes[count..];
                    if *read == HEADER_BYTES {
                        let [a, b, c, kind, flags, ..] = *header;
                        let length = u32::from_be_bytes([0, a, b, c]) as usize;
                        self.place = if length == 0 { NEXT_HEADER } else { Place::Payload(length) };
                        self.frame(kind, flags, length, now)?;
                    }
                }
                Place::Payload(left) => {
                    let count = bytes.len().min(*left);
                    *left -= count;
                    bytes = &bytes[count..];
                    if *left == 0 {
                        self.place = NEXT_HEADER;
                    }
                }
            }
        }
        Ok(())
    }

    fn frame(&mut self, kind: u8, flags: u8, length: usize, now: Instant) -> Result<(), Flood> {
        const ACK_OR_END: u8 = 1;
        self.begun = true;
        let cost = match kind {
            // DATA: the body layer has its own mind about slow ones. The last one may be empty.
            0 if length >= SMALL_DATA || flags & ACK_OR_END != 0 => 0.0,
            // A little DATA, WINDOW_UPDATE, CONTINUATION.
            0 | 8 | 9 => 1.0,
            // HEADERS, PRIORITY, RST_STREAM.
            1..=3 => 2.0,
            6 if self.written_since_ping >= BYTES_FOR_A_PING => 0.0,
            // SETTINGS, PING, GOAWAY, what is not known.
            _ => 4.0,
        };
        if kind == 6 {
            self.written_since_ping = 0;
        }
        if cost > self.credit {
            let waited = now.duration_since(self.refilled).as_secs_f64();
            self.credit = (self.credit + waited * CREDIT_PER_SECOND).min(MAX_CREDIT);
            self.refilled = now;
        }
        if cost > self.credit {
            return Err(Flood);
        }
        self.credit -= cost;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn frame(kind: u8, length: usize) -> Vec<u8> {
        let [_, a, b, c] = u32::try_from(length).unwrap().to_be_bytes();
        let mut frame = vec![a, b, c, kind, 0, 0, 0, 0, 1];
        frame.resize(HEADER_BYTES + length, 0);
        frame
    }

    /// A connection that is past its preface.
    fn open(now: Instant) -> Frames {
        let mut frames = Frames::new(now);
        frames.read(PREFACE, now).unwrap();
        frames
    }

    /// How many frames of that kind are taken; the server writes `answered` bytes for each.
    fn taken(kind: u8, length: usize, answered: usize) -> usize {
        let now = Instant::now();
        let mut frames = open(now);
        let frame = frame(kind, length);
        (0..100_000)
            .take_while(|_| {
                let outcome = frames.read(&frame, now);
                frames.wrote(answered);
                outcome.is_ok()
            })
            .count()
    }

    #[test]
    fn floods_end() {
        // Kind, length of the payload, and what the server answers to each.
        let floods = [
            (0, 0, 0),
            (0, 1, 0),
            (1, 40, 13),
            (2, 5, 0),
            (3, 4, 0),
            (4, 0, 9),
            (6, 8, 17),
            (8, 4, 0),
            (9, 0, 0),
            (77, 0, 0),
        ];
        for (kind, length, answered) in floods {
            let taken = taken(kind, length, answered);
            assert!((500..10_000).contains(&taken), "kind {kind}: {taken}");
        }
    }

    #[test]
    fn clients_at_work_are_never_cut_off() {
        assert_eq!(taken(0, 16_384, 0), 100_000, "an upload");
        assert_eq!(taken(8, 4, 8_192), 100_000, "a download");
        assert_eq!(taken(1, 40, 62), 100_000, "requests with the shortest answers");
        assert_eq!(taken(6, 8, 62 + 17), 100_000, "pings that measure the line");
    }

    #[test]
    fn time_refills_the_allowance() {
        let start = Instant::now();
        let mut frames = open(start);
        let ping = frame(6, 8);
        while frames.read(&ping, start).is_ok() {}
        frames.place = NEXT_HEADER;
        for second in 1..100 {
            let now = start + Duration::from_secs(second);
            for _ in 0..40 {
                assert_eq!(frames.read(&ping, now), Ok(()), "second {second}");
            }
        }
    }

    #[test]
    fn frames_are_told_apart_however_the_bytes_arrive() {
        let now = Instant::now();
        let stream = [PREFACE.to_vec(), frame(4, 0), frame(1, 70), frame(0, 300), frame(6, 8)].concat();
        for size in [1, 2, 7, 24, 33, 1_000] {
            let mut frames = Frames::new(now);
            for piece in stream.chunks(size) {
                frames.read(piece, now).unwrap();
            }
            assert!((MAX_CREDIT - frames.credit - (4.0 + 2.0 + 0.0 + 4.0)).abs() < 1e-6, "{size}");
        }
    }

    #[test]
    fn what_is_no_http2_is_left_alone() {
        let now = Instant::now();
        let mut frames = Frames::new(now);
        frames.read(b"P", now).unwrap();
        assert!(!frames.begun());
        frames.read(b"OST / HTTP/1.1\r\n", now).unwrap();
        assert!(frames.begun());
        for _ in 0..100_000 {
            frames.read(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x06\0\0\0\0\0", now).unwrap();
        }
    }
}
