//! What a recipe costs by the formulas: parameters, operations, memory, and the largest batch that fits.

use std::path::Path;

use serde::Serialize;
use tuwen_encoder::Recompute;
use tuwen_train::{OptimizerForm, Part, Recipe, TrainError};

use super::measure::Measured;
use super::model::{Parameters, parameters};
use super::sizes::Sizes;

/// Bytes of a number.
const BYTES: u64 = 4;
/// No batch is larger.
const MOST: usize = 1 << 24;

/// Everything there is to say of a recipe before it is run.
#[derive(Debug, Serialize)]
pub(super) struct Costs {
    /// The recipe's name.
    pub(super) recipe: String,
    /// Records a batch.
    pub(super) batch: usize,
    /// Where the sizes of a batch come from.
    pub(super) sizes: Sizes,
    /// Training records, if they are there.
    pub(super) records: Option<usize>,
    /// The run's length, if it is known.
    pub(super) steps: Option<u64>,
    pub(super) parameters: Vec<Parameters>,
    /// Bytes of what stays from step to step.
    pub(super) memory: Memory,
    pub(super) stages: Vec<StageCosts>,
    /// What of a step is computed twice to save memory; the formulas know nothing of it, the measurement does.
    pub(super) recompute: Recompute,
    /// What was measured, if it was.
    pub(super) measured: Option<Measured>,
    /// Bytes that the run may take.
    pub(super) available: Option<u64>,
    /// Records of the largest batch that fits into them; none does: 0.
    pub(super) largest_batch: Option<usize>,
    #[serde(skip)]
    pub(super) of_batch: Box<Largest>,
}

/// Bytes kept by the most demanding stage for a batch of so many records.
pub(super) struct Largest(Box<dyn Fn(usize) -> u64>);

impl std::fmt::Debug for Largest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Largest")
    }
}

/// What stays from step to step, in bytes, and what each step makes anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Memory {
    pub(super) weights: u64,
    pub(super) gradients: u64,
    /// AdamW's two, Lion's one.
    pub(super) moments: u64,
    /// The running average of the weights.
    pub(super) average: u64,
    pub(super) momentum_encoder: u64,
    pub(super) queue: u64,
    /// What the most demanding stage keeps for its backward pass.
    pub(super) activations: u64,
}

impl Memory {
    /// All but the activations.
    pub(super) fn fixed(&self) -> u64 {
        self.weights + self.gradients + self.moments + self.average + self.momentum_encoder + self.queue
    }

    /// What is there before the first step.
    pub(super) fn before_a_step(&self) -> u64 {
        self.weights + self.queue
    }

    pub(super) fn all(&self) -> u64 {
        self.fixed() + self.activations
    }
}

/// A part of the run in which every step costs the same.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StageCosts {
    /// What it trains.
    pub(super) trains: String,
    /// Its length, if it is known.
    pub(super) steps: Option<u64>,
    /// Operations of a step.
    pub(super) operations: Vec<Part>,
    /// Numbers kept for the backward pass.
    pub(super) kept: Vec<Part>,
    /// Seconds of a step, measured or scaled from what was.
    pub(super) seconds: Option<f64>,
}

impl Costs {
    /// Of `recipe`, whose records give the sizes if they are there.
    pub(super) fn of(recipe: &Recipe, root: &Path) -> Result<Self, TrainError> {
        let sizes = Sizes::of(recipe, root);
        let (batch, schedule, compute) = match recipe {
            Recipe::Albef(recipe) => (recipe.data.loader.batch_size, &recipe.schedule, &recipe.compute),
            Recipe::UniBert(recipe) => (recipe.data.loader.batch_size, &recipe.schedule, &recipe.compute),
        };
        let records = sizes.records();
        let steps = match schedule.duration {
            tuwen_train::Duration::Steps(steps) => Some(steps),
            tuwen_train::Duration::Epochs(_) => records.map(|records| schedule.resolve(records, batch).total_steps),
        };
        let parameters = parameters(recipe, sizes.tags());
        let stages = sizes.stages(recipe, batch, steps);
        let memory = memory(recipe, &parameters, &stages);
        let (copy, of) = (recipe.clone(), sizes.clone());
        let of_batch = Largest(Box::new(move |batch| most_kept(&of.stages(&copy, batch, None))));
        Ok(Self {
            recipe: recipe.name().to_string(),
            batch,
            records,
            steps,
            parameters,
            memory,
            stages,
            sizes,
            recompute: compute.recompute,
            measured: None,
            available: None,
            largest_batch: None,
            of_batch: Box::new(of_batch),
        })
    }

    /// Bytes kept for a batch of this size, by the formula.
    pub(super) fn kept_for(&self, batch: usize) -> u64 {
        (self.of_batch.0)(batch)
    }

    /// Bytes of the program and its held-out records, if they were measured.
    pub(super) fn base(&self) -> u64 {
        self.measured.as_ref().and_then(|measured| measured.base).unwrap_or(0)
    }

    /// How many times the estimated activations were needed, at least once unless some are computed again; 1 where nothing
    /// was measured.
    pub(super) fn correction(&self) -> f64 {
        let least = if self.recompute == Recompute::Nothing { 1.0 } else { 0.0 };
        let times = |measured: &Measured| {
            let taken = measured.peak?.saturating_sub(self.base() + self.memory.fixed()) as f64;
            Some((taken / measured.kept.max(1) as f64).max(least))
        };
        self.measured.as_ref().and_then(times).unwrap_or(1.0)
    }

