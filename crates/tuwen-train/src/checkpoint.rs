//! Checkpoints: a folder with weights, optimizer state, what is needed to use them, and a manifest that vouches for all.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tuwen_data::Cursor;
use tuwen_encoder::{Weights, read_weights, write_weights, write_whole};

use crate::TrainError;
use crate::best::Best;
use crate::manifest::Manifest;

pub(crate) const MODEL: &str = "model.safetensors";
pub(crate) const OPTIMIZER: &str = "optimizer.safetensors";
/// Endings of folders that are being written, and being deleted.
pub(crate) const PART: &str = "part";
const GONE: &str = "gone";

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Steps done.
    pub step: u64,
    /// Steps of the optimizer, fewer where steps were skipped.
    pub optimizer_step: u64,
    /// Steps skipped because something was not finite.
    pub skipped_steps: u64,
    /// Records skipped because they could not be read.
    pub skipped_records: u64,
    /// Where the loader goes on.
    pub cursor: Cursor,
    /// Length of `metrics.jsonl` in bytes; what lies behind it is written again.
    pub metrics_bytes: u64,
    /// The best test so far, if the recipe asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
}

impl Position {
    /// Before the first step, over `records` training records.
    pub const fn start(records: usize) -> Self {
        Self {
            step: 0,
            optimizer_step: 0,
            skipped_steps: 0,
            skipped_records: 0,
            cursor: Cursor::start(0, records),
            metrics_bytes: 0,
            best: None,
        }
    }
}

/// What a checkpoint holds.
#[derive(Debug)]
pub struct Checkpoint {
    /// Where the run stood.
    pub position: Position,
    /// The model's weights.
    pub model: Weights,
    /// The optimizer's moments.
    pub optimizer: Weights,
}

impl Checkpoint {
    /// Writes the checkpoint as `folder/step-…`, with `companions` (name and content: recipe, tokenizer, tags) so that
    /// it can be used without the run around it. Everything is written beside, synced, and then renamed; what can't be
    /// written whole is removed again.
    pub fn save(&self, folder: &Path, companions: &[(&str, String)]) -> Result<PathBuf, TrainError> {
        let target = folder.join(format!("step-{:08}", self.position.step));
        let beside = target.with_extension(PART);
        discard(&beside)?;
        let done = self.write(&beside, companions).and_then(|()| {
            if target.exists() {
                retire(&target)?;
            }
            fs::rename(&beside, &target).map_err(|error| TrainError::io(&target, error))?;
            sync_folder(folder)
        });
        match done {
            Ok(()) => Ok(target),
            Err(error) => {
                let _ = fs::remove_dir_all(&beside); // the first error is the one to tell
                Err(self.explained(error, folder, companions))
            }
        }
    }

    fn write(&self, beside: &Path, companions: &[(&str, String)]) -> Result<(), TrainError> {
        fs::create_dir_all(beside).map_err(|error| TrainError::io(beside, error))?;
        write_weights(&beside.join(MODEL), &self.model, HashMap::new())?;
        write_weights(&beside.join(OPTIMIZER), &self.optimizer, HashMap::new())?;
        for (name, content) in companions {
            let path = beside.join(name);
            write_whole(&path, content.as_bytes()).map_err(|error| TrainError::io(&path, error))?;
        }
        let names = [MODEL, OPTIMIZER].into_iter().chain(companions.iter().map(|(name, _)| *name));
        Manifest::write(beside, self.position, names)
    }

    /// `error`, or how much room there has to be if that is what was lacking.
    fn explained(&self, error: TrainError, folder: &Path, companions: &[(&str, String)]) -> TrainError {
        if !error.is_lack_of_room() {
            return error;
        }
        let numbers =
            self.model.values().chain(self.optimizer.values()).map(|tensor| tensor.values.len()).sum::<usize>();
        let texts = companions.iter().map(|(_, content)| content.len()).sum::<usize>();
        let needed = (size_of::<f32>() * numbers + texts) as u64;
        TrainError::NoRoom { folder: folder.to_path_buf(), needed, reason: error.to_string() }
    }

    /// Reads and verifies a checkpoint folder.
    pub fn load(folder: &Path) -> Result<Self, TrainError> {
        let manifest = Manifest::verified(folder)?;
        Ok(Self {
            position: manifest.position,
            model: read_weights(&folder.join(MODEL), |_| true)?,
            optimizer: read_weights(&folder.join(OPTIMIZER), |_| true)?,
        })
    }

