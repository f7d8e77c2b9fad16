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

/// At most one level apart, and that in less than half a per cent of the values.
fn assert_one_level(what: &str, found: &Image, expected: &Image) {
    assert_eq!((found.width(), found.height()), (expected.width(), expected.height()), "{what}");
    let apart: Vec<u8> = found.pixels().iter().zip(expected.pixels()).map(|(a, b)| a.abs_diff(*b)).collect();
    let differing = apart.iter().filter(|&&levels| levels > 0).count();
    assert!(apart.iter().all(|&levels| levels <= 1), "{what}: {:?} levels", apart.iter().max());
    assert!(1000 * differing < 5 * apart.len(), "{what}: {differing} of {}", apart.len());
}

/// How many normalised values are the expected ones and how many are one level off; others fail.
fn levels_apart(found: &[f32], expected: &[f32], side: u32) -> [usize; 2] {
    assert_eq!((found.len(), found.len()), (expected.len(), 3 * (side * side) as usize));
    let mut counts = [0; 2];
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        let level = 1.0 / 255.0 / Normalisation::CLIP.std[i / (side * side) as usize];
        let levels = ((a - b) / level).abs().round();
        assert!(levels <= 1.0, "value {i}: {a}, expected {b}");
        assert!(((a - b).abs() - levels * level).abs() <= 1e-5, "value {i}: {a}, expected {b}");
        counts[levels as usize] += 1;
    }
    counts
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
        assert_one_level(&format!("crop {i}"), &resized, &picture(&file, &format!("expect/crop{i}")));
    }
}

#[test]
fn albef_test_transform_gives_the_reference_values() {
    let bytes = read("image_ops.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let input = picture(&file, "input/picture");
    for side in meta(&bytes)["test_sizes"].as_array().unwrap().iter().map(|side| side.as_u64().unwrap() as u32) {
        let resized = resize(&input, side, side, ResizeFilter::Bicubic).unwrap();
        assert_one_level(&format!("side {side}"), &resized, &picture(&file, &format!("expect/test_resize/{side}")));

        let found = TestTransform { side, normalisation: Normalisation::CLIP }.apply(&input).unwrap();
        let expected = floats(&file, &format!("expect/test_transform/{side}"));
        let [_, differing] = levels_apart(&found, &expected, side);
        assert!(1000 * differing < 5 * found.len(), "side {side}: {differing} of {} values differ", found.len());
    }
}

#[test]
fn albef_mirrored_picture_is_the_references() {
    let bytes = read("image_ops.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(flip_horizontally(&picture(&file, "input/picture")), picture(&file, "expect/hflip"));
}

/// The values of crop 0, resized as `resized`, after the recorded steps.
fn composed(resized: &Image, meta: &Value) -> Vec<f32> {
    let mut image = flip_horizontally(resized);
    for row in meta["composed"].as_array().unwrap() {
        let sign = if row[1].as_bool().unwrap() { "+" } else { "-" };
        let operation = operation(&format!("{}{sign}", row[0].as_str().unwrap()), 7);
        image = operation.apply(&image, AugmentCompat::Seed);
    }
    Normalisation::CLIP.apply(&image)
}

#[test]
fn albef_training_steps_compose_to_the_reference_values() {
    let bytes = read("image_ops.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (meta, expected) = (meta(&bytes), floats(&file, "expect/composed"));
    let (_, side) = crops(&file)[0];
    // From the reference's own resized crop every value is the reference's.
    let exact = composed(&picture(&file, "expect/crop0"), &meta);
    assert_eq!(levels_apart(&exact, &expected, side), [expected.len(), 0]);
}
