//! A picture is decoded and written anew: what is kept is pixels and nothing else.
//!
//! Where it was taken (EXIF), what a program noted in it, and whatever stands behind its end stay out. The one note that
//! counts, which side is up, is applied to the pixels. A size is judged by the header, before anything is decoded.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};

use super::{PictureError, PictureType};
use crate::files::MAX_FILE_BYTES;

/// The longest side.
pub(super) const MAX_SIDE: u32 = 16_384;
/// The most pixels: those of a camera of today in 10 MiB, and as many bytes of memory as a service has to spare.
pub(super) const MAX_PIXELS: u64 = 24_000_000;
/// The most bytes of pixels while a picture is decoded.
const MAX_DECODED_BYTES: u64 = 4 * MAX_PIXELS;
/// Where a loss is not seen any more, and where it begins to be.
const JPEG_QUALITIES: [u8; 2] = [90, 75];

/// A picture of ours.
#[derive(Debug)]
pub(crate) struct Rewritten {
    pub(crate) picture_type: PictureType,
    pub(crate) bytes: Vec<u8>,
}

/// Whether a picture of that size is taken.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), PictureError> {
    let fits = width <= MAX_SIDE && height <= MAX_SIDE && u64::from(width) * u64::from(height) <= MAX_PIXELS;
    if fits { Ok(()) } else { Err(PictureError::TooManyPixels) }
}

/// Writes the picture anew, in its own format; a WebP without transparency becomes a JPEG, because there is no encoder
/// here that would keep it as small. Takes up to a second of a processor.
pub(crate) fn rewrite(bytes: &[u8], picture_type: PictureType) -> Result<Rewritten, PictureError> {
    let format = match picture_type {
        PictureType::Jpeg => ImageFormat::Jpeg,
        PictureType::Png => ImageFormat::Png,
        PictureType::WebP => ImageFormat::WebP,
    };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(PictureError::TooManyPixels);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
    image.apply_orientation(orientation);
    // Eight bits a channel, as every viewer shows them.
    let image = match (image.color().has_alpha(), image.color().has_color()) {
        (true, _) => DynamicImage::ImageRgba8(image.into_rgba8()),
        (false, true) => DynamicImage::ImageRgb8(image.into_rgb8()),
        (false, false) => DynamicImage::ImageLuma8(image.into_luma8()),
    };
    for quality in JPEG_QUALITIES {
        let rewritten = encode(&image, picture_type, quality).map_err(|error| broken(&error))?;
        if rewritten.bytes.len() <= MAX_FILE_BYTES {
            return Ok(rewritten);
        }
    }
    Err(PictureError::TooDetailed)
}

fn encode(
    image: &DynamicImage,
    picture_type: PictureType,
    jpeg_quality: u8,
) -> Result<Rewritten, ImageError> {
    let has_alpha = image.color().has_alpha();
    let picture_type = match picture_type {
        PictureType::WebP if !has_alpha => PictureType::Jpeg,
        other => other,
    };
    let mut bytes = Vec::new();
    match picture_type {
        PictureType::Jpeg => {
            image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, jpeg_quality))?;
        }
        PictureType::Png => {
            let encoder =
                PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
            image.write_with_encoder(encoder)?;
        }
        PictureType::WebP => image.write_with_encoder(WebPEncoder::new_lossless(&mut bytes))?,
    }
    Ok(Rewritten { picture_type, bytes })
}

fn broken(error: &ImageError) -> PictureError {
    match error {
        ImageError::Limits(_) => PictureError::TooManyPixels,
        _ => PictureError::Broken,
    }
}

#[cfg(test)]
mod tests;