    /// The checkpoints under `folder`, newest first.
    pub fn list(folder: &Path) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut found: Vec<(u64, PathBuf)> =
            entries.flatten().filter_map(|entry| Some((step_of(&entry.path())?, entry.path()))).collect();
        found.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
        found.into_iter().map(|(_, path)| path).collect()
    }

    /// The newest checkpoint under `folder` that is whole; damaged ones are told to `report` and passed over.
    pub fn newest(folder: &Path, mut report: impl FnMut(&TrainError)) -> Option<Self> {
        Self::list(folder).iter().find_map(|path| Self::load(path).inspect_err(&mut report).ok())
    }

    /// Deletes all but the `keep` newest and those after a step that is `kept`, and what broken-off writing and deleting
    /// has left.
    pub fn prune(folder: &Path, keep: usize, kept: impl Fn(u64) -> bool) -> Result<(), TrainError> {
        for path in Self::list(folder).iter().skip(keep.max(1)).filter(|path| !step_of(path).is_some_and(&kept)) {
            retire(path)?;
        }
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        let unfinished = |path: &Path| path.extension().is_some_and(|ending| ending == PART || ending == GONE);
        entries.flatten().map(|entry| entry.path()).filter(|path| unfinished(path)).try_for_each(|path| discard(&path))
    }
}

fn step_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("step-")?.parse().ok()
}

/// Deletes a checkpoint under another name, so that none under its own lacks a part.
fn retire(path: &Path) -> Result<(), TrainError> {
    let gone = path.with_extension(GONE);
    discard(&gone)?;
    fs::rename(path, &gone).map_err(|error| TrainError::io(path, error))?;
    discard(&gone)
}

pub(crate) fn discard(path: &Path) -> Result<(), TrainError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(TrainError::io(path, error)),
        _ => Ok(()),
    }
}

/// Waits until the names in `folder` are on disk, where a folder can be opened for that.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), TrainError> {
    #[cfg(unix)]
    fs::File::open(folder).and_then(|file| file.sync_all()).map_err(|error| TrainError::io(folder, error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuwen_encoder::HostTensor;

    fn checkpoint(step: u64) -> Checkpoint {
        let tensor = HostTensor { shape: vec![2], values: vec![step as f32, 0.5] };
        let position = Position { step, optimizer_step: step, metrics_bytes: 7, ..Position::start(10) };
        Checkpoint { position, model: Weights::from([("w".into(), tensor)]), optimizer: Weights::new() }
    }

    #[test]
    fn saved_and_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = checkpoint(3).save(folder.path(), &[("recipe.toml", "seed = 1".to_string())]).unwrap();
        let loaded = Checkpoint::load(&path).unwrap();
        assert_eq!(loaded.position, checkpoint(3).position);
        assert_eq!(loaded.model, checkpoint(3).model);
        assert_eq!(fs::read_to_string(path.join("recipe.toml")).unwrap(), "seed = 1");
    }

    #[test]
    fn a_damaged_newest_falls_back_to_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        checkpoint(3).save(folder.path(), &[]).unwrap();
        let newest = checkpoint(12).save(folder.path(), &[]).unwrap().join(MODEL);
        let mut bytes = fs::read(&newest).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&newest, bytes).unwrap();
        let mut reasons = Vec::new();
        let found = Checkpoint::newest(folder.path(), |error| reasons.push(error.to_string())).unwrap();
        assert_eq!(found.position.step, 3);
        assert!(reasons[0].ends_with("model.safetensors was changed after it was written"), "{reasons:?}");
    }

    #[test]
    fn the_newest_are_kept_and_those_a_rule_names() {
        let folder = tempfile::tempdir().unwrap();
        for step in [1, 2, 3, 4, 10] {
            checkpoint(step).save(folder.path(), &[]).unwrap();
        }
        Checkpoint::prune(folder.path(), 2, |step| step == 2).unwrap();
        let steps: Vec<u64> =
            Checkpoint::list(folder.path()).iter().map(|p| Checkpoint::load(p).unwrap().position.step).collect();
        assert_eq!(steps, [10, 4, 2]);
    }

    #[test]
    fn what_broken_off_saving_and_deleting_left_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        for left in ["step-00000001.part", "step-00000002.gone", "step-00000003.part"] {
            fs::create_dir_all(folder.path().join(left)).unwrap();
            fs::write(folder.path().join(left).join(MODEL), "half").unwrap();
        }
        checkpoint(3).save(folder.path(), &[]).unwrap();
        checkpoint(3).save(folder.path(), &[]).unwrap(); // once more over itself
        Checkpoint::prune(folder.path(), 1, |_| false).unwrap();
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["step-00000003"]);
    }

    #[test]
    fn a_full_disk_is_told_with_the_room_that_is_needed() {
        let full = TrainError::io(Path::new("c/model"), ErrorKind::StorageFull.into());
        // Two weights of 4 bytes and a companion of 5.
        let told = checkpoint(3).explained(full, Path::new("c"), &[("recipe.toml", "a = 1".to_string())]);
        assert!(matches!(&told, TrainError::NoRoom { needed: 13, .. }), "{told}");
        assert!(told.to_string().starts_with("c: no room for a checkpoint of about 0.0 MB: c/model: "), "{told}");
        let other = TrainError::io(Path::new("c/model"), ErrorKind::PermissionDenied.into());
        assert!(matches!(checkpoint(3).explained(other, Path::new("c"), &[]), TrainError::Io { .. }));
    }
}
