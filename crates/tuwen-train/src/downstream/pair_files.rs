//! Where pairs of clips stand, and which of them are held out.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tuwen_annotation::{KnownClips, Pair, read_pairs, split_by_clip, split_by_number};
use tuwen_recipe::RecipeError;

use super::lists::{located, usable_of};
use crate::TrainError;

/// Where pairs stand, and which of them are held out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairFiles {
    /// In two files.
    Files {
        /// To train on.
        train: PathBuf,
        /// To test on.
        heldout: PathBuf,
    },
    /// In one, split as the QQ reference does: a pair is held out if the numbers of both its clips are 0 modulo 5.
    ByNumber(PathBuf),
    /// In one, split by clip: no clip of a held-out pair is trained on.
    ByClip {
        /// The file.
        file: PathBuf,
        /// The share of clips that is held out.
        share: f64,
    },
}

impl PairFiles {
    pub(super) fn files(&self) -> Vec<(&'static str, &Path)> {
        match self {
            Self::Files { train, heldout } => {
                vec![("task.data.pairs.files.train", train), ("task.data.pairs.files.heldout", heldout)]
            }
            Self::ByNumber(file) => vec![("task.data.pairs.by_number", file)],
            Self::ByClip { file, .. } => vec![("task.data.pairs.by_clip.file", file)],
        }
    }

    pub(super) fn check(&self) -> Result<(), RecipeError> {
        let Self::ByClip { share, .. } = self else { return Ok(()) };
        if *share > 0.0 && *share < 1.0 {
            return Ok(());
        }
        let reason = format!("is {share}, expected a share above 0 and below 1");
        Err(RecipeError::invalid("by_clip.share", reason))
    }

    /// Those to train on and those to test on.
    pub(super) fn read(
        &self,
        known: KnownClips<'_>,
        seed: u64,
        root: &Path,
        doubts: &mut Vec<String>,
    ) -> Result<[Vec<Pair>; 2], TrainError> {
        let mut read = |path: &Path| -> Result<Vec<Pair>, TrainError> {
            Ok(usable_of(read_pairs(&located(path, root), known)?, doubts))
        };
        let split = match self {
            Self::Files { train, heldout } => return Ok([read(train)?, read(heldout)?]),
            Self::ByNumber(file) => split_by_number(&read(file)?)?,
            Self::ByClip { file, share } => split_by_clip(&read(file)?, *share, seed),
        };
        if split.dropped > 0 {
            doubts.push(format!("{} pairs have a clip on each side of the split and are left out", split.dropped));
        }
        Ok([split.train, split.validation])
    }
}
