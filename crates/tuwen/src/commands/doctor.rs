//! `doctor`: looks through a data set before compute is spent on it.
//!
//! Exit codes: 0 nothing is broken; 1 the set can't be looked at; 2 the command line is not understood; 3 records can't
//! be used, or held-out ones are trained on.

use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use tuwen_data::{DataError, guess_format};
use tuwen_doctor::{
    Examination, Expectations, PositivesExpectation, Progress, SideExpectation, TagsExpectation, TextExpectation,
    Weight, examine,
};
use tuwen_encoder::write_whole;
use tuwen_ita::Positives;
use tuwen_text::{TextLayout, Tokenizer};
use tuwen_train::unibert::recipe::TagVocabulary;
use tuwen_train::{Recipe, albef, find_recipe, unibert};
use tuwen_vision::FrameDescriptor;

use super::{CommandError, overrides};

/// Broken records, or held-out ones that are trained on.
const BROKEN: u8 = 3;
/// Shorter looks need no progress line.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// File, folder or pattern to look through [default: what the recipe trains on]
    #[arg(long, value_name = "PATH", required_unless_present = "recipe")]
    data: Option<PathBuf>,
    /// Compare with these held-out records [default: the recipe's]
    #[arg(long, value_name = "PATH")]
    heldout: Option<PathBuf>,
    /// Compare with what a recipe expects: a built-in one or the path of a TOML file
    #[arg(long, value_name = "NAME")]
    recipe: Option<String>,
    /// Lay an overlay over the recipe
    #[arg(long = "overlay", value_name = "NAME", requires = "recipe")]
    overlays: Vec<String>,
    /// Change a value of the recipe: section.key=value
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "recipe")]
    set: Vec<String>,
    /// Count tokens with this vocab.txt or tokenizer.json [default: the recipe's]
    #[arg(long, value_name = "FILE")]
    vocabulary: Option<PathBuf>,
    /// Look at so many records of each set at most, spread evenly
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    /// Write all numbers
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(super) fn run(arguments: &DoctorArguments, root: &Path) -> Result<u8, CommandError> {
    let (expectations, train, heldout) = match &arguments.recipe {
        Some(name) => of_recipe(name, arguments, root)?,
        None => {
            let train = arguments.data.clone().unwrap_or_default();
            let mut expectations = Expectations::none(guess_format(&train)?);
            if let Some(path) = &arguments.vocabulary {
                expectations.text = Some(text(path, None, None)?);
            }
            (expectations, train, arguments.heldout.clone())
        }
    };
    let heldout = heldout.as_deref();
    let examination = Examination { train: &train, heldout, expectations: &expectations, limit: arguments.limit };
    let mut line = ProgressLine::new();
    let diagnosis = examine(&examination, &mut |progress| line.show(progress))?;
    line.clear();
    print!("{diagnosis}");
    if let Some(path) = &arguments.json {
        let json = serde_json::to_vec_pretty(&diagnosis)?;
        write_whole(path, &json).map_err(|source| DataError::Io { path: path.clone(), source })?;
        println!("\nall numbers: {}", path.display());
    }
    Ok(if diagnosis.weight() == Weight::Fault { BROKEN } else { 0 })
}

type Found = (Expectations, PathBuf, Option<PathBuf>);

fn of_recipe(name: &str, arguments: &DoctorArguments, root: &Path) -> Result<Found, CommandError> {
    let mut recipe = find_recipe(name, &arguments.overlays, &overrides(&arguments.set)?)?;
    let data = recipe.data_mut().clone();
    let located = |path: &Path| if path.exists() { path.to_owned() } else { root.join(path) };
    let expected = Expectations::none(data.records);
    let expectations = match recipe {
        Recipe::Albef(recipe) => {
            let recipe = recipe.resolved();
            let vocabulary = arguments.vocabulary.clone().unwrap_or_else(|| located(&recipe.text.vocabulary));
            let words = Some(recipe.text.caption_words);
            Expectations {
                text: Some(text(&vocabulary, Some(recipe.text.layout), words)?),
                ..of_albef(&recipe, expected)
            }
        }
        Recipe::UniBert(recipe) => {
            let recipe = recipe.resolved();
            let vocabulary = arguments.vocabulary.clone().unwrap_or_else(|| located(&recipe.text.vocabulary));
            Expectations {
                text: Some(text(&vocabulary, Some(recipe.text.layout), None)?),
                ..of_unibert(&recipe, expected)
            }
        }
    };
    let train = arguments.data.clone().unwrap_or_else(|| located(&data.train));
    let heldout = arguments.heldout.clone().unwrap_or_else(|| located(&data.heldout));
    Ok((expectations, train, Some(heldout)))
}

fn text(
    vocabulary: &Path,
    layout: Option<TextLayout>,
    caption_words: Option<usize>,
) -> Result<TextExpectation, CommandError> {
    Ok(TextExpectation { tokenizer: Tokenizer::from_file(vocabulary)?, layout, caption_words })
}

fn of_albef(recipe: &albef::Recipe, expected: Expectations) -> Expectations {
    let multiple_of = recipe.model.encoder.vision.patch_size as u32;
    let positives = match recipe.tasks.positives {
        Positives::SharedImageOrCaption => PositivesExpectation::SharedImageOrCaption,
        Positives::SharedImage => PositivesExpectation::SharedImage,
        Positives::OwnPairOnly => PositivesExpectation::OwnPairOnly,
    };
    Expectations {
        side: Some(SideExpectation { key: "vision.side", side: recipe.vision.side, multiple_of }),
        positives,
        tags: TagsExpectation::NotLearned,
        ..expected
    }
}

fn of_unibert(recipe: &unibert::Recipe, expected: Expectations) -> Expectations {
    const KEY: &str = "vision.descriptor.side";
    let side = recipe.vision.descriptor.map(|descriptor| match descriptor {
        FrameDescriptor::Thumbnail { side, .. } => SideExpectation { key: KEY, side, multiple_of: 1 },
        FrameDescriptor::Patches { side, patch } => SideExpectation { key: KEY, side, multiple_of: patch },
    });
    let tags = match recipe.tasks.tag.as_ref().map(|tag| &tag.vocabulary) {
        None => TagsExpectation::NotLearned,
        Some(TagVocabulary::File(_)) => TagsExpectation::FromFile,
        Some(TagVocabulary::MostFrequent(count)) => TagsExpectation::MostFrequent(*count),
    };
    let frames = Some(recipe.vision.frames);
    Expectations { side, frames, positives: PositivesExpectation::NoSuchKey, tags, ..expected }
}

/// A line on the terminal that is written over.
struct ProgressLine {
    started: Instant,
    shown: Option<Instant>,
}

impl ProgressLine {
    fn new() -> Self {
        Self { started: Instant::now(), shown: None }
    }

    fn show(&mut self, Progress { path, done, all }: Progress<'_>) {
        let since = self.shown.unwrap_or(self.started).elapsed();
        let patience = if self.shown.is_some() { PATIENCE / 10 } else { PATIENCE };
        if since >= patience && std::io::stderr().is_terminal() {
            let mut line = std::io::stderr().lock();
            // A terminal that can't be written to costs the line, not the look.
            let _ = write!(line, "\r{}: {done} of {all} records\x1b[K", path.display());
            let _ = line.flush();
            self.shown = Some(Instant::now());
        }
    }

    fn clear(&self) {
        if self.shown.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}
