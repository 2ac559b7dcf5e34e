//! The message after DATA: lines until a single dot, with leading dots doubled (RFC 5321, section 4.5.2).

use bytes::{Buf, BytesMut};

/// Collects one message out of what the connection delivers, piece by piece.
///
/// Only CRLF ends a line. A lone LF is content, so a message that contains `LF . LF` cannot end early and pass the
/// rest of itself off as commands.
#[derive(Debug)]
pub(super) struct MessageReader {
    content: Vec<u8>,
    at_line_start: bool,
    limit: usize,
    too_large: bool,
}

/// A message that is complete.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// Its bytes, without the doubled dots and the final one.
    Message(Vec<u8>),
    /// It was larger than the limit and is gone.
    TooLarge,
}

impl MessageReader {
    pub(super) fn new(limit: usize) -> Self {
        Self { content: Vec::new(), at_line_start: true, limit, too_large: false }
    }

    /// Consumes what it can of `input`; the answer comes once the final dot was among it.
    pub(super) fn read(&mut self, input: &mut BytesMut) -> Option<Received> {
        while let Some(end) = memchr::memchr(b'\n', input) {
            let line = &input[..=end];
            if self.at_line_start && line == b".\r\n" {
                input.advance(end + 1);
                return Some(self.finish());
            }
            let whole = line.ends_with(b"\r\n");
            let line = if self.at_line_start { line.strip_prefix(b".").unwrap_or(line) } else { line };
            append(&mut self.content, line, self.limit, &mut self.too_large);
            self.at_line_start = whole;
            input.advance(end + 1);
        }
        self.shorten(input);
        None
    }

    /// Takes over the beginning of a line that is longer than a whole message may be. Its last byte stays: it may be
    /// the CR of a line end.
    fn shorten(&mut self, input: &mut BytesMut) {
        if input.len() > self.limit {
            let taken = input.len() - 1;
            let line = &input[..taken];
            let line = if self.at_line_start { line.strip_prefix(b".").unwrap_or(line) } else { line };
            append(&mut self.content, line, self.limit, &mut self.too_large);
            self.at_line_start = false;
            input.advance(taken);
        }
    }

    fn finish(&mut self) -> Received {
        if self.too_large { Received::TooLarge } else { Received::Message(std::mem::take(&mut self.content)) }
    }
}

fn append(content: &mut Vec<u8>, bytes: &[u8], limit: usize, too_large: &mut bool) {
    if content.len() + bytes.len() > limit {
        *too_large = true;
        *content = Vec::new();
    }
    if !*too_large {
        content.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a client sends for a message: dots doubled, a line end added where there is none, then the final dot.
    fn stuffed(message: &[u8]) -> Vec<u8> {
        let mut wire = Vec::new();
        let mut at_line_start = true;
        for (index, byte) in message.iter().enumerate() {
            if at_line_start && *byte == b'.' {
                wire.push(b'.');
            }
            wire.push(*byte);
            at_line_start = *byte == b'\n' && index > 0 && message[index - 1] == b'\r';
        }
        if !at_line_start {
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b".\r\n");
        wire
    }

    fn read_in_pieces(wire: &[u8], piece: usize, limit: usize) -> (Option<Received>, BytesMut) {
        let mut reader = MessageReader::new(limit);
        let mut input = BytesMut::new();
        let mut received = None;
        for part in wire.chunks(piece) {
            input.extend_from_slice(part);
            if received.is_none() {
                received = reader.read(&mut input);
            }
        }
        (received, input)
    }

    proptest! {
        #[test]
        fn a_message_comes_out_as_it_went_in(
            message in proptest::collection::vec(prop_oneof![Just(b'.'), Just(b'\r'), Just(b'\n'), any::<u8>()], 0..200),
            piece in 1_usize..50,
        ) {
            let mut wire = stuffed(&message);
            wire.extend_from_slice(b"QUIT\r\n");
            let (received, rest) = read_in_pieces(&wire, piece, 1_000);
            let mut expected = message.clone();
            if !expected.is_empty() && !expected.ends_with(b"\r\n") {
                expected.extend_from_slice(b"\r\n");
            }
            prop_assert_eq!(received, Some(Received::Message(expected)));
            prop_assert_eq!(&rest[..], b"QUIT\r\n");
        }
    }

    #[test]
    fn a_dot_between_lone_line_feeds_is_content() {
        let (received, rest) = read_in_pieces(b"a\n.\nMAIL FROM:<x@y>\r\n.\r\n", 7, 100);
        assert_eq!(received, Some(Received::Message(b"a\n.\nMAIL FROM:<x@y>\r\n".to_vec())));
        assert!(rest.is_empty());
    }

    #[test]
    fn a_message_over_the_limit_is_read_to_its_end_and_not_kept() {
        let mut wire = vec![b'x'; 5_000];
        wire.extend_from_slice(b"\r\n.\r\nQUIT\r\n");
        for piece in [1, 100, 10_000] {
            let (received, rest) = read_in_pieces(&wire, piece, 1_000);
            assert_eq!(received, Some(Received::TooLarge), "pieces of {piece}");
            assert_eq!(&rest[..], b"QUIT\r\n");
        }
    }
}
