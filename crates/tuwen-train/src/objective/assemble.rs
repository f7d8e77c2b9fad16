//! An own task joined with its recipe: examples in batches, ready for the loop.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use tuwen_data::{DataError, Loader, LoaderConfig, Transform, Visit};

use super::check::check_recompute;
use super::{Answers, Objective, OwnError, OwnResult, Recipe};
use crate::TrainError;
use crate::heldout::{Purpose, heldout_batches};

/// An objective with its recipe: what [`train`](crate::train) runs.
pub struct Assembly<O: Objective> {
    pub(super) objective: Arc<O>,
    pub(super) recipe: Recipe<()>,
    /// The whole recipe, as the run's folder keeps it.
    pub(super) toml: String,
    /// What the last test answered, until it is drawn: nothing is answered twice.
    pub(super) answers: Mutex<Option<Answers>>,
}

impl<O: Objective> Assembly<O> {
    /// The objective that `make` makes of the recipe, joined with it. Errors: those of `make`, a recipe that can't be
    /// written as TOML, and a `compute.recompute` that the objective does not follow.
    pub fn of<T: Serialize>(
        recipe: Recipe<T>,
        make: impl FnOnce(Recipe<T>) -> OwnResult<O>,
    ) -> Result<Self, TrainError> {
        check_recompute::<O>(recipe.compute.recompute)?;
        let (toml, common) = (tuwen_recipe::to_toml(&recipe)?, recipe.without_task());
        let objective = Arc::new(make(recipe).map_err(own)?);
        Ok(Self { objective, recipe: common, toml, answers: Mutex::new(None) })
    }

    /// The objective.
    pub fn objective(&self) -> &O {
        &self.objective
    }

    /// The loader of the training records, at their beginning.
    pub fn training_loader(&self) -> Result<Loader<O::Example>, TrainError> {
        let (source, transform) = (self.objective.source(Purpose::Training), self.transform(Purpose::Training));
        Ok(Loader::new(source, transform, self.recipe.loader.clone())?)
    }

    /// The held-out examples in batches, always the same ones; unreadable records are told to `report`.
    pub fn heldout_batches(&self, report: &mut dyn FnMut(&str)) -> Result<Vec<Vec<O::Example>>, TrainError> {
        let (evaluation, source) = (&self.recipe.evaluation, self.objective.source(Purpose::Evaluation));
        if source.is_empty() {
            return Ok(Vec::new());
        }
        let config = LoaderConfig { batch_size: evaluation.batch_size, ..self.recipe.loader.clone() };
        heldout_batches(&source, self.transform(Purpose::Evaluation), config, evaluation.records, report)
    }

    fn transform(&self, purpose: Purpose) -> Transform<O::Example> {
        let (objective, name) = (Arc::clone(&self.objective), self.recipe.name.clone());
        Arc::new(move |record, visit| {
            let visit = Visit { epoch: purpose.epoch(visit.epoch), ..visit };
            objective.example(record, visit, purpose).map_err(|error| unusable(error, &name, purpose, visit.index))
        })
    }
}

/// An error that names a file and a record already stays as it is.
fn unusable(error: OwnError, name: &str, purpose: Purpose, index: usize) -> DataError {
    match error.downcast::<DataError>() {
        Ok(error) => *error,
        Err(error) => {
            let path = match purpose {
                Purpose::Training => format!("{name} (training)"),
                Purpose::Evaluation => format!("{name} (held out)"),
            };
            DataError::Record { path: PathBuf::from(path), record: index.to_string(), reason: error.to_string() }
        }
    }
}

/// An own error as the trainer's; one that came from here is unpacked again.
pub(crate) fn own(error: OwnError) -> TrainError {
    match error.downcast::<TrainError>() {
        Ok(error) => *error,
        Err(error) => TrainError::Own(error),
    }
}
