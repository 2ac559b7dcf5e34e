//! The outline of a JPEG (ISO/IEC 10918-1, annex B): segments up to the first scan, then entropy-coded data and the
//! end marker somewhere in it. What stands after that is passed over; the picture that is kept has none of it.

use super::rewrite::check_size;
use super::{PictureError, Step};

/// Start of image, and the first byte of the marker that follows.
pub(super) const SIGNATURE: &[u8] = &[0xff, 0xd8, 0xff];
const END: [u8; 2] = [0xff, 0xd9];
const START_OF_SCAN: u8 = 0xda;

#[derive(Default)]
pub(super) struct Jpeg {
    place: Place,
    has_frame: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Segments,
    Scan,
    Behind,
}

impl Jpeg {
    pub(super) fn is_whole(&self) -> bool {
        self.place == Place::Behind
    }

    pub(super) fn step(&mut self, window: &[u8]) -> Result<Step, PictureError> {
        match self.place {
            Place::Segments => self.segment(window),
            Place::Scan => Ok(self.scan(window)),
            Place::Behind if window.is_empty() => Ok(Step::More),
            Place::Behind => Ok(Step::Past(window.len() as u64)),
        }
    }

    fn segment(&mut self, window: &[u8]) -> Result<Step, PictureError> {
        let [0xff, marker, ref rest @ ..] = *window else {
            return if matches!(window, [] | [0xff]) { Ok(Step::More) } else { Err(PictureError::Broken) };
        };
        match marker {
            // Any number of these may stand in front of a marker.
            0xff => return Ok(Step::Past(1)),
            // Stuffing, reserved codes, restarts and ends have no place before the first scan.
            0x00..=0xbf | 0xd0..=0xd9 => return Err(PictureError::Broken),
            _ => {}
        }
        let [high, low, ref content @ ..] = *rest else { return Ok(Step::More) };
        let length = u16::from_be_bytes([high, low]);
        if length < 2 {
            return Err(PictureError::Broken);
        }
        if is_frame(marker) {
            let [_precision, height_1, height_2, width_1, width_2, ..] = *content else {
                return Ok(Step::More);
            };
            let height = u16::from_be_bytes([height_1, height_2]);
            let width = u16::from_be_bytes([width_1, width_2]);
            if height == 0 || width == 0 {
                return Err(PictureError::Broken);
            }
            check_size(width.into(), height.into())?;
            self.has_frame = true;
        }
        if marker == START_OF_SCAN {
            if !self.has_frame {
                return Err(PictureError::Broken);
            }
            self.place = Place::Scan;
        }
        Ok(Step::Past(2 + u64::from(length)))
    }

    fn scan(&mut self, window: &[u8]) -> Step {
        if let Some(end) = window.windows(END.len()).position(|pair| pair == END) {
            self.place = Place::Behind;
            return Step::Past((end + END.len()) as u64);
        }
        // The last byte may be the first of the marker.
        match window.len() {
            0 | 1 => Step::More,
            length => Step::Past(length as u64 - 1),
        }
    }
}

/// Frame headers are C0 to CF but for the tables of Huffman and arithmetic coding and a reserved one.
fn is_frame(marker: u8) -> bool {
    (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker)
}
