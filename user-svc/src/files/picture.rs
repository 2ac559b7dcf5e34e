//! Tells pictures by their bytes, while they pass by.
//!
//! What a client says of its bytes counts for nothing: a page that is served as an image must be one. Beyond the first
//! bytes the outline of the format is followed to its end, which finds files that are cut off or only begin like a
//! picture. When all of it is there, `rewrite` decodes it and writes it anew.

mod jpeg;
mod png;
mod rewrite;
mod webp;

use self::jpeg::Jpeg;
use self::png::Png;
pub(crate) use self::rewrite::{Rewritten, rewrite};
use self::webp::WebP;
use crate::file::PictureType;

/// Why bytes are no picture; follows the name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PictureError {
    #[error("must be a JPEG, PNG or WebP picture")]
    Unknown,
    #[error("is a HEIC or AVIF picture, which few programs show; send it as JPEG, PNG or WebP")]
    Heic,
    #[error(
        "has too many pixels: at most {} in all and {} on a side",
        rewrite::MAX_PIXELS,
        rewrite::MAX_SIDE
    )]
    TooManyPixels,
    #[error("has more detail than fits into {} bytes", crate::files::MAX_FILE_BYTES)]
    TooDetailed,
    #[error("begins like a picture and does not go on like one")]
    Broken,
    #[error("is a picture without its end")]
    CutOff,
}

/// What a format makes of the bytes at its place.
enum Step {
    /// More bytes are needed to tell.
    More,
    /// So many bytes are done with, at least one; they need not have arrived yet.
    Past(u64),
}

/// How much has to be seen before the format is known.
const SIGNATURE_BYTES: usize = 12;

/// Follows a picture chunk by chunk.
#[derive(Default)]
pub(crate) struct Inspector {
    format: Option<Format>,
    /// Bytes that were not enough for a step.
    window: Vec<u8>,
    /// Bytes to come that are done with already.
    skip: u64,
}

enum Format {
    Jpeg(Jpeg),
    Png(Png),
    WebP(WebP),
}

impl Inspector {
    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), PictureError> {
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        self.window.extend_from_slice(&bytes[skipped as usize..]);
        let mut place = 0;
        while self.skip == 0 {
            let Step::Past(length) = self.step(place)? else { break };
            let here = length.min((self.window.len() - place) as u64);
            place += here as usize;
            self.skip = length - here;
        }
        self.window.drain(..place);
        Ok(())
    }

    /// Answers the format if the picture is whole.
    pub(crate) fn finish(&self) -> Result<PictureType, PictureError> {
        let (picture_type, whole) = match &self.format {
            None => return Err(PictureError::Unknown),
            Some(Format::Jpeg(jpeg)) => (PictureType::Jpeg, jpeg.is_whole()),
            Some(Format::Png(png)) => (PictureType::Png, png.is_whole()),
            Some(Format::WebP(webp)) => (PictureType::WebP, webp.is_whole()),
        };
        if whole && self.skip == 0 { Ok(picture_type) } else { Err(PictureError::CutOff) }
    }

    fn step(&mut self, place: usize) -> Result<Step, PictureError> {
        let window = &self.window[place..];
        match &mut self.format {
            Some(Format::Jpeg(jpeg)) => jpeg.step(window),
            Some(Format::Png(png)) => png.step(window),
            Some(Format::WebP(webp)) => webp.step(window),
            None if window.len() < SIGNATURE_BYTES => Ok(Step::More),
            None => {
                let (format, signature) = if window.starts_with(jpeg::SIGNATURE) {
                    // The last byte of the signature begins the first segment.
                    (Format::Jpeg(Jpeg::default()), jpeg::SIGNATURE.len() - 1)
                } else if window.starts_with(png::SIGNATURE) {
                    (Format::Png(Png::default()), png::SIGNATURE.len())
                } else if let Some(webp) = WebP::begin(window) {
                    (Format::WebP(webp), SIGNATURE_BYTES)
                } else if is_heic(window) {
                    return Err(PictureError::Heic);
                } else {
                    return Err(PictureError::Unknown);
                };
                self.format = Some(format);
                Ok(Step::Past(signature as u64))
            }
        }
    }
}

/// ISO/IEC 14496-12: a box `ftyp` comes first, with the brand of the format, as telephones write it.
fn is_heic(window: &[u8]) -> bool {
    let brands: [&[u8]; 9] =
        [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"];
    window.get(4..8) == Some(b"ftyp") && window.get(8..12).is_some_and(|brand| brands.contains(&brand))
}

#[cfg(test)]
mod tests;
