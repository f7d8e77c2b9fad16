//! The sections that recipes of every architecture share.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tuwen_data::{DataFormat, Fingerprint, LoaderConfig, SynthConfig, TitleChoice, fingerprint, write_synthetic};
use tuwen_encoder::Recompute;
use tuwen_ops::Precision;

use crate::TrainError;

/// Whether a run follows the reference's faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compat {
    /// Correct by default; each choice as its section says.
    #[default]
    None,
    /// Every choice that has a `seed` variant takes it: numbers as the published code gives them.
    Seed,
}

/// Training and held-out records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSection {
    /// File, folder or pattern to train on.
    pub train: PathBuf,
    /// File, folder or pattern to evaluate on.
    pub heldout: PathBuf,
    /// Which title is read.
    pub titles: TitleChoice,
    /// The format of both, and its field names.
    pub records: DataFormat,
    /// Batches and worker threads.
    pub loader: LoaderConfig,
    /// A synthetic set that is written where `train` and `heldout` point if nothing is there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<SyntheticSection>,
}

/// The synthetic set of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyntheticSection {
    /// The folder to write.
    pub folder: PathBuf,
    /// How much.
    pub set: SynthConfig,
}

/// How a step is computed. Nothing here changes what is computed but by rounding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComputeSection {
    /// What is computed twice to save memory: `"nothing"`, `"layers"`, or `{ rows = 8 }`, 8 rows of the batch at a time.
    #[serde(default)]
    pub recompute: Recompute,
    /// The format of the factors of matrix products; all else is f32.
    #[serde(default)]
    pub precision: Precision,
}

impl ComputeSection {
    /// Whether a recipe need not mention it.
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl SyntheticSection {
    /// Whether the set is whole in `folder`. The README is written last: without it, an earlier attempt was interrupted.
    pub(crate) fn is_written(&self, folder: &Path) -> bool {
        folder.join("README.txt").exists()
    }
}

/// When weights are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointSection {
    /// Steps between checkpoints; there is always one at the end.
    pub every: u64,
    /// Newest checkpoints kept.
    pub keep: usize,
    /// Those after a multiple of so many steps are kept too; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_every: Option<u64>,
    /// The measure by which the best test's checkpoint is written and kept: `"itm.accuracy"`, `"mlm.loss"`,
    /// `"en.mean_recall"`; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<String>,
}

/// When and on how much the model is tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSection {
    /// Steps between evaluations; there is always one at the end.
    pub every: u64,
    /// Held-out records used, drawn by the seed; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<usize>,
    /// Records a batch. A chance that is one among the batch, such as MFM's and ITA's, depends on it.
    pub batch_size: usize,
}

/// Puts `root` before a relative path that does not exist where the program runs.
pub(crate) fn locate(path: &mut PathBuf, root: &Path) {
    if path.is_relative() && !path.exists() {
        *path = root.join(&path);
    }
}

impl DataSection {
    /// What tells its files from others.
    pub(crate) fn fingerprints(&self) -> Result<Vec<(&'static str, Fingerprint)>, TrainError> {
        let of = |path: &Path| fingerprint(&self.records, path);
        Ok(vec![("train", of(&self.train)?), ("heldout", of(&self.heldout)?)])
    }

    /// Locates its paths, and writes the synthetic set where it is not there yet.
    pub(crate) fn prepare(&mut self, root: &Path) -> Result<(), TrainError> {
        locate(&mut self.train, root);
        locate(&mut self.heldout, root);
        let Some(synthetic) = &mut self.synthetic else { return Ok(()) };
        locate(&mut synthetic.folder, root);
        if !synthetic.is_written(&synthetic.folder) {
            write_synthetic(&synthetic.folder, &synthetic.set)?;
        }
        Ok(())
    }
}
