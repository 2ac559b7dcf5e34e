use super::*;

/// A picture of one pixel, by outline: what is inside the segments does not matter here.
fn jpeg() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    bytes.extend([0xff, 0xe0, 0, 4, 1, 2]);
    bytes.extend([0xff, 0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0]);
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 0x3f, 0]);
    bytes.extend([0x12, 0xff, 0x00, 0x34, 0xff, 0xd9]);
    bytes
}

fn chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[..], &kind, content, &[0; 4]].concat()
}

fn png() -> Vec<u8> {
    let header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0];
    [
        png::SIGNATURE,
        &chunk(*b"IHDR", &header),
        &chunk(*b"tEXt", b"hi"),
        &chunk(*b"IDAT", &[7; 40]),
        &chunk(*b"IEND", &[]),
    ]
    .concat()
}

fn webp() -> Vec<u8> {
    let image = [&b"VP8L"[..], &5_u32.to_le_bytes(), &[0x2f, 0, 0, 0, 0, 0]].concat();
    let length = u32::try_from(image.len() + 4).unwrap().to_le_bytes();
    [&b"RIFF"[..], &length, b"WEBP", &image].concat()
}

fn inspect(bytes: &[u8], chunk_bytes: usize) -> Result<PictureType, PictureError> {
    let mut inspector = Inspector::default();
    for chunk in bytes.chunks(chunk_bytes) {
        inspector.feed(chunk)?;
    }
    inspector.finish()
}

#[test]
fn pictures_are_told_by_their_bytes_however_they_are_cut() {
    for chunk_bytes in [1, 2, 3, 7, 13, 1000] {
        assert_eq!(inspect(&jpeg(), chunk_bytes), Ok(PictureType::Jpeg), "chunks of {chunk_bytes}");
        assert_eq!(inspect(&png(), chunk_bytes), Ok(PictureType::Png), "chunks of {chunk_bytes}");
        assert_eq!(inspect(&webp(), chunk_bytes), Ok(PictureType::WebP), "chunks of {chunk_bytes}");
    }
}

#[test]
fn no_beginning_of_a_picture_is_a_picture() {
    for whole in [jpeg(), png(), webp()] {
        for length in 0..whole.len() {
            assert!(inspect(&whole[..length], 5).is_err(), "{length} of {} bytes", whole.len());
        }
    }
}

#[test]
fn what_cameras_append_is_let_through() {
    for whole in [jpeg(), png(), webp()] {
        assert!(inspect(&[whole, vec![1; 100]].concat(), 16).is_ok());
    }
}

#[test]
fn other_bytes_are_no_pictures() {
    let html = b"<!DOCTYPE html><script>alert(1)</script>";
    for bytes in [&html[..], b"", b"GIF89a..........", b"RIFF\x20\0\0\0WAVEfmt ....", &[0; 64]] {
        assert_eq!(inspect(bytes, 9), Err(PictureError::Unknown));
    }
}

#[test]
fn a_page_behind_the_signature_of_a_picture_is_no_picture() {
    let html = b"<script>alert(1)</script><p>a page that pretends to be a picture</p>";
    for signature in [jpeg::SIGNATURE, png::SIGNATURE, b"RIFF\x44\0\0\0WEBP"] {
        assert_eq!(inspect(&[signature, &html[..]].concat(), 11), Err(PictureError::Broken));
    }
}

#[test]
fn pictures_without_width_or_height_are_refused() {
    let mut flat = png();
    flat[png::SIGNATURE.len() + 11] = 0;
    assert_eq!(inspect(&flat, 100), Err(PictureError::Broken));
}

#[test]
fn a_picture_that_few_programs_show_is_told_what_to_do() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    assert_eq!(inspect(heic, 5), Err(PictureError::Heic));
    assert!(PictureError::Heic.to_string().contains("JPEG"));
    assert_eq!(inspect(b"\0\0\0\x18ftypisom\0\0\0\0", 5), Err(PictureError::Unknown));
}
