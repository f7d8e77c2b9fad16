//! Decodes picture files to 8-bit RGB, upright and on white, and survives whatever the bytes hold.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::VisionError;
use crate::image::{Image, MAX_IMAGE_BYTES, within_limit};
use crate::jpeg::reaches_end_marker;

/// Decodes a JPEG, PNG, WebP, BMP, GIF or TIFF picture, told apart by its first bytes. Grey, CMYK, palette and 16-bit
/// pixels become 8-bit RGB, alpha is composed on white, the EXIF orientation is applied, colour profiles are ignored,
/// and of an animation the first frame is taken. Errors: an unknown format, a broken or cut file, a picture above
/// [`MAX_IMAGE_BYTES`]; never a panic.
pub fn decode_image(bytes: &[u8]) -> Result<Image, VisionError> {
    guarded(|| decode(bytes))
}

fn decode(bytes: &[u8]) -> Result<Image, VisionError> {
    let format = image::guess_format(bytes).map_err(|_| VisionError::UnknownFormat)?;
    if format == ImageFormat::Jpeg && !reaches_end_marker(bytes) {
        return Err(VisionError::TruncatedJpeg { bytes: bytes.len() });
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(2 * MAX_IMAGE_BYTES); // the picture, and as much again for the decoder's own buffers
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(VisionError::Decode)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    within_limit(width, height, decoder.total_bytes().max(pixels.saturating_mul(3)))?;
    // Broken metadata costs the orientation, not the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(VisionError::Decode)?;
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width(), picture.height());
    Image::new(width, height, rgb_on_white(picture))
}

/// The bytes `[height, width, 3]`; a pixel of opacity a becomes `a·colour + (1 − a)·white`.
fn rgb_on_white(picture: DynamicImage) -> Vec<u8> {
    if !picture.color().has_alpha() {
        return picture.into_rgb8().into_raw();
    }
    let rgba = picture.into_rgba8().into_raw();
    let compose = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u32::from(colour), u32::from(alpha));
        ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    rgba.chunks_exact(4).flat_map(|p| [compose(p[0], p[3]), compose(p[1], p[3]), compose(p[2], p[3])]).collect()
}

