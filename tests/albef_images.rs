//! ALBEF's crops, augmentation and normalisation against the reference's pixels.

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tuwen::vision::{
    AugmentCompat, Augmentation, CropBox, Image, Normalisation, ResizeFilter, Sign, TestTransform, crop,
    flip_horizontally, resize,
};

use crate::golden::read;

const NAMES: [&str; 10] = [
    "Identity",
    "AutoContrast",
    "Equalize",
    "Brightness",
    "Sharpness",
    "ShearX",
    "ShearY",
    "TranslateX",
    "TranslateY",
    "Rotate",
];

fn picture(file: &SafeTensors<'_>, name: &str) -> Image {
    let view = file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let (&[height, width, 3], Dtype::U8) = (view.shape(), view.dtype()) else { panic!("{name} is no picture") };
    Image::new(width as u32, height as u32, view.data().to_vec()).unwrap()
}

fn floats(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let view = file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(view.dtype(), Dtype::F32, "{name}");
    view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// The rows of `input/crops`: a part and the side it is resized to.
fn crops(file: &SafeTensors<'_>) -> Vec<(CropBox, u32)> {
    let view = file.tensor("input/crops").unwrap();
    assert_eq!((view.dtype(), view.shape()), (Dtype::I64, [4, 5].as_slice()));
    let numbers: Vec<u32> =
        view.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as u32).collect();
    let rows = numbers.chunks_exact(5).map(|r| (CropBox { top: r[0], left: r[1], height: r[2], width: r[3] }, r[4]));
    rows.collect()
}

fn meta(bytes: &[u8]) -> Value {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    serde_json::from_str(&header.metadata().as_ref().expect("a golden file has metadata")["meta"]).unwrap()
}

/// The operation called `name`, such as `Rotate-`, at `magnitude`.
fn operation(name: &str, magnitude: u32) -> Augmentation {
    let sign = if name.ends_with('-') { Sign::Minus } else { Sign::Plus };
    let name = name.trim_end_matches(['+', '-']);
    let place = NAMES.iter().position(|known| *known == name).unwrap_or_else(|| panic!("no operation `{name}`"));
    Augmentation::ten(magnitude, sign)[place]
}

/// The number that the operation's magnitude became, if it has one.
fn strength(operation: Augmentation) -> Option<f64> {
    use Augmentation::*;
    match operation {
        Identity | AutoContrast | Equalize => None,
        Brightness(value) | Sharpness(value) | ShearX(value) | ShearY(value) => Some(value),
        TranslateX(value) | TranslateY(value) | Rotate(value) => Some(value),
    }
}

/// The rows of `meta.ops`: name in the file, operation.
fn operations(meta: &Value) -> Vec<(String, Augmentation)> {
    let rows = meta["ops"].as_array().unwrap().iter().map(|row| {
        let name = row["name"].as_str().unwrap();
        let (sort, level) = name.split_once("/m").unwrap();
        let operation = operation(sort, level.parse().unwrap());
        match (strength(operation), row["value"].as_f64()) {
            (None, None) => {}
            (Some(found), Some(expected)) => {
                assert!((found - expected).abs() < 1e-12, "{name}: {found}, not {expected}")
            }
            other => panic!("{name}: {other:?}"),
        }
        (name.to_owned(), operation)
    });
    rows.collect()
}

fn assert_values(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= 1e-5, "{what}: value {i} is {a}, expected {b}"); // a level is 0.014
    }
}

#[test]
fn albef_seed_operations_give_the_reference_pixels() {
    let bytes = read("image_ops.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (input, rows) = (picture(&file, "input/picture32"), operations(&meta(&bytes)));
    assert_eq!(rows.len(), file.names().iter().filter(|name| name.starts_with("expect/augment/")).count());
    assert!(NAMES.iter().all(|known| rows.iter().any(|(name, _)| name.starts_with(known))), "an operation is missing");
    for (name, operation) in rows {
        let expected = picture(&file, &format!("expect/augment/{name}"));
        assert!(operation.apply(&input, AugmentCompat::Seed) == expected, "{name}: other pixels");
    }
}

#[test]
fn albef_corrected_operations_differ_from_seed_in_contrast_and_sharpness_alone() {
    let bytes = read("image_ops.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let input = picture(&file, "input/picture32");
    for (name, operation) in operations(&meta(&bytes)) {
        let broken = matches!(operation, Augmentation::AutoContrast | Augmentation::Sharpness(_));
        let folder = if broken { "expect/augment_fixed" } else { "expect/augment" };
        let corrected = operation.apply(&input, AugmentCompat::Corrected);
        assert!(corrected == picture(&file, &format!("{folder}/{name}")), "{name}: other pixels");
        // Blurring never leaves 0 … 255, so only a factor above 1 shows the fault.
        let visible = broken && !matches!(operation, Augmentation::Sharpness(factor) if factor < 1.0);
        assert_eq!(corrected != operation.apply(&input, AugmentCompat::Seed), visible, "{name}");
    }
}

#[test]
fn albef_crops_are_resized_to_the_reference_pixels() {
    let bytes = read("image_ops.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let input = picture(&file, "input/picture");
    for (i, (part, side)) in crops(&file).into_iter().enumerate() {
        let resized = resize(&crop(&input, part).unwrap(), side, side, ResizeFilter::Bicubic).unwrap();
        assert!(resized == picture(&file, &format!("expect/crop{i}")), "crop {i}: other pixels");
    }
}

#[test]
fn albef_test_transform_gives_the_reference_values() {
    let bytes = read("image_ops.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let input = picture(&file, "input/picture");
    let meta = meta(&bytes);
    let sides = meta["test_sizes"].as_array().unwrap();
    assert!(!sides.is_empty(), "the file holds no sizes");
    for side in sides.iter().map(|side| side.as_u64().unwrap() as u32) {
        let resized = resize(&input, side, side, ResizeFilter::Bicubic).unwrap();
        assert!(resized == picture(&file, &format!("expect/test_resize/{side}")), "side {side}: other pixels");
        let found = TestTransform { side, normalisation: Normalisation::CLIP }.apply(&input).unwrap();
        assert_values(&format!("side {side}"), &found, &floats(&file, &format!("expect/test_transform/{side}")));
    }
}

#[test]
fn albef_mirrored_picture_is_the_references() {
    let bytes = read("image_ops.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(flip_horizontally(&picture(&file, "input/picture")), picture(&file, "expect/hflip"));
}

#[test]
fn albef_training_steps_compose_to_the_reference_values() {
    let bytes = read("image_ops.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (part, side) = crops(&file)[0];
    let cropped = crop(&picture(&file, "input/picture"), part).unwrap();
    let mut image = flip_horizontally(&resize(&cropped, side, side, ResizeFilter::Bicubic).unwrap());
    for row in meta(&bytes)["composed"].as_array().unwrap() {
        let sign = if row[1].as_bool().unwrap() { "+" } else { "-" };
        let operation = operation(&format!("{}{sign}", row[0].as_str().unwrap()), 7);
        image = operation.apply(&image, AugmentCompat::Seed);
    }
    assert_values("composed", &Normalisation::CLIP.apply(&image), &floats(&file, "expect/composed"));
}
