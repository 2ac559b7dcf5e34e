use image::{Rgba, RgbaImage};

use super::*;
use crate::files::picture::Inspector;

/// A picture of four colours in that format, transparent in one corner where the format can be.
fn picture(format: ImageFormat, alpha: u8) -> Vec<u8> {
    let image = RgbaImage::from_fn(8, 8, |x, y| {
        Rgba([(x * 30) as u8, (y * 30) as u8, 9, if x + y == 0 { alpha } else { 255 }])
    });
    let image = DynamicImage::ImageRgba8(image);
    let image = if alpha == 255 { DynamicImage::ImageRgb8(image.into_rgb8()) } else { image };
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    // Checksums of what is not needed are not looked at.
    [&length[..], &kind, content, &[0; 4]].concat()
}

fn has(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

#[test]
fn each_format_is_written_anew_and_can_be_read() {
    for (format, alpha, before, after) in [
        (ImageFormat::Jpeg, 255, PictureType::Jpeg, PictureType::Jpeg),
        (ImageFormat::Png, 255, PictureType::Png, PictureType::Png),
        (ImageFormat::Png, 0, PictureType::Png, PictureType::Png),
        (ImageFormat::WebP, 255, PictureType::WebP, PictureType::Jpeg),
        (ImageFormat::WebP, 0, PictureType::WebP, PictureType::WebP),
    ] {
        let rewritten = rewrite(&picture(format, alpha), before).unwrap();
        assert_eq!(rewritten.picture_type, after, "{format:?} with alpha {alpha}");
        let mut inspector = Inspector::default();
        inspector.feed(&rewritten.bytes).unwrap();
        assert_eq!(inspector.finish(), Ok(after));
        let read = image::load_from_memory(&rewritten.bytes).unwrap();
        assert_eq!((read.width(), read.height()), (8, 8));
        assert_eq!(read.color().has_alpha(), alpha == 0);
    }
}

#[test]
fn what_is_beside_the_pixels_stays_out() {
    let whole = picture(ImageFormat::Png, 255);
    let end = whole.len() - 12;
    let noted = [&whole[..end], &chunk(*b"zzZz", b"52.5200"), &whole[end..], b"<script>"].concat();
    let kept = rewrite(&noted, PictureType::Png).unwrap().bytes;
    for word in [&b"52.5200"[..], b"<script>"] {
        assert!(has(&noted, word) && !has(&kept, word));
    }
    // The last chunk is the last of the file.
    assert_eq!(&kept[kept.len() - 8..kept.len() - 4], b"IEND");
}

fn header_only(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(*b"IHDR", &header)].concat()
}

#[test]
fn a_picture_that_is_too_large_is_refused_by_its_header() {
    for (width, height) in
        [(50_000, 50_000), (1 << 31, 1), (1, 1 << 31), (u32::MAX, u32::MAX), (16_385, 1), (5_000, 5_000)]
    {
        // Refused before there is anything to decode.
        let refused = Inspector::default().feed(&header_only(width, height));
        assert_eq!(refused, Err(PictureError::TooManyPixels), "{width} x {height}");
        let error = rewrite(&header_only(width, height), PictureType::Png).unwrap_err();
        assert!(matches!(error, PictureError::TooManyPixels | PictureError::Broken), "{error}");
    }
    assert_eq!(Inspector::default().feed(&header_only(6_000, 4_000)), Ok(()));
}

#[test]
fn what_cannot_be_decoded_is_refused() {
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let picture_type = if format == ImageFormat::Png { PictureType::Png } else { PictureType::WebP };
        let mut bytes = picture(format, 0);
        let middle = bytes.len() / 2;
        bytes.truncate(middle);
        assert_eq!(rewrite(&bytes, picture_type).unwrap_err(), PictureError::Broken);
    }
    assert_eq!(rewrite(b"", PictureType::Jpeg).unwrap_err(), PictureError::Broken);
}
