//! Cut and bit-flipped picture files: an error or some picture, never a panic and never a silent grey rest.

use std::io::Cursor;

use image::{DynamicImage, ImageBuffer, ImageFormat, Rgb};
use tuwen_random::{Draws, Stream};
use tuwen_vision::{VisionError, decode_image};

const FLIPS: Stream = Stream::named("test.flips");

/// A coloured picture whose file has some length in any format.
fn encoded(format: ImageFormat) -> Vec<u8> {
    let draws = Draws::new(1, Stream::named("test.pixels"), 0, 0);
    let picture = ImageBuffer::from_fn(40, 24, |x, y| Rgb([(6 * x) as u8, (10 * y) as u8, draws.bits(x.into()) as u8]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn every_cut_jpeg_and_png_is_an_error() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let bytes = encoded(format);
        assert!(decode_image(&bytes).is_ok());
        // The last chunk of a PNG, twelve bytes, holds nothing of the picture.
        let essential = if format == ImageFormat::Png { bytes.len() - 12 } else { bytes.len() };
        for length in 0..essential {
            let decoded = decode_image(&bytes[..length]);
            assert!(decoded.is_err(), "{format:?} cut to {length} of {} bytes", bytes.len());
        }
    }
}

#[test]
fn cut_jpeg_says_where_it_stops() {
    let bytes = encoded(ImageFormat::Jpeg);
    let half = bytes.len() / 2;
    let error = decode_image(&bytes[..half]).unwrap_err();
    assert!(matches!(error, VisionError::TruncatedJpeg { bytes } if bytes == half), "{error}");
    assert_eq!(
        error.to_string(),
        format!("the JPEG picture stops after `{half}` bytes, expected an end marker (`FF D9`)")
    );
}

#[test]
fn flipped_bits_never_panic() {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    for (kind, format) in [Jpeg, Png, WebP, Bmp, Gif, Tiff].into_iter().enumerate() {
        let bytes = encoded(format);
        for trial in 0..400 {
            let (mut broken, draws) = (bytes.clone(), Draws::new(2, FLIPS, kind as u64, trial));
            for flip in 0..1 + trial % 4 {
                let bit = draws.below(flip, 8 * broken.len() as u64) as usize;
                broken[bit / 8] ^= 1 << (bit % 8);
            }
            // A guarded panic would come back as this variant; the decoders should need no guard.
            if let Err(error @ VisionError::DecoderPanic(_)) = decode_image(&broken) {
                panic!("{format:?}, trial {trial}: {error}");
            }
        }
    }
}

/// Pixel data whose checksum is wrong must not pass for a picture.
#[test]
fn every_flipped_bit_of_png_pixels_is_noticed() {
    let bytes = encoded(ImageFormat::Png);
    let data = bytes.windows(4).position(|name| name == b"IDAT").unwrap() + 4;
    for at in (data..bytes.len() - 16).step_by(7) {
        let mut broken = bytes.clone();
        broken[at] ^= 4;
        assert!(matches!(decode_image(&broken), Err(VisionError::Decode(_))), "byte {at}");
    }
}

/// An 8×8 JPEG of one colour in Adobe's inverted CMYK: only DC terms, Huffman codes 0…8 for their lengths.
fn cmyk_jpeg(ink: [u8; 4]) -> Vec<u8> {
    let mut bits = String::new();
    for level in ink {
        let difference = i32::from(level) - 128; // quantised by 8, so the DC term is 8·(level − 128)/8
        let length = 32 - difference.unsigned_abs().leading_zeros();
        let value = if difference < 0 { difference + (1 << length) - 1 } else { difference };
        bits += &format!("{length:04b}");
        if length > 0 {
            bits += &format!("{value:0width$b}", width = length as usize);
        }
        bits.push('0'); // end of block
    }
    while !bits.len().is_multiple_of(8) {
        bits.push('1');
    }
    let scan: Vec<u8> = bits.as_bytes().chunks(8).map(|byte| byte.iter().fold(0, |b, &c| 2 * b + (c - b'0'))).collect();
    let components: Vec<u8> = (1..=4).flat_map(|id| [id, 0x11, 0]).collect();
    let selectors: Vec<u8> = (1..=4).flat_map(|id| [id, 0]).collect();
    let (dc_counts, ac_counts) = ([0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0]);
    let segment = |marker: u8, body: &[&[u8]]| {
        let body = body.concat();
        [&[0xFF, marker][..], &(body.len() as u16 + 2).to_be_bytes(), &body].concat()
    };
    let scan: Vec<u8> = scan.into_iter().flat_map(|b| if b == 0xFF { vec![b, 0] } else { vec![b] }).collect();
    [
        vec![0xFF, 0xD8],
        segment(0xEE, &[b"Adobe", &[0, 100, 0, 0, 0, 0, 0]]),
        segment(0xDB, &[&[0], &[8; 64]]),
        segment(0xC0, &[&[8, 0, 8, 0, 8, 4], &components]),
        segment(0xC4, &[&[0x00], &dc_counts, &[0, 1, 2, 3, 4, 5, 6, 7, 8]]),
        segment(0xC4, &[&[0x10], &ac_counts, &[0; 8], &[0]]),
        segment(0xDA, &[&[4], &selectors, &[0, 63, 0]]),
        scan,
        vec![0xFF, 0xD9],
    ]
    .concat()
}

#[test]
fn inverted_cmyk_becomes_rgb() {
    // No ink is 255, so red = C·K/255: full, half and none.
    for (ink, expected) in [
        ([255, 255, 255, 255], [255, 255, 255]),
        ([255, 0, 0, 255], [255, 0, 0]),
        ([255, 255, 0, 128], [128, 128, 0]),
        ([10, 200, 90, 0], [0, 0, 0]),
    ] {
        let image = decode_image(&cmyk_jpeg(ink)).unwrap();
        for pixel in image.pixels().chunks_exact(3) {
            assert!(pixel.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 2), "{ink:?}: {pixel:?}");
        }
    }
}
