//! The outline of a WebP (RFC 9649): a RIFF container of known length with an image in it.

use super::{PictureError, Step};

/// Name and length of a chunk.
const HEADER_BYTES: u64 = 8;

pub(super) struct WebP {
    /// Bytes that the container still announces.
    left: u64,
    is_first: bool,
    has_image: bool,
}

impl WebP {
    /// Reads the head of the container, if it is one.
    pub(super) fn begin(window: &[u8]) -> Option<Self> {
        let (length, rest) = window.strip_prefix(b"RIFF")?.split_first_chunk()?;
        let left = u64::from(u32::from_le_bytes(*length)).checked_sub(4)?;
        rest.starts_with(b"WEBP").then_some(Self { left, is_first: true, has_image: false })
    }

    pub(super) fn is_whole(&self) -> bool {
        self.left == 0 && self.has_image
    }

    pub(super) fn step(&mut self, window: &[u8]) -> Result<Step, PictureError> {
        if self.left == 0 {
            return Ok(if window.is_empty() { Step::More } else { Step::Past(window.len() as u64) });
        }
        let Some((kind, rest)) = window.split_first_chunk::<4>() else { return Ok(Step::More) };
        let Some((length, _)) = rest.split_first_chunk() else { return Ok(Step::More) };
        let length = u64::from(u32::from_le_bytes(*length));
        if self.is_first && !matches!(kind, b"VP8 " | b"VP8L" | b"VP8X") {
            return Err(PictureError::Broken);
        }
        self.is_first = false;
        self.has_image |= matches!(kind, b"VP8 " | b"VP8L" | b"ANMF");
        // Chunks have even lengths; some writers leave the last one odd.
        let padded = HEADER_BYTES + length + length % 2;
        let taken = if padded > self.left { padded - length % 2 } else { padded };
        self.left = self.left.checked_sub(taken).ok_or(PictureError::Broken)?;
        Ok(Step::Past(taken))
    }
}
