//! Small runs of downstream tasks: their tiny recipes shrunk to seconds, on small sets made once for all tests.

use std::path::Path;
use std::sync::OnceLock;

use tuwen::recipe::Override;
use tuwen::sets::{ClipPairs, EmojiSets, write_clip_pairs, write_emoji_sets};
use tuwen::train::downstream::{Recipe, WithAssembly};
use tuwen::train::objective::{Assembly, Objective};
use tuwen::train::{AnyRecipe, StartFrom, Summary, TrainError, find_any_recipe};

use crate::fixture::watched;
use crate::golden::workspace;

/// Width 16 and one layer of each kind.
const ALBEF: [&str; 10] = [
    "task.albef.model.encoder.embedding_size=8",
    "task.albef.model.encoder.vision.hidden_size=16",
    "task.albef.model.encoder.vision.num_hidden_layers=1",
    "task.albef.model.encoder.vision.num_attention_heads=2",
    "task.albef.model.encoder.vision.intermediate_size=32",
    "task.albef.model.encoder.text.hidden_size=16",
    "task.albef.model.encoder.text.text_layers=1",
    "task.albef.model.encoder.text.fusion_layers=1",
    "task.albef.model.encoder.text.num_attention_heads=2",
    "task.albef.model.encoder.text.intermediate_size=32",
];
const UNIBERT: [&str; 5] = [
    "task.unibert.model.encoder.hidden_size=16",
    "task.unibert.model.encoder.num_hidden_layers=1",
    "task.unibert.model.encoder.num_attention_heads=2",
    "task.unibert.model.encoder.intermediate_size=32",
    "task.unibert.model.embedding_size=8",
];
const SHORT: [&str; 6] = [
    "loader.batch_size=8",
    "evaluation.records=24",
    "evaluation.batch_size=8",
    "schedule.duration={steps=4}",
    "checkpoint.every=2",
    "checkpoint.keep=9",
];

/// The folder of the small sets, as `runs/sets` would be.
pub(crate) fn sets() -> &'static Path {
    static SETS: OnceLock<tempfile::TempDir> = OnceLock::new();
    let write = || {
        let folder = tempfile::tempdir().unwrap();
        let small = EmojiSets { fours: 20, keyword_threes: 20, tone_threes: 6, rounds: 1, ..EmojiSets::default() };
        write_emoji_sets(&workspace().join("datasets/emoji"), &folder.path().join("emoji"), &small).unwrap();
        let pairs = ClipPairs { train: 60, heldout: 30, ..ClipPairs::default() };
        write_clip_pairs(&workspace().join("datasets/fluent-clips"), &folder.path().join("pairs"), &pairs).unwrap();
        folder
    };
    SETS.get_or_init(write).path()
}

/// The recipe `name`, shrunk, on the small sets, with what `set` changes.
pub(crate) fn small(name: &str, set: &[&str]) -> Result<Recipe, TrainError> {
    let shrink: &[&str] = if name.starts_with("unibert") { &UNIBERT } else { &ALBEF };
    // Grounding looks at a fusion layer, and here is one.
    let layer: &[&str] = if name == "albef-refcoco-tiny" { &["task.layer=0"] } else { &[] };
    let overrides = shrink.iter().chain(layer).chain(&SHORT).chain(set);
    let overrides = overrides.map(|text| Override::parse(text)).collect::<Result<Vec<_>, _>>()?;
    // The recipes name the sets where the command puts them.
    let text = tuwen::train::RECIPES.iter().find(|(known, _)| *known == name).unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{name}.toml"));
    std::fs::write(&path, text.replace("runs/sets", sets().to_str().unwrap())).unwrap();
    match find_any_recipe(path.to_str().unwrap(), &[], &overrides)? {
        AnyRecipe::Downstream(recipe) => Ok(recipe),
        AnyRecipe::Pretraining(_) => panic!("{name} is no downstream task"),
    }
}

/// Trains to the end; returns the summary and what was said on the way.
pub(crate) fn run(recipe: Recipe, folder: &Path, start: StartFrom) -> Result<(Summary, Vec<String>), TrainError> {
    struct Run<'a>(&'a Path, StartFrom);
    impl WithAssembly for Run<'_> {
        type Output = Result<(Summary, Vec<String>), TrainError>;
        fn with<O: Objective>(self, assembly: &Assembly<O>) -> Self::Output {
            let mut said = Vec::new();
            let summary = watched(assembly, self.0, self.1, &mut |event| match event {
                tuwen::train::Event::Notice(notice) => said.push(notice.to_string()),
                tuwen::train::Event::SkippedRecord(message) => said.push(message.to_string()),
                _ => {}
            })?;
            Ok((summary, said))
        }
    }
    recipe.assemble(&workspace(), Run(folder, start))?
}

/// `recipe`, begun with the run in `folder`.
pub(crate) fn begun_with(mut recipe: Recipe, folder: &Path) -> Recipe {
    *recipe.init_mut() = tuwen::train::InitSection::all_from(folder);
    recipe
}
