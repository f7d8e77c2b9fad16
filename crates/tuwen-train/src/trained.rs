//! A trained model's folder: weights as they are tested, with all that is needed to use them.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use tuwen_encoder::{Weights, write_weights, write_whole};
use tuwen_text::Tokenizer;

use crate::checkpoint::{MODEL, PART, Position, discard, sync_folder};
use crate::manifest::{MANIFEST, Manifest, sha256};
use crate::unibert::TagList;
use crate::whole::{Which, Whole, is_of_the_model};
use crate::{Recipe, TrainError, find_recipe};

const RECIPE: &str = "recipe.toml";
const TOKENIZER: &str = "tokenizer.json";
const TAGS: &str = "tags.txt";

/// A model that was trained, as its folder has it.
#[derive(Debug)]
pub struct Trained {
    /// The checkpoint's or exported folder.
    pub folder: PathBuf,
    /// The recipe it was trained by.
    pub recipe: Recipe,
    /// Where the run stood.
    pub position: Position,
    /// The model's weights alone, averaged where the recipe asks for it, as they are tested.
    pub weights: Weights,
    /// Its vocabulary.
    pub tokenizer: Tokenizer,
    /// Its tags; none where no tags are learned.
    pub tags: TagList,
    /// What no other model shares: a digest of the folder's manifest, in hexadecimal.
    pub identity: String,
}

impl Trained {
    /// Reads a run's folder, one of its checkpoints, or an exported folder. Damaged checkpoints are told to `report` and
    /// passed over.
    ///
    /// # Errors
    /// No whole checkpoint; a recipe, a vocabulary or weights that can't be read.
    pub fn open(folder: &Path, which: Which, report: impl FnMut(&TrainError)) -> Result<Self, TrainError> {
        let none = || TrainError::Checkpoint {
            path: folder.to_path_buf(),
            reason: "no run's folder, checkpoint or exported folder: it has no `checkpoints` and no `manifest.json`"
                .into(),
        };
        Self::of(Whole::find(folder, which, report)?.ok_or_else(none)?)
    }

    fn of(whole: Whole) -> Result<Self, TrainError> {
        let within = |name: &str| whole.folder.join(name);
        let tags = if within(TAGS).exists() { TagList::read(&within(TAGS))? } else { TagList::default() };
        let manifest = fs::read(within(MANIFEST)).map_err(|error| TrainError::io(&within(MANIFEST), error))?;
        Ok(Self {
            tokenizer: Tokenizer::from_json(within(TOKENIZER))?,
            recipe: find_recipe(&within(RECIPE).display().to_string(), &[], &[])?,
            weights: whole.weights(is_of_the_model)?,
            identity: sha256(&manifest),
            position: whole.manifest.position,
            folder: whole.folder,
            tags,
        })
    }

    /// How many numbers the model has.
    pub fn parameters(&self) -> usize {
        self.weights.values().map(|tensor| tensor.values.len()).sum()
    }

    /// Writes the folder that is all one needs to use the model: weights, recipe, vocabulary, tags, and `card` as its
    /// `README.md`. It is written beside and renamed, so that a folder of that name is whole.
    ///
    /// # Errors
    /// A folder that is there already, or can't be written.
    pub fn export(&self, folder: &Path, card: &str) -> Result<(), TrainError> {
        let io = |error| TrainError::io(folder, error);
        if folder.exists() {
            return Err(io(std::io::Error::new(
                std::io::ErrorKind::AlreadyExists,
                "is there already, expected a new folder",
            )));
        }
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(|error| TrainError::io(parent, error))?;
        let mut beside = folder.as_os_str().to_os_string();
        beside.push(format!(".{PART}"));
        let beside = PathBuf::from(beside);
        discard(&beside)?;
        let done = self.write(&beside, card).and_then(|()| fs::rename(&beside, folder).map_err(io));
        done.and_then(|()| sync_folder(parent)).inspect_err(|_| {
            let _ = fs::remove_dir_all(&beside); // the first error is the one to tell
        })
    }

    fn write(&self, folder: &Path, card: &str) -> Result<(), TrainError> {
        fs::create_dir_all(folder).map_err(|error| TrainError::io(folder, error))?;
        write_weights(&folder.join(MODEL), &self.weights, HashMap::new())?;
        let mut texts = vec![
            (RECIPE, self.recipe.resolved_toml()?),
            (TOKENIZER, self.tokenizer.to_json()?),
            ("README.md", card.to_string()),
        ];
        if !self.tags.is_empty() {
            texts.push((TAGS, self.tags.to_text()));
        }
        for (name, text) in &texts {
            let path = folder.join(name);
            write_whole(&path, text.as_bytes()).map_err(|error| TrainError::io(&path, error))?;
        }
        // The card is to be edited, so nothing vouches for it.
        let vouched = texts.iter().map(|(name, _)| *name).filter(|name| *name != "README.md");
        Manifest::write(folder, self.position, vouched.chain([MODEL]))
    }
}
