//! Small runs: a recipe shrunk to seconds, and tar shards made on the spot.

use std::path::Path;
use std::sync::OnceLock;

use burn::tensor::Device;
use tuwen::device::DeviceName;
use tuwen::recipe::Override;
use tuwen::train::unibert::Assembly;
use tuwen::train::{Architecture, Event, Place, RunOptions, StartFrom, Stop, Summary, TrainError, find_recipe, train};

use crate::golden::workspace;

/// Where the tests compute: the device that `TUWEN_TEST_DEVICE` names, by default `cpu`.
pub(crate) fn device() -> Device {
    static DEVICE: OnceLock<Device> = OnceLock::new(); // opened once: it touches the hook that reports panics
    let open = || {
        let name = std::env::var("TUWEN_TEST_DEVICE").unwrap_or_else(|_| "cpu".to_string());
        let opened = name.parse::<DeviceName>().and_then(DeviceName::open);
        opened.unwrap_or_else(|error| panic!("TUWEN_TEST_DEVICE: {error}"))
    };
    DEVICE.get_or_init(open).clone()
}

/// Width 16 and one layer.
pub(crate) const SHRINK: [&str; 8] = [
    "model.encoder.hidden_size=16",
    "model.encoder.num_hidden_layers=1",
    "model.encoder.num_attention_heads=2",
    "model.encoder.intermediate_size=32",
    "model.embedding_size=8",
    "data.loader.batch_size=8",
    "evaluation.records=20",
    "evaluation.batch_size=8",
];

/// `unibert-tiny` at width 16 with one layer, and what `set` changes.
pub(crate) fn small(set: &[&str]) -> Result<Assembly, TrainError> {
    let overrides = SHRINK.iter().chain(set).map(|text| Override::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let recipe = find_recipe("unibert-tiny", &[], &overrides)?.unibert().expect("it is a UniBERT");
    Assembly::of(recipe, &workspace())
}

/// Trains to the end; returns the summary and everything that was skipped.
pub(crate) fn run<A: Architecture>(
    assembly: &A,
    folder: &Path,
    start: StartFrom,
) -> Result<(Summary, Vec<String>), TrainError> {
    let mut skipped = Vec::new();
    let summary = watched(assembly, folder, start, &mut |event| {
        if let Event::SkippedRecord(message) = event {
            skipped.push(message.to_string());
        }
    })?;
    Ok((summary, skipped))
}

/// Trains to the end and tells `watch` what happens.
pub(crate) fn watched<A: Architecture>(
    assembly: &A,
    folder: &Path,
    start: StartFrom,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, TrainError> {
    let options = RunOptions {
        folder: folder.to_path_buf(),
        start,
        device: device(),
        stop: Stop::default(),
        place: Place::default(),
    };
    train(assembly, &options, watch)
}

/// Writes an archive of the entries, in order.
pub(crate) fn write_tar(path: &Path, entries: &[(&str, Vec<u8>)]) {
    let mut archive = tar::Builder::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    archive.finish().unwrap();
}

/// A strip of `frames` frames whose colours depend on `tint`, as an encoded picture.
pub(crate) fn strip(frames: u32, tint: u8, format: image::ImageFormat) -> Vec<u8> {
    let paint = |x: u32, y: u32| image::Rgb([(x * 3) as u8 ^ tint, (y * 5) as u8, tint]);
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(64 * frames, 64, paint).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The JSON beside a strip.
pub(crate) fn description(key: &str, title: &str, frames: u32) -> Vec<u8> {
    let fields = serde_json::json!({
        "clip_id": key, "frames": frames, "title_en": title, "title_zh": title, "tags_en": ["red", "sea"]
    });
    fields.to_string().into_bytes()
}