/// Turns a panic of a third-party decoder into an error, so that one hostile picture can't end a run of millions.
fn guarded<T>(decode: impl FnOnce() -> Result<T, VisionError>) -> Result<T, VisionError> {
    // Nothing outlives the closure but its result, so no broken state can be seen afterwards.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|panic| {
        let reason = panic.downcast_ref::<&str>().map(|reason| (*reason).to_owned());
        let reason = reason.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(VisionError::DecoderPanic(reason.unwrap_or_else(|| "no reason given".to_owned())))
    })
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, ImageEncoder, Luma, LumaA, Rgb, Rgba};

    use super::*;

    const RED: [u8; 3] = [200, 10, 20];

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_format_decodes() {
        let picture = ImageBuffer::from_fn(9, 7, |x, _| Rgb(if x < 5 { RED } else { [255; 3] }));
        use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
        for format in [Bmp, Gif, Jpeg, Png, Tiff, WebP] {
            let image = decode_image(&encoded(picture.clone(), format)).unwrap();
            assert_eq!((image.width(), image.height()), (9, 7), "{format:?}");
            let close = image.pixels()[..3].iter().zip(RED).all(|(a, b)| a.abs_diff(b) < 30);
            assert!(close, "{format:?}: {:?}", &image.pixels()[..3]);
        }
    }

    #[test]
    fn every_colour_type_becomes_rgb8() {
        let png = |picture: DynamicImage| decode_image(&encoded(picture, ImageFormat::Png)).unwrap().into_pixels();
        assert_eq!(png(ImageBuffer::from_pixel(1, 1, Luma([7_u8])).into()), [7, 7, 7]);
        assert_eq!(png(ImageBuffer::from_pixel(1, 1, Luma([257_u16 * 9])).into()), [9, 9, 9]);
        assert_eq!(png(ImageBuffer::from_pixel(1, 1, Rgb([0, 257_u16 * 100, u16::MAX])).into()), [0, 100, 255]);
        // Opacity 0 is white, 255 the colour, 51 a fifth of it: 0.2·100 + 0.8·255 = 224.
        assert_eq!(png(ImageBuffer::from_pixel(1, 1, Rgba([1, 2, 3, 0_u8])).into()), [255; 3]);
        assert_eq!(png(ImageBuffer::from_pixel(1, 1, Rgba([1, 2, 3, 255_u8])).into()), [1, 2, 3]);
        assert_eq!(png(ImageBuffer::from_pixel(1, 1, LumaA([100, 51_u8])).into()), [224; 3]);
        assert_eq!(png(ImageBuffer::from_pixel(1, 1, Rgba([0, 0, 0, 257_u16 * 51])).into()), [204; 3]);
    }

    #[test]
    fn cmyk_jpeg_with_inverted_inks_becomes_rgb() {
        // 8 × 8 pixels as Photoshop writes red, 255 being no ink: C 255, M 0, Y 0, K 255.
        let head =
            [b"\xFF\xD8\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0".as_slice(), b"\xFF\xDB\0\x43\0\x08", &[1; 63]].concat();
        let frame = b"\xFF\xC0\0\x14\x08\0\x08\0\x08\x04\x01\x11\0\x02\x11\0\x03\x11\0\x04\x11\0";
        let dc = b"\xFF\xC4\0\x16\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\x08"; // 00, 01, 10: 0, 7, 8 bits
        let ac = b"\xFF\xC4\0\x14\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"; // 0: the block ends
        let scan = b"\xFF\xDA\0\x0E\x04\x01\0\x02\0\x03\0\x04\0\0\x3F\0"; // +127, −128, −128, +127
        let jpeg = [&head, frame.as_slice(), dc, ac, scan, b"\x7F\xA7\xF4\xFE\x7F\xBF\xFF\xD9"].concat();
        assert_eq!(decode_image(&jpeg).unwrap().into_pixels(), [255, 0, 0].repeat(64));
    }

    #[test]
    fn of_an_animation_the_first_frame_is_taken() {
        let mut gif = Vec::new();
        let frames = [[0, 0, 255, 255], [255, 0, 0, 255]];
        let frames = frames.map(|colour| image::Frame::new(ImageBuffer::from_pixel(3, 2, Rgba(colour))));
        image::codecs::gif::GifEncoder::new(&mut gif).encode_frames(frames).unwrap();
        assert_eq!(decode_image(&gif).unwrap().into_pixels(), [0, 0, 255].repeat(6));
    }

    #[test]
    fn exif_orientation_is_applied() {
        // A big-endian TIFF header and one entry: tag 0x0112, SHORT, count 1, value 6 (turn by 90° to the right).
        let exif =
            [b"MM\0*".as_slice(), &[0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]].concat();
        let pixels: Vec<u8> = (0..16 * 8).flat_map(|i| if i % 16 < 8 { [255; 3] } else { [0; 3] }).collect();
        let mut jpeg = Vec::new();
        let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 100);
        encoder.set_exif_metadata(exif.clone()).unwrap();
        encoder.write_image(&pixels, 16, 8, image::ExtendedColorType::Rgb8).unwrap();
        let mut png = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
        encoder.set_exif_metadata(exif).unwrap();
        encoder.write_image(&pixels, 16, 8, image::ExtendedColorType::Rgb8).unwrap();
        for bytes in [jpeg, png] {
            // White on the left comes to lie on top.
            let image = decode_image(&bytes).unwrap();
            assert_eq!((image.width(), image.height()), (8, 16));
            assert!(image.pixels()[0] > 250 && image.pixels()[3 * 8 * 15] < 5);
        }
    }

    #[test]
    fn unknown_and_unsupported_formats_are_named() {
        for bytes in [b"".as_slice(), b"not a picture", &[0xFF]] {
            assert!(matches!(decode_image(bytes), Err(VisionError::UnknownFormat)));
        }
        let error = decode_image(b"\0\0\0\x20ftypavif\0\0\0\0").unwrap_err();
        assert!(matches!(error, VisionError::Decode(_)) && error.to_string().contains("Avif"), "{error}");
    }

    #[test]
    fn bomb_is_refused_before_it_is_unpacked() {
        // A GIF whose screen is 65,535 × 65,535 pixels and whose only frame is one pixel.
        let screen = [b"GIF89a".as_slice(), &[0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0]].concat();
        let frame = [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B];
        let error = decode_image(&[screen.as_slice(), &frame].concat()).unwrap_err();
        assert!(matches!(error, VisionError::TooLarge { width: 65_535, height: 65_535, .. }), "{error}");
        // A bitmap of 50,000 × 50,000 pixels in a file of one.
        let mut bitmap = encoded(ImageBuffer::from_pixel(1, 1, Rgb(RED)), ImageFormat::Bmp);
        bitmap[18..22].copy_from_slice(&50_000_u32.to_le_bytes());
        bitmap[22..26].copy_from_slice(&50_000_u32.to_le_bytes());
        assert!(matches!(decode_image(&bitmap), Err(VisionError::TooLarge { bytes: 7_500_000_000, .. })));
    }

    #[test]
    fn panic_of_a_decoder_is_an_error() {
        let failed = guarded::<()>(|| panic!("{} is out of range", 7)).unwrap_err();
        assert_eq!(failed.to_string(), "the picture's decoder failed: 7 is out of range");
    }
}
