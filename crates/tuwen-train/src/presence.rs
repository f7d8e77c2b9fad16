//! Whether what a recipe names on the disk is there and can be read, found out without beginning a run.

use std::path::{Path, PathBuf};

use tuwen_data::open_source;
use tuwen_encoder::Naming;
use tuwen_recipe::{Override, RecipeError};
use tuwen_text::TextLayout;

use crate::TrainError;
use crate::pretrained::{Pretrained, open_pretrained};
use crate::recipes::{AnyRecipe, Recipe, find_placed};
use crate::sections::{SyntheticSection, locate};
use crate::tokens::open_vocabulary;
use crate::unibert::TagList;
use crate::unibert::recipe::TagVocabulary;

/// A recipe that was read, and what it names.
#[derive(Debug)]
pub struct RecipeCheck {
    /// The recipe.
    pub recipe: AnyRecipe,
    /// What it names and is there.
    pub there: Vec<Found>,
    /// What it names and is not there, or doesn't fit it, each with the place of its key.
    pub faults: Vec<RecipeError>,
}

/// Something that a recipe names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The recipe's key.
    pub key: &'static str,
    /// Where it lies.
    pub path: PathBuf,
    /// What it holds, such as `962 records`.
    pub holds: String,
}

/// Reads a recipe as [`find_any_recipe`](crate::find_any_recipe) does, and opens all that it names; relative paths are looked for
/// where the program runs and then under `root`. Nothing is written. Errors: a recipe that can't be read, or whose numbers
/// contradict each other.
pub fn check_recipe(
    name: &str,
    overlays: &[String],
    overrides: &[Override],
    root: &Path,
) -> Result<RecipeCheck, TrainError> {
    let (recipe, places) = find_placed(name, overlays, overrides)?;
    let (mut there, mut faults) = (Vec::new(), Vec::new());
    for (key, path, outcome) in named_by(&recipe, root) {
        match outcome {
            Ok(holds) => there.push(Found { key, path, holds }),
            Err(TrainError::Recipe(error)) => faults.push(places.place(error)),
            Err(error) => {
                let error = RecipeError::invalid(key, format!("can't be used: {error}"));
                faults.push(places.place(error));
            }
        }
    }
    Ok(RecipeCheck { recipe, there, faults })
}

