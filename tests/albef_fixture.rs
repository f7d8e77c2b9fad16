//! Small ALBEF runs: the tiny recipe shrunk to seconds, and shards of pictures with two captions.

use std::path::{Path, PathBuf};

use tuwen::encoder::Tape;
use tuwen::recipe::Override;
use tuwen::train::albef::{Assembly, Example};
use tuwen::train::{Architecture, TrainError, find_recipe};

use crate::albef_case::loss;
use crate::fixture::{device, write_tar};
use crate::golden::workspace;

/// Width 16 and one layer of each kind.
pub(crate) const SHRINK: [&str; 15] = [
    "model.encoder.embedding_size=8",
    "model.encoder.vision.hidden_size=16",
    "model.encoder.vision.num_hidden_layers=1",
    "model.initializer_range.vision=0.02", // pictures look nearly alike at first
    "model.encoder.vision.num_attention_heads=2",
    "model.encoder.vision.intermediate_size=32",
    "model.encoder.text.hidden_size=16",
    "model.encoder.text.text_layers=1",
    "model.encoder.text.fusion_layers=1",
    "model.encoder.text.num_attention_heads=2",
    "model.encoder.text.intermediate_size=32",
    "data.loader.batch_size=8",
    "evaluation.records=20",
    "evaluation.batch_size=8",
    "evaluation.rerank=4",
];

/// `albef-tiny` at width 16 with one layer of each kind, and what `set` changes.
pub(crate) fn small_albef(set: &[&str]) -> Result<Assembly, TrainError> {
    let overrides = SHRINK.iter().chain(set).map(|text| Override::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let recipe = find_recipe("albef-tiny", &[], &overrides)?.albef().expect("it is an ALBEF");
    Assembly::of(recipe, &workspace())
}

/// One stage that trains everything, alignment against a queue of `entries`.
pub(crate) fn everything(entries: usize, alpha: f64) -> String {
    format!(
        "stages=[{{ita={{weight=1.0, loss={{queue={entries}}}}}, itm={{weight=1.0, hardness=1.0}}, \
         mlm={{weight=1.0}}, alpha={{alpha={alpha:?}, ramp=3}}}}]"
    )
}

/// Stages that change after step 6.
pub(crate) fn two_stages(first: &str) -> String {
    let one = everything(20, 0.4);
    one.replace("stages=[", &format!("stages=[{{steps=6, {first}}}, "))
}

/// A small run on the records of `shard`, tested on them too.
pub(crate) fn on_shard(shard: &Path, set: &[&str]) -> Result<Assembly, TrainError> {
    let path = shard.display().to_string();
    let (train, heldout) = (format!("data.train={path:?}"), format!("data.heldout={path:?}"));
    let fixed = [&train, &heldout, "data.titles={fixed=\"en\"}", "schedule.duration={steps=3}"];
    small_albef(&[&fixed, set].concat())
}

/// A record: key, the picture's file, its English and its Chinese caption.
pub(crate) type Pair<'a> = (&'a str, Vec<u8>, &'a str, &'a str);

/// Writes records as `datasets/emoji` does; a picture may be of any format, its first bytes tell.
pub(crate) fn write_pairs(folder: &Path, pairs: &[Pair<'_>]) -> PathBuf {
    let mut entries = Vec::new();
    for (key, picture, en, zh) in pairs {
        let fields = serde_json::json!({
            "image_id": key, "caption_en": en, "caption_zh": zh, "keywords_en": ["thing"]
        });
        entries.push((format!("{key}.jpg"), picture.clone()));
        entries.push((format!("{key}.json"), fields.to_string().into_bytes()));
    }
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let shard = folder.join("pairs.tar");
    write_tar(&shard, &entries);
    shard
}

/// The file of a picture of 20 × 20 pixels, a different one for each `tint`.
pub(crate) fn picture(tint: u8) -> Vec<u8> {
    encoded(image::RgbImage::from_fn(20, 20, |x, y| image::Rgb([(12 * x) as u8 ^ tint, (12 * y) as u8, tint])))
}

/// A picture's PNG file.
pub(crate) fn encoded(picture: impl Into<image::DynamicImage>) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// The first `batches` training batches.
pub(crate) fn batches(assembly: &Assembly, batches: usize) -> Vec<Vec<Example>> {
    let mut loader = assembly.training_loader().unwrap();
    (0..batches).map(|_| loader.next_batch().unwrap().items).collect()
}

/// The value of each loss of the first step on `examples`, in the order of `names`.
pub(crate) fn first_losses<const N: usize>(assembly: &Assembly, examples: &[Example], names: [&str; N]) -> [f32; N] {
    let mut state = assembly.start(&device().autodiff());
    let losses = assembly.losses(&mut state, examples, 0, &Tape::off()).unwrap();
    names.map(|name| loss(&losses, name))
}
