//! A pre-trained ALBEF of a run's folder, ready to be asked.

use std::path::Path;

use burn::module::Module as _;
use burn::tensor::Device;
use tuwen_data::DataFormat;
use tuwen_train::albef::{AlbefPretraining, Assembly};
use tuwen_train::{Architecture, Recipe, TrainError, find_recipe, open_pretrained};

use super::CommandError;

/// A model and what it was trained with.
pub(super) struct Opened {
    pub(super) assembly: Assembly,
    /// Outside of autodiff.
    pub(super) model: AlbefPretraining,
    /// Steps done.
    pub(super) step: u64,
}

/// Opens the newest checkpoint of `run`, or the one that it is, with the recipe as `change` leaves it.
pub(super) fn open(
    run: &Path,
    root: &Path,
    device: Device,
    change: impl FnOnce(&mut tuwen_train::albef::Recipe),
) -> Result<Opened, CommandError> {
    let pretrained = open_pretrained(run)?;
    let file = run.join("recipe.toml").display().to_string();
    let Recipe::Albef(mut recipe) = find_recipe(&file, &[], &[])? else {
        return Err(format!("{file}: a recipe of a UniBERT, expected one of an ALBEF").into());
    };
    change(&mut recipe);
    let assembly = Assembly::of(*recipe, root)?;
    let fresh = assembly.start(&device.autodiff());
    let unfit = |source| TrainError::Weights { path: run.to_path_buf(), source };
    let model = assembly.restore(fresh, &pretrained.weights).map_err(unfit)?.model.valid();
    Ok(Opened { assembly, model, step: pretrained.step.unwrap_or(0) })
}

/// Reads the class of a record from the field `name`.
pub(super) fn read_class_from(format: &mut DataFormat, name: &str) {
    match format {
        DataFormat::TfRecord(fields) => fields.tags = name.to_string(),
        DataFormat::WebDataset(fields) => fields.tags = vec![name.to_string()],
        DataFormat::Annotation(fields) => fields.tags = vec![name.to_string()],
    }
}
