//! The outline of a PNG (<https://www.w3.org/TR/png-3/>): a header chunk, others, image data, an end chunk.

use super::rewrite::check_size;
use super::{PictureError, Step};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Length, type and checksum of a chunk.
const FRAME_BYTES: u64 = 12;

#[derive(Default)]
pub(super) struct Png {
    place: Place,
    has_data: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Header,
    Chunks,
    Behind,
}

impl Png {
    pub(super) fn is_whole(&self) -> bool {
        self.place == Place::Behind && self.has_data
    }

    pub(super) fn step(&mut self, window: &[u8]) -> Result<Step, PictureError> {
        match self.place {
            Place::Behind if window.is_empty() => return Ok(Step::More),
            Place::Behind => return Ok(Step::Past(window.len() as u64)),
            Place::Header | Place::Chunks => {}
        }
        let Some((length, rest)) = window.split_first_chunk() else { return Ok(Step::More) };
        let Some((kind, content)) = rest.split_first_chunk::<4>() else { return Ok(Step::More) };
        let length = u32::from_be_bytes(*length);
        if length > i32::MAX as u32 || !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(PictureError::Broken);
        }
        match (self.place, kind) {
            (Place::Header, b"IHDR") if length == 13 => {
                let Some((size, _)) = content.split_first_chunk::<8>() else { return Ok(Step::More) };
                let [w1, w2, w3, w4, h1, h2, h3, h4] = *size;
                let (width, height) =
                    (u32::from_be_bytes([w1, w2, w3, w4]), u32::from_be_bytes([h1, h2, h3, h4]));
                if width == 0 || height == 0 {
                    return Err(PictureError::Broken);
                }
                check_size(width, height)?;
                self.place = Place::Chunks;
            }
            (Place::Header, _) | (_, b"IHDR") => return Err(PictureError::Broken),
            (_, b"IDAT") => self.has_data = true,
            (_, b"IEND") => self.place = Place::Behind,
            _ => {}
        }
        Ok(Step::Past(FRAME_BYTES + u64::from(length)))
    }
}