    /// Finds the largest batch that fits.
    pub(super) fn fit(&mut self) {
        let Some(available) = self.available else { return };
        let correction = self.correction();
        let fits = |batch: usize| {
            let needed = (self.base() + self.memory.fixed()) as f64 + correction * self.kept_for(batch) as f64;
            needed <= available as f64
        };
        let (mut fitting, mut beyond) = (0, MOST);
        while beyond - fitting > 1 {
            let middle = fitting.midpoint(beyond);
            if fits(middle) { fitting = middle } else { beyond = middle }
        }
        self.largest_batch = Some(fitting);
    }
}

fn most_kept(stages: &[StageCosts]) -> u64 {
    stages.iter().map(|stage| BYTES * Part::sum(&stage.kept)).max().unwrap_or(0)
}

fn memory(recipe: &Recipe, parameters: &[Parameters], stages: &[StageCosts]) -> Memory {
    let all: u64 = parameters.iter().map(|part| part.numbers).sum();
    let trained: u64 = parameters.iter().map(|part| part.trained).sum();
    let optimizer = match recipe {
        Recipe::Albef(recipe) => &recipe.optimizer,
        Recipe::UniBert(recipe) => &recipe.optimizer,
    };
    let moments = if optimizer.form == OptimizerForm::Lion { 1 } else { 2 };
    let (mut momentum_encoder, mut queue) = (0, 0);
    if let Recipe::Albef(recipe) = recipe {
        let followed = |part: &&Parameters| part.part.starts_with("encoder.") || part.part == "mlm";
        if recipe.stages.iter().any(|stage| stage.needs_teacher()) {
            momentum_encoder = BYTES * parameters.iter().filter(followed).map(|part| part.numbers).sum::<u64>();
        }
        let entries = recipe.stages.iter().map(|stage| stage.queue()).max().unwrap_or(0);
        // Features of both sides, and two keys of eight bytes.
        queue = entries as u64 * (2 * BYTES * recipe.model.encoder.embedding_size as u64 + 16);
    }
    Memory {
        weights: BYTES * all,
        gradients: BYTES * trained,
        moments: moments * BYTES * trained,
        average: optimizer.average.map_or(0, |_| BYTES * trained),
        momentum_encoder,
        queue,
        activations: most_kept(stages),
    }
}

#[cfg(test)]
mod tests {
    use tuwen_train::find_recipe;

    use super::*;

    fn costs(name: &str) -> Costs {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        Costs::of(&find_recipe(name, &[], &[]).unwrap(), root).unwrap()
    }

    #[test]
    fn the_memory_of_albef_base_by_hand() {
        let Costs { memory, parameters, records, .. } = costs("albef-base");
        let numbers: u64 = parameters.iter().map(|part| part.numbers).sum();
        assert_eq!(records, None, "its records are not here");
        assert_eq!([memory.weights, memory.gradients, memory.moments], [4 * numbers, 4 * numbers, 8 * numbers]);
        // All but the matching head, 768·2 + 2, and the temperature.
        assert_eq!(memory.momentum_encoder, 4 * (numbers - (768 * 2 + 2) - 1));
        assert_eq!(memory.queue, 65536 * (2 * 256 * 4 + 2 * 8)); // 256 values a side, a key a side
        let parts = [memory.weights, memory.gradients, memory.moments, memory.momentum_encoder, memory.queue];
        assert_eq!(memory.fixed(), parts.iter().sum::<u64>());
    }

    #[test]
    fn the_run_of_albef_tiny_has_three_stages() {
        let costs = costs("albef-tiny");
        assert_eq!((costs.records, costs.steps, costs.batch), (Some(3214), Some(1500), 64));
        let steps: Vec<Option<u64>> = costs.stages.iter().map(|stage| stage.steps).collect();
        assert_eq!(steps, [Some(300), Some(250), Some(1500 - 300 - 250)]);
        assert_eq!((costs.memory.momentum_encoder, costs.memory.queue), (0, 0), "no stage asks for them");
        assert_eq!(costs.memory.activations, costs.kept_for(64));
    }

    #[test]
    fn the_largest_batch_fits_and_one_more_does_not() {
        let mut costs = costs("albef-base");
        costs.available = Some(80_000_000_000);
        costs.fit();
        let batch = costs.largest_batch.unwrap();
        let needed = |batch| costs.memory.fixed() + costs.kept_for(batch);
        assert!(needed(batch) <= 80_000_000_000 && needed(batch + 1) > 80_000_000_000, "{batch}");
        costs.available = Some(costs.memory.fixed() - 1);
        costs.fit();
        assert_eq!(costs.largest_batch, Some(0));
    }

    #[test]
    fn what_was_measured_corrects_what_fits() {
        let mut costs = costs("unibert-tiny");
        let kept = costs.kept_for(32);
        let peak = Some(1000 + costs.memory.fixed() + 2 * kept);
        let records = super::super::measure::Kind::Own;
        costs.measured = Some(Measured { records, batch: 32, steps: 1, base: Some(1000), peak, kept });
        costs.available = Some(1000 + costs.memory.fixed() + 2 * costs.kept_for(100));
        costs.fit();
        assert_eq!(costs.largest_batch, Some(100));
    }
}
