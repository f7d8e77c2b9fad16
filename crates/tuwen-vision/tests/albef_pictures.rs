//! ALBEF's transforms on pictures as they are found: one pixel, a thin strip, grey, transparent, printed, 16-bit.

use std::io::Cursor;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, Rgba};
use tuwen_vision::{
    AugmentCompat, Image, ImageDraws, Normalisation, RandAugment, TestTransform, TrainTransform, decode_image,
};

const TRAIN: TrainTransform = TrainTransform { side: 32, ..TrainTransform::ALBEF_PRETRAINING };
const TEST: TestTransform = TestTransform { side: 32, normalisation: Normalisation::CLIP };

fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A TIFF of 2×2 pixels in CMYK, 8 bits each: header, the pixels, the directory, and the four 8s it points to.
fn cmyk_tiff(ink: [u8; 4]) -> Vec<u8> {
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, LONG, 1, 2),  // width
        (257, LONG, 1, 2),  // height
        (258, SHORT, 4, 8), // bits per sample, at offset 8
        (259, SHORT, 1, 1), // not compressed
        (262, SHORT, 1, 5), // CMYK
        (273, LONG, 1, 16), // the pixels' offset
        (277, SHORT, 1, 4), // samples per pixel
        (278, LONG, 1, 2),  // rows
        (279, LONG, 1, 16), // bytes
    ];
    let mut bytes = b"II*\0\x20\0\0\0\x08\0\x08\0\x08\0\x08\0".to_vec();
    bytes.extend(ink.repeat(4));
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        bytes.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    bytes.extend([0; 4]);
    bytes
}

/// Both transforms give finite values of the right number, whatever is drawn.
fn assert_transforms(what: &str, image: &Image) {
    let seed = Some(RandAugment { compat: AugmentCompat::Seed, ..RandAugment::ALBEF });
    for train in [TRAIN, TrainTransform { augment: seed, ..TRAIN }] {
        for sample in 0..40 {
            let values = train.apply(image, &ImageDraws::new(3, 1, sample)).unwrap();
            assert!(values.len() == 3 * 32 * 32 && values.iter().all(|value| value.is_finite()), "{what}, {sample}");
        }
    }
    assert_eq!(TEST.apply(image).unwrap().len(), 3 * 32 * 32, "{what}");
}

#[test]
fn albef_smallest_and_thinnest_pictures_are_transformed() {
    for (width, height) in [(1, 1), (1, 2), (3, 1), (10_000, 10), (10, 10_000)] {
        let image = Image::from_fn(width, height, |x, y| [(x % 256) as u8, (25 * y % 256) as u8, 7]).unwrap();
        assert_transforms(&format!("{width}×{height}"), &image);
    }
}

#[test]
fn albef_one_pixel_fills_the_test_picture() {
    let image = Image::new(1, 1, vec![0, 51, 255]).unwrap();
    let pixel = Normalisation::CLIP.apply(&image);
    for (plane, value) in TEST.apply(&image).unwrap().chunks_exact(32 * 32).zip(pixel) {
        assert!(plane.iter().all(|&found| found == value), "{plane:?}");
    }
}

#[test]
fn albef_every_colour_type_is_transformed_as_its_rgb() {
    // Each file is one colour all over. Half opaque on white: (128·100 + 127·255)/255 = 177.2.
    let files = [
        ("grey", png(ImageBuffer::from_pixel(20, 9, Luma([7_u8]))), [7, 7, 7]),
        ("16-bit grey", png(ImageBuffer::from_pixel(20, 9, Luma([257_u16 * 9]))), [9, 9, 9]),
        ("16-bit", png(ImageBuffer::from_pixel(20, 9, Rgb([0, 257_u16 * 100, u16::MAX]))), [0, 100, 255]),
        ("alpha", png(ImageBuffer::from_pixel(20, 9, Rgba([100, 0, 255, 0_u8]))), [255; 3]),
        ("grey with alpha", png(ImageBuffer::from_pixel(20, 9, LumaA([100, 128_u8]))), [177; 3]),
        ("CMYK", cmyk_tiff([0, 255, 0, 0]), [255, 0, 255]),
        ("CMYK black", cmyk_tiff([0, 0, 0, 255]), [0; 3]),
    ];
    for (what, file, colour) in files {
        let image = decode_image(&file).unwrap_or_else(|error| panic!("{what}: {error}"));
        let expected = Normalisation::CLIP.apply(&Image::new(1, 1, colour.to_vec()).unwrap());
        for (plane, value) in TEST.apply(&image).unwrap().chunks_exact(32 * 32).zip(expected) {
            assert!(plane.iter().all(|&found| found == value), "{what}: {:?}, expected {value}", plane[0]);
        }
        assert_transforms(what, &image);
    }
}
