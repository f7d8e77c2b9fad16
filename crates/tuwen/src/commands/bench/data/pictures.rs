//! JPEG files to pixel values: decoded, transformed as ALBEF does in training and in tests.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tuwen_data::{Source, TitleField, Visual, WebDatasetFields, WebDatasetSource};
use tuwen_vision::{
    Augmentation, CropBox, Image, ImageDraws, Normalisation, RandAugment, TestTransform, TrainTransform, decode_image,
    random_crop,
};

use super::{Contest, Part, Peer, Row, dataset, number, word};
use crate::commands::CommandError;

const SCRIPT: &str = concat!(include_str!("../answer.py"), include_str!("pictures.py"));
const TRAIN: TrainTransform = TrainTransform::ALBEF_PRETRAINING;
const TEST: TestTransform = TestTransform { side: TRAIN.side, normalisation: Normalisation::CLIP };
/// A photograph's usual size on the web.
const SIZE: [u32; 2] = [640, 480];
const PICTURES: usize = 32;
/// Side of the set's pictures, which tile the large ones.
const TILE: u32 = 64;
/// Two JPEG decoders may be this far apart on average, in levels of 255.
const DECODERS: f64 = 1.0;
/// Geometry is Pillow's own here and OpenCV's there, and spreading the levels enlarges what decoders differ by.
const AUGMENTED: f64 = 4.0;

/// Both transforms on both sides.
pub(super) fn measure(peer: &Peer, root: &Path, rounds: usize) -> Result<Part, CommandError> {
    let folder = tempfile::tempdir()?;
    write_pictures(folder.path(), &dataset(root, "emoji/train.tar"))?;
    let mut session = peer.start(SCRIPT, &[], 1)?;
    let place = folder.path().to_string_lossy().into_owned();
    let [width, height] = SIZE;
    let open = json!({"do": "open", "folder": place, "count": PICTURES, "width": width, "height": height});
    let opened = session.ask(&open)?;
    let plan = (0..PICTURES as u64).map(plan).collect::<Result<Vec<_>, _>>()?;
    session.ask(&json!({"do": "plan", "pictures": plan}))?;
    let files =
        (0..PICTURES).map(|k| fs::read(folder.path().join(format!("{k}.jpg")))).collect::<Result<Vec<_>, _>>()?;
    let (mut rows, mut equal) = (Vec::new(), Vec::new());
    for (transform, tolerance) in [("train", AUGMENTED), ("test", DECODERS)] {
        let saved = folder.path().join("values.f32");
        session.ask(&json!({"do": "save", "transform": transform, "side": TRAIN.side, "path": saved}))?;
        let difference = mean_difference(&values(transform, &files)?.concat(), &fs::read(&saved)?)?;
        if difference > tolerance {
            let text =
                format!("pixels after `{transform}` differ by {difference:.2} levels, expected at most {tolerance}");
            return Err(text.into());
        }
        equal.push(format!("pixel values after `{transform}` differ by {difference:.3} of 255 levels on average"));
        let contest = Contest::hold(
            rounds,
            || values(transform, &files).map(drop),
            || number(&session.ask(&json!({"do": "time", "transform": transform, "side": TRAIN.side}))?, "seconds"),
        )?;
        let name = format!("JPEG {width}×{height}, {transform} transform");
        rows.push(Row { name, unit: "pictures", items: PICTURES, contest });
    }
    let kilobytes = number(&opened, "bytes")? / 1e3 / PICTURES as f64;
    let versions = format!(
        "Pictures of {kilobytes:.0} kB to {0}×{0}, against Pillow {1} and NumPy {2}",
        TRAIN.side,
        word(&opened, "pillow"),
        word(&opened, "numpy")
    );
    Ok(Part { versions, equal, rows })
}

/// The pixel values of all files.
fn values(transform: &str, files: &[Vec<u8>]) -> Result<Vec<Vec<f32>>, CommandError> {
    let one = |(number, bytes): (usize, &Vec<u8>)| {
        let image = decode_image(bytes)?;
        Ok(match transform {
            "test" => TEST.apply(&image)?,
            _ => TRAIN.apply(&image, &draws(number as u64))?,
        })
    };
    files.iter().enumerate().map(one).collect()
}

fn draws(number: u64) -> ImageDraws {
    ImageDraws::new(42, 0, number)
}

