//! Where and how a run takes place.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use tuwen_encoder::{remove_unfinished, write_whole};

use crate::TrainError;
use crate::checkpoint::Checkpoint;
use crate::events::Event;
use crate::stop::Stop;

/// Where and how a run takes place.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The run's folder; it is made if it is not there.
    pub folder: PathBuf,
    /// Whether to go on from the newest checkpoint in the folder.
    pub start: StartFrom,
    /// Where to compute.
    pub device: Device,
    /// Asks the run to stop after a step.
    pub stop: Stop,
    /// What goes into the run's `run.json`.
    pub place: Place,
}

/// What trains, and on what, in words: for the record.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The program with its version, and with its commit where that is known.
    pub code: String,
    /// The device.
    pub device: String,
}

/// Where a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartFrom {
    /// The first step.
    Scratch,
    /// The newest whole checkpoint of the folder; the first step, where a run was broken off before its first checkpoint.
    NewestCheckpoint,
}

impl RunOptions {
    /// A run from its first step on in a `folder` of its own, that nobody asks to stop.
    pub fn new(folder: impl Into<PathBuf>, device: Device) -> Self {
        Self {
            folder: folder.into(),
            start: StartFrom::Scratch,
            device,
            stop: Stop::default(),
            place: Place::default(),
        }
    }

    /// The checkpoint to go on from; none if the run begins at its first step.
    pub(crate) fn newest(&self, watch: &mut dyn FnMut(Event<'_>)) -> Result<Option<Checkpoint>, TrainError> {
        if self.start == StartFrom::Scratch {
            return Ok(None);
        }
        let folder: &Path = &self.folder.join("checkpoints");
        let damaged = |error: &TrainError| watch(Event::Notice(&format!("passed over a damaged checkpoint: {error}")));
        if let Some(checkpoint) = Checkpoint::newest(folder, damaged) {
            return Ok(Some(checkpoint));
        }
        // A run that was broken off before its first checkpoint has a recipe and nothing to lose.
        if Checkpoint::list(folder).is_empty() && self.folder.join("recipe.toml").exists() {
            watch(Event::Notice("there is no checkpoint yet: the run begins at its first step"));
            return Ok(None);
        }
        Err(TrainError::Checkpoint { path: folder.to_path_buf(), reason: "no whole checkpoint to resume".into() })
    }

    /// Writes the recipe and what else belongs to it into the folder, which an earlier process may have left in disorder.
    pub(crate) fn write_companions(&self, companions: &[(&str, String)]) -> Result<(), TrainError> {
        remove_unfinished(&self.folder).map_err(|error| TrainError::io(&self.folder, error))?;
        for (name, content) in companions {
            let path = self.folder.join(name);
            write_whole(&path, content.as_bytes()).map_err(|error| TrainError::io(&path, error))?;
        }
        Ok(())
    }
}