/// A recipe's key, where it points, and what is there.
pub(crate) type Outcome = (&'static str, PathBuf, Result<String, TrainError>);

fn named_by(recipe: &AnyRecipe, root: &Path) -> Vec<Outcome> {
    match recipe {
        AnyRecipe::Pretraining(recipe) => named(recipe, root),
        AnyRecipe::Downstream(recipe) => recipe.named(root),
    }
}

fn named(recipe: &Recipe, root: &Path) -> Vec<Outcome> {
    let (data, vocabulary, layout, size_key, size, tags) = match recipe {
        Recipe::Albef(recipe) => {
            let words = recipe.model.encoder.text.vocab_size;
            let text = &recipe.text;
            (&recipe.data, &text.vocabulary, text.layout, "model.encoder.text.vocab_size", words, None)
        }
        Recipe::UniBert(recipe) => {
            let (text, tags) = (&recipe.text, recipe.tasks.tag.as_ref().map(|tag| &tag.vocabulary));
            (
                &recipe.data,
                &text.vocabulary,
                text.layout,
                "model.encoder.vocab_size",
                recipe.model.encoder.vocab_size,
                tags,
            )
        }
    };
    let mut named = Vec::new();
    let located = |path: &Path| {
        let mut path = path.to_path_buf();
        locate(&mut path, root);
        path
    };
    let mut add = |key, path: &Path, open: &dyn Fn(&Path) -> Result<String, TrainError>| {
        let path = located(path);
        let outcome = match &data.synthetic {
            Some(synthetic) if is_yet_to_be_written(synthetic, &path, root) => {
                Ok("not there yet: a run writes it first".to_string())
            }
            _ => open(&path),
        };
        named.push((key, path, outcome));
    };
    let records = |path: &Path| Ok(format!("{} records", open_source(&data.records, path)?.len()));
    add("data.train", &data.train, &records);
    add("data.heldout", &data.heldout, &records);
    add("text.vocabulary", vocabulary, &|path| words(path, size_key, size, &layout));
    let init = match recipe {
        Recipe::Albef(recipe) => recipe.init.paths(),
        Recipe::UniBert(recipe) => recipe.init.paths(),
    };
    for (key, path) in init {
        add(key, path, &|path| Ok(weights_of(&open_pretrained(path)?)));
    }
    if let Some(TagVocabulary::File(path)) = tags {
        add("tasks.tag.vocabulary", path, &|path| Ok(format!("{} tags", TagList::read(path)?.len())));
    }
    named
}

fn weights_of(trained: &Pretrained) -> String {
    let naming = Naming::of(&trained.weights).map_or("unknown names", Naming::describe);
    format!("{} tensors with {naming}", trained.weights.len())
}

fn words(path: &Path, size_key: &str, size: usize, layout: &TextLayout) -> Result<String, TrainError> {
    let tokenizer = open_vocabulary(path, size_key, size)?;
    layout.room().map_err(|error| RecipeError::invalid("text.layout", format!("can't be used: {error}")))?;
    Ok(format!("{} entries", tokenizer.vocab_size()))
}

/// Whether `path` belongs to a synthetic set that a run would write before it reads it.
fn is_yet_to_be_written(synthetic: &SyntheticSection, path: &Path, root: &Path) -> bool {
    let mut folder = synthetic.folder.clone();
    locate(&mut folder, root);
    let within = path.starts_with(&folder) || path.starts_with(&synthetic.folder);
    within && !synthetic.is_written(&folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
    }

    fn check(name: &str, set: &[&str]) -> RecipeCheck {
        let overrides: Vec<Override> = set.iter().map(|text| Override::parse(text).unwrap()).collect();
        check_recipe(name, &[], &overrides, &root()).unwrap()
    }

    #[test]
    fn what_is_there_is_counted() {
        let check = check("albef-tiny", &[]);
        let found: Vec<(&str, &str)> = check.there.iter().map(|found| (found.key, found.holds.as_str())).collect();
        let expected =
            [("data.train", "3214 records"), ("data.heldout", "387 records"), ("text.vocabulary", "2725 entries")];
        assert_eq!(found, expected);
        assert!(check.faults.is_empty());
    }

    #[test]
    fn everything_that_is_missing_is_said_with_its_place() {
        let check = check("unibert-tiny", &["data.heldout=no/such.tar", "tasks.tag.vocabulary={file=\"no/tags.txt\"}"]);
        let faults: Vec<String> = check.faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 2, "{faults:?}");
        let start = "`--set data.heldout=no/such.tar`: `data.heldout` can't be used: ";
        assert!(faults[0].starts_with(start) && faults[0].contains("no/such.tar: no file there"), "{}", faults[0]);
        assert!(faults[1].contains("`tasks.tag.vocabulary` can't be used:"), "{}", faults[1]);
        assert_eq!(check.there.len(), 2);
    }

    #[test]
    fn a_vocabulary_of_another_size_is_told_at_the_models_key() {
        let check = check("albef-tiny", &["text.vocabulary=datasets/vocab/bert-base-chinese.txt"]);
        let fault = check.faults[0].to_string();
        assert!(fault.starts_with("albef-tiny.toml:"), "{fault}");
        assert!(fault.contains("`model.encoder.text.vocab_size` is 2725, expected 21128"), "{fault}");
    }

    #[test]
    fn a_synthetic_set_need_not_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let overrides = Override::parse("text.vocabulary=datasets/emoji/vocab.txt").unwrap();
        let check = check_recipe("unibert-synth", &[], &[overrides], folder.path()).unwrap();
        assert!(check.there.iter().any(|found| found.holds.starts_with("not there yet")), "{:?}", check.there);
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is written");
    }
}
