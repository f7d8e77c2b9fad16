//! What a path means among our own folders: a run, one of its checkpoints, or an export, held to its manifest.

use std::path::{Path, PathBuf};

use tuwen_encoder::{Weights, read_weights};

use crate::checkpoint::{MODEL, OPTIMIZER};
use crate::manifest::{MANIFEST, Manifest};
use crate::optimizer::is_average;
use crate::{Checkpoint, TrainError, averaged_weights};

/// How names begin of what only goes on with a run: momentum encoders, the queue, and what an own task has beside its model.
pub(crate) const TRAINING_ONLY: [&str; 3] = ["momentum.", "queue.", "beside."];

/// Whether a tensor of this name belongs to the trained model, and not only to the run that goes on with it.
pub(crate) fn is_of_the_model(name: &str) -> bool {
    !TRAINING_ONLY.iter().any(|prefix| name.starts_with(prefix))
}

/// Refuses a model one of whose parameters would be taken for what is beside it.
pub(crate) fn refuse_reserved<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), TrainError> {
    let names: Vec<String> = names.filter(|name| !is_of_the_model(name)).cloned().collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(TrainError::ReservedNames { names })
}

/// Which of a run's checkpoints is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// The newest whole one.
    #[default]
    Newest,
    /// The best by the recipe's measure; without such a measure there is none.
    Best,
}

/// A checkpoint or an export whose files are those that its manifest vouches for.
#[derive(Debug)]
pub(crate) struct Whole {
    /// Where they lie.
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
}

impl Whole {
    /// The checkpoint or the export in `folder`. Errors: a file that is not the one that was written.
    fn at(folder: &Path) -> Result<Self, TrainError> {
        Ok(Self { manifest: Manifest::verified(folder)?, folder: folder.to_path_buf() })
    }

    /// What lies at `path`: a checkpoint or an export itself, or a checkpoint of the run there; nothing if it is none of
    /// these. Damaged checkpoints of a run are told to `report` and passed over.
    ///
    /// # Errors
    /// A damaged folder that was meant itself, and a run without the checkpoint that is asked for.
    pub(crate) fn find(
        path: &Path,
        which: Which,
        mut report: impl FnMut(&TrainError),
    ) -> Result<Option<Self>, TrainError> {
        if path.join(MANIFEST).exists() {
            return Self::at(path).map(Some);
        }
        let checkpoints = path.join("checkpoints");
        if !checkpoints.is_dir() {
            return Ok(None);
        }
        let none = |reason: String| TrainError::Checkpoint { path: path.to_path_buf(), reason };
        let mut why = "no checkpoint".to_string();
        let newest = Checkpoint::list(&checkpoints).iter().find_map(|folder| {
            let damaged = |error: &TrainError| {
                report(error);
                why = format!("no whole checkpoint: {error}");
            };
            Self::at(folder).inspect_err(damaged).ok()
        });
        let newest = newest.ok_or_else(|| none(why))?;
        match (which, newest.manifest.position.best) {
            (Which::Newest, _) => Ok(Some(newest)),
            (Which::Best, Some(best)) => Self::at(&checkpoints.join(format!("step-{:08}", best.step))).map(Some),
            (Which::Best, None) => {
                Err(none("its recipe has no `checkpoint.best`, by which one would be the best".to_string()))
            }
        }
    }

    /// The weights whose names `wanted` accepts as they are tested: averaged where the run averages.
    pub(crate) fn weights(&self, wanted: impl Fn(&str) -> bool) -> Result<Weights, TrainError> {
        let weights = read_weights(&self.folder.join(MODEL), wanted)?;
        if !self.manifest.files.contains_key(OPTIMIZER) {
            return Ok(weights); // an export holds the averages themselves
        }
        Ok(averaged_weights(&weights, &read_weights(&self.folder.join(OPTIMIZER), is_average)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_would_be_lost_is_refused_by_name() {
        let names = ["queue.weight", "encoder.queue.weight", "queued.weight"].map(String::from);
        let error = refuse_reserved(names.iter()).unwrap_err().to_string();
        assert!(
            error.starts_with("`queue.weight` of the model: names that begin with `momentum.`, `queue.`"),
            "{error}"
        );
        assert!(refuse_reserved(names[1..].iter()).is_ok());
    }
}
