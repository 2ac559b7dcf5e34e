//! A picture that any viewer shows: one pixel as PNG.

/// The bytes of a PNG with one transparent pixel.
pub(crate) fn png() -> Vec<u8> {
    let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut image, *b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0]);
    // zlib: header, one stored block of five zero bytes (filter, RGBA), Adler-32.
    chunk(&mut image, *b"IDAT", &[0x78, 1, 1, 5, 0, 0xfa, 0xff, 0, 0, 0, 0, 0, 0, 5, 0, 1]);
    chunk(&mut image, *b"IEND", &[]);
    image
}

fn chunk(image: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    image.extend((data.len() as u32).to_be_bytes());
    let start = image.len();
    image.extend(name);
    image.extend(data);
    image.extend(crc32(&image[start..]).to_be_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    let shift = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shift(crc)))
}
