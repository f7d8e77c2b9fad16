//! Opens weights that were trained before, by tuwen or by another program.

use std::path::{Path, PathBuf};

use tuwen_encoder::{ImportError, Imported, Integers, Naming, Weights, WeightsError, open_weights};

use crate::TrainError;
use crate::checkpoint::MODEL;
use crate::whole::{Which, Whole, is_of_the_model};

/// Weights found at a path, under whosever names.
#[derive(Clone, Debug)]
pub struct Pretrained {
    /// The tensors; of a run that averages, the averages.
    pub weights: Weights,
    /// Counters and pointers of another program.
    pub integers: Integers,
    /// The file they come from.
    pub file: PathBuf,
    /// The folder with recipe and tokenizer, where they stand in one.
    pub folder: Option<PathBuf>,
    /// Steps done, where tuwen trained them.
    pub step: Option<u64>,
    /// What stood beside them in a file of another program, such as `optimizer`.
    pub beside: Vec<String>,
}

/// File names under which folders of other programs keep weights, ours first.
const NAMES: [&str; 4] = [MODEL, "pytorch_model.bin", "pytorch_model.pt", "model.pth"];

/// Opens weights: a file of any kind that [`open_weights`] reads, a run's folder (its newest whole checkpoint), one of its
/// checkpoints, an exported folder, or a folder that holds `model.safetensors` or `pytorch_model.bin`.
///
/// # Errors
/// Nothing there, and all that can be wrong with a file of weights.
pub fn open_pretrained(path: &Path) -> Result<Pretrained, TrainError> {
    if path.is_file() {
        return open_file(path, None);
    }
    if let Some(whole) = Whole::find(path, Which::Newest, |_| ())? {
        return Ok(Pretrained {
            weights: whole.weights(|_| true)?,
            integers: Integers::new(),
            file: whole.folder.join(MODEL),
            folder: Some(path.to_path_buf()),
            step: Some(whole.manifest.position.step),
            beside: Vec::new(),
        });
    }
    let file = NAMES.iter().map(|name| path.join(name)).find(|file| file.is_file());
    open_file(&file.ok_or_else(|| TrainError::NoWeights { path: path.to_path_buf() })?, Some(path))
}

fn open_file(file: &Path, folder: Option<&Path>) -> Result<Pretrained, TrainError> {
    let saved = open_weights(file)?;
    Ok(Pretrained {
        weights: saved.weights,
        integers: saved.integers,
        file: file.to_path_buf(),
        folder: folder.map(Path::to_path_buf),
        step: None,
        beside: saved.beside,
    })
}

impl Pretrained {
    /// The weights without what a run of ours keeps beside the trained model: momentum encoders and the queue.
    pub fn model(&self) -> Weights {
        let kept = self.weights.iter().filter(|(name, _)| is_of_the_model(name));
        kept.map(|(name, tensor)| (name.clone(), tensor.clone())).collect()
    }

    /// That they don't fit a model, with the file.
    pub(crate) fn unfit(&self, source: WeightsError) -> TrainError {
        TrainError::Weights { path: self.file.clone(), source }
    }

    /// As `import` reads them. Errors: what it can't read, with the file.
    pub(crate) fn imported(
        &self,
        import: impl FnOnce(&Weights) -> Result<Imported, ImportError>,
    ) -> Result<Imported, TrainError> {
        import(&self.weights).map_err(|source| TrainError::import(&self.file, source))
    }

    /// Under our names: as they are where they bear them, or else as `import` reads them.
    pub(crate) fn ours_or(
        &self,
        import: impl FnOnce(&Weights) -> Result<Imported, ImportError>,
    ) -> Result<Imported, TrainError> {
        match Naming::of(&self.weights) {
            Some(Naming::Tuwen) => Ok(Imported { weights: self.model(), ..Imported::default() }),
            _ => self.imported(import),
        }
    }
}
