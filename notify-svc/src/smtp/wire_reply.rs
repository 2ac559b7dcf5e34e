//! Replies as they come over the wire (RFC 5321, section 4.2).
//!
//! The code decides; any text is acceptable, and none at all, in whatever encoding. What a peer can make us keep has a
//! bound: of a line its beginning, of a reply a number of bytes.

use bytes::{Buf as _, BytesMut};

/// Longer than any line that means something: the RFC allows 512 bytes.
const MAX_LINE_BYTES: usize = 16 * 1024;
/// A whole reply.
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// What is kept of a line.
const KEPT_LINE_BYTES: usize = 512;

/// A reply whose code nobody has judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WireReply {
    /// The three digits.
    pub(super) code: u16,
    /// What stood behind them, line by line.
    pub(super) lines: Vec<Vec<u8>>,
}

/// What came is no reply.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("a reply without a code")]
    NoCode,
    #[error("a reply with a code that SMTP has not, {0}")]
    UnknownCode(u16),
    #[error("a reply whose lines have different codes, {0} and {1}")]
    Codes(u16, u16),
    #[error("a reply without end")]
    TooLong,
}

/// Puts one reply together, piece by piece.
#[derive(Debug, Default)]
pub(super) struct ReplyReader {
    code: Option<u16>,
    lines: Vec<Vec<u8>>,
    /// The beginning of the line that has no end yet.
    line: Vec<u8>,
    line_bytes: usize,
    reply_bytes: usize,
}

impl ReplyReader {
    /// Consumes what belongs to the reply; answers it once its last line is complete.
    pub(super) fn read(&mut self, input: &mut BytesMut) -> Result<Option<WireReply>, Malformed> {
        while !input.is_empty() {
            let end = input.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(input.len(), |end| end + 1);
            self.line_bytes += taken;
            self.reply_bytes += taken;
            if self.line_bytes > MAX_LINE_BYTES || self.reply_bytes > MAX_REPLY_BYTES {
                return Err(Malformed::TooLong);
            }
            let room = KEPT_LINE_BYTES - self.line.len();
            self.line.extend_from_slice(&input[..end.unwrap_or(taken).min(room)]);
            input.advance(taken);
            if end.is_none() {
                break;
            }
            self.line_bytes = 0;
            let line = std::mem::take(&mut self.line);
            if let Some(reply) = self.end_line(&line)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    fn end_line(&mut self, line: &[u8]) -> Result<Option<WireReply>, Malformed> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (digits, rest) = line.split_at_checked(3).ok_or(Malformed::NoCode)?;
        if !digits.iter().all(u8::is_ascii_digit) || rest.first().is_some_and(u8::is_ascii_digit) {
            return Err(Malformed::NoCode);
        }
        let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        if !(200..600).contains(&code) {
            return Err(Malformed::UnknownCode(code));
        }
        let first = *self.code.get_or_insert(code);
        if first != code {
            return Err(Malformed::Codes(first, code));
        }
        // The RFC knows a hyphen, a blank, and nothing; only the hyphen says that there is more.
        self.lines.push(rest.get(1..).unwrap_or_default().to_vec());
        if rest.first() == Some(&b'-') {
            return Ok(None);
        }
        let Self { lines, .. } = std::mem::take(self);
        Ok(Some(WireReply { code, lines }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(wire: &[u8], piece: usize) -> Result<Option<(WireReply, Vec<u8>)>, Malformed> {
        let (mut reader, mut input) = (ReplyReader::default(), BytesMut::new());
        let mut reply = None;
        for part in wire.chunks(piece) {
            input.extend_from_slice(part);
            if reply.is_none() {
                reply = reader.read(&mut input)?;
            }
        }
        Ok(reply.map(|reply| (reply, input.to_vec())))
    }

    #[test]
    fn the_code_decides_whatever_the_text() {
        let long = [b"250 ".as_slice(), &[b'x'; 10_240], b"\r\n"].concat();
        for wire in [
            b"250\r\n".as_slice(),
            b"250 \r\n",
            b"250\n",
            b"250 refus\xe9 \xff\r\n",
            b"250 a\0b\r\n",
            b"250-one\r\n250-two\r\n250 three\r\n",
            b"250-\r\n250\r\n",
            b"250-250 x\r\n250 y\r\n",
            b"250\tok\r\n",
            b"250.ok\r\n",
            &long,
        ] {
            for piece in [1, 3, wire.len()] {
                let (reply, rest) = read(wire, piece).unwrap().unwrap();
                assert_eq!((reply.code, rest), (250, Vec::new()), "{}", wire.escape_ascii());
            }
        }
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for (wire, malformed) in [
            (b"\r\n".as_slice(), Malformed::NoCode),
            (b"25\r\n", Malformed::NoCode),
            (b"2500 ok\r\n", Malformed::NoCode),
            (b" 250 ok\r\n", Malformed::NoCode),
            (b"hello\r\n", Malformed::NoCode),
            (b"999 \0 x\r\n", Malformed::UnknownCode(999)),
            (b"150 wait\r\n", Malformed::UnknownCode(150)),
            (b"250-ok\r\n550 no\r\n", Malformed::Codes(250, 550)),
            (&vec![b'2'; MAX_LINE_BYTES + 1], Malformed::TooLong),
            (&b"250-more\r\n".repeat(MAX_REPLY_BYTES / 10 + 1), Malformed::TooLong),
        ] {
            assert_eq!(read(wire, 7).unwrap_err(), malformed);
        }
    }

    #[test]
    fn what_follows_a_reply_stays_for_the_next() {
        let (reply, rest) = read(b"250 ok\r\n550 no\r\n", 100).unwrap().unwrap();
        assert_eq!((reply.code, rest.as_slice()), (250, b"550 no\r\n".as_slice()));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_kept_within_bounds(
            wire in proptest::collection::vec(any::<u8>(), 0..4_000),
            piece in 1_usize..500,
        ) {
            let (mut reader, mut input) = (ReplyReader::default(), BytesMut::new());
            for part in wire.chunks(piece) {
                input.extend_from_slice(part);
                match reader.read(&mut input) {
                    Err(_) => break,
                    Ok(Some(reply)) => prop_assert!((200..600).contains(&reply.code)),
                    Ok(None) => prop_assert!(input.is_empty() && reader.line.len() <= KEPT_LINE_BYTES),
                }
            }
        }
    }
}
