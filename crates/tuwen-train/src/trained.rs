//! A trained model's folder: weights as they are tested, with all that is needed to use them.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tuwen_encoder::{Weights, read_weights, write_weights, write_whole};
use tuwen_text::Tokenizer;

use crate::checkpoint::{MODEL, OPTIMIZER, PART, Position, discard, sync_folder};
use crate::manifest::{MANIFEST, Manifest};
use crate::unibert::TagList;
use crate::{Checkpoint, Recipe, TrainError, averaged_weights, find_recipe};

const RECIPE: &str = "recipe.toml";
const TOKENIZER: &str = "tokenizer.json";
const TAGS: &str = "tags.txt";

/// How names begin of what only goes on with a run: momentum encoders and the queue.
const TRAINING_ONLY: [&str; 2] = ["momentum.", "queue."];

/// Which of a run's checkpoints is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// The newest whole one.
    #[default]
    Newest,
    /// The best by the recipe's measure; without such a measure there is none.
    Best,
}

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
    pub fn open(folder: &Path, which: Which, mut report: impl FnMut(&TrainError)) -> Result<Self, TrainError> {
        if folder.join(MANIFEST).exists() {
            return Self::read(folder);
        }
        let checkpoints = folder.join("checkpoints");
        let none = |reason: &str| TrainError::Checkpoint { path: folder.to_path_buf(), reason: reason.to_string() };
        if !checkpoints.is_dir() {
            return Err(none(
                "no run's folder, checkpoint or exported folder: it has no `checkpoints` and no `manifest.json`",
            ));
        }
        let (mut newest, mut why) = (None, "no checkpoint".to_string());
        for path in Checkpoint::list(&checkpoints) {
            match Self::read(&path) {
                Ok(read) => {
                    newest = Some(read);
                    break;
                }
                Err(error) => {
                    report(&error);
                    why = format!("no whole checkpoint: {error}");
                }
            }
        }
        let newest = newest.ok_or_else(|| none(&why))?;
        match (which, newest.position.best) {
            (Which::Newest, _) => Ok(newest),
            (Which::Best, Some(best)) => Self::read(&checkpoints.join(format!("step-{:08}", best.step))),
            (Which::Best, None) => Err(none("its recipe has no `checkpoint.best`, by which one would be the best")),
        }
    }

    fn read(folder: &Path) -> Result<Self, TrainError> {
        let manifest = Manifest::verified(folder)?;
        let path = folder.join(RECIPE);
        let recipe = find_recipe(&path.display().to_string(), &[], &[])?;
        let mut weights = read_weights(&folder.join(MODEL), |name| !TRAINING_ONLY.iter().any(|p| name.starts_with(p)))?;
        if manifest.files.contains_key(OPTIMIZER) && recipe.optimizer().average.is_some() {
            weights = averaged_weights(&weights, &read_weights(&folder.join(OPTIMIZER), |_| true)?);
        }
        let tags = if folder.join(TAGS).exists() { TagList::read(&folder.join(TAGS))? } else { TagList::default() };
        let path = folder.join(MANIFEST);
        let text = fs::read(&path).map_err(|error| TrainError::io(&path, error))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            tokenizer: Tokenizer::from_json(folder.join(TOKENIZER))?,
            identity: Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect(),
            position: manifest.position,
            recipe,
            weights,
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