/// Pictures of the set side by side, raw, in `K.rgb`: as large and as full of detail as photographs.
fn write_pictures(folder: &Path, set: &Path) -> Result<(), CommandError> {
    let titles = vec![TitleField::new("en", "caption_en")];
    let source = WebDatasetSource::open(set, WebDatasetFields { titles, ..WebDatasetFields::default() })?;
    let ([width, height], mut next) = (SIZE, 0);
    let (across, down) = (width.div_ceil(TILE), height.div_ceil(TILE));
    for number in 0..PICTURES {
        let tiles = (0..across * down).map(|_| {
            next += 1;
            tile(&source, next % source.len())
        });
        let tiles = tiles.collect::<Result<Vec<_>, _>>()?;
        let colour = |x: u32, y: u32| {
            let tile = &tiles[(y / TILE * across + x / TILE) as usize];
            let at = 3 * ((y % TILE).min(tile.height() - 1) * tile.width() + (x % TILE).min(tile.width() - 1)) as usize;
            [tile.pixels()[at], tile.pixels()[at + 1], tile.pixels()[at + 2]]
        };
        fs::write(folder.join(format!("{number}.rgb")), Image::from_fn(width, height, colour)?.into_pixels())?;
    }
    Ok(())
}

fn tile(source: &WebDatasetSource, index: usize) -> Result<Image, CommandError> {
    match source.read(index)?.visual {
        Visual::Image(bytes) => Ok(decode_image(&bytes)?),
        _ => Err(format!("record {index} is no picture, expected one").into()),
    }
}

/// What the training transform does to a picture, for the other side.
fn plan(number: u64) -> Result<Value, CommandError> {
    let (draws, [width, height]) = (draws(number), SIZE);
    let CropBox { top, left, height, width } = random_crop(width, height, TRAIN.scale, &draws.crop)?;
    let operations = TRAIN.augment.unwrap_or(RandAugment::ALBEF).choose(&draws.augment)?;
    let operations: Vec<(&str, f64)> = operations.iter().map(named).collect();
    let (mirrored, edges) = (draws.flip.uniform(0) < 0.5, [left, top, left + width, top + height]);
    Ok(json!({"crop": edges, "mirrored": mirrored, "operations": operations}))
}

fn named(operation: &Augmentation) -> (&'static str, f64) {
    match *operation {
        Augmentation::Identity => ("identity", 0.0),
        Augmentation::AutoContrast => ("auto_contrast", 0.0),
        Augmentation::Equalize => ("equalize", 0.0),
        Augmentation::Brightness(factor) => ("brightness", factor),
        Augmentation::Sharpness(factor) => ("sharpness", factor),
        // Ours says where pixels go, Pillow's where they come from.
        Augmentation::ShearX(shear) => ("shear_x", shear),
        Augmentation::ShearY(shear) => ("shear_y", shear),
        Augmentation::TranslateX(pixels) => ("translate_x", pixels),
        Augmentation::TranslateY(pixels) => ("translate_y", pixels),
        Augmentation::Rotate(degrees) => ("rotate", degrees),
    }
}

/// Mean distance of pixel values from little-endian f32, in levels of 255 at CLIP's mean deviation of 0.269.
fn mean_difference(values: &[f32], bytes: &[u8]) -> Result<f64, CommandError> {
    if bytes.len() != 4 * values.len() {
        return Err(format!("{} bytes of pixel values, expected {}", bytes.len(), 4 * values.len()).into());
    }
    let theirs = bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    let sum: f64 = values.iter().zip(theirs).map(|(ours, theirs)| f64::from((ours - theirs).abs())).sum();
    Ok(sum / values.len() as f64 * 0.269 * 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_means_in_levels() {
        let bytes: Vec<u8> = [1.0_f32, 3.0].into_iter().flat_map(f32::to_le_bytes).collect();
        assert!((mean_difference(&[1.0, 2.0], &bytes).unwrap() - 0.5 * 0.269 * 255.0).abs() < 1e-9);
        assert!(mean_difference(&[1.0], &bytes).is_err());
    }

    #[test]
    fn plans_stay_within_the_picture() {
        for number in 0..PICTURES as u64 {
            let plan = plan(number).unwrap();
            let edges: Vec<u64> = plan["crop"].as_array().unwrap().iter().map(|edge| edge.as_u64().unwrap()).collect();
            assert!(edges[0] < edges[2] && edges[2] <= 640 && edges[1] < edges[3] && edges[3] <= 480, "{plan}");
        }
    }
}
