//! A task of one's own: data, model, loss and measure in one small trait, trained as the built-in architectures are.
//!
//! Whoever implements [`Objective`] gets the loop with everything in it: batches that are the same for any number of
//! workers, the optimizer and its groups, schedules, checkpoints by weight name, resuming bit for bit, held-out tests,
//! `metrics.jsonl` and a watcher. [`Assembly`] joins it with a [`Recipe`]; `crates/tuwen/examples/own_task.rs` is whole.

mod answers;
mod assemble;
mod check;
mod outcome;
mod recipe;
mod sets;
mod tally;
mod training;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Device;
use tuwen_data::{Fingerprint, Record, Source, Visit};
use tuwen_encoder::{Recompute, Tape, Weights, WeightsError};
use tuwen_ops::Dropout;
use tuwen_random::{Draws, Stream};

pub use answers::{Answered, Answers, Shown, Statistic, given};
pub use assemble::Assembly;
pub(crate) use assemble::own;
pub(crate) use check::{check, check_recompute};
pub use outcome::Outcome;
pub use recipe::Recipe;
pub use sets::{Numbers, Sets, SetsSection};
pub use tally::Tally;
pub use training::State;

use crate::{Purpose, Sample};

/// Whatever went wrong in code of one's own: every error fits, so `?` does.
pub type OwnError = Box<dyn std::error::Error + Send + Sync>;

/// What code of one's own returns.
pub type OwnResult<T> = Result<T, OwnError>;

/// A pass over a batch: what [`Objective::forward`] knows besides model and examples.
pub struct Pass<'a, O: Objective> {
    /// The run's seed.
    pub seed: u64,
    /// Training or evaluation.
    pub purpose: Purpose,
    /// Training: the step, from 0. Evaluation: the batch, counted down from the highest number, so that nothing is drawn
    /// that training draws.
    pub step: u64,
    /// Where the batch belongs.
    pub device: &'a Device,
    /// What moves with the model; none in evaluation.
    pub beside: Option<&'a mut O::Beside>,
}

impl<O: Objective> Pass<'_, O> {
    /// The dropout masks of the pass; none in evaluation.
    pub fn dropout(&self) -> Dropout {
        match self.purpose {
            Purpose::Training => Dropout::training(self.seed, self.step),
            Purpose::Evaluation => Dropout::off(),
        }
    }

    /// The draws of `stream` for this pass.
    pub fn draws(&self, stream: Stream) -> Draws {
        Draws::new(self.seed, stream, self.step, 0)
    }
}

/// A task: what it reads, what it trains, and what it makes of a batch. Everything random in it is drawn from the visit
/// or the pass, so that a resumed run draws the same.
pub trait Objective: Send + Sync + Sized + 'static {
    /// A record made ready for a batch, in host memory.
    type Example: Send + 'static;
    /// What is trained: an encoder with a head, or any other module. Checkpoints name its weights by its fields.
    type Model: Module;
    /// What moves with the model and isn't trained, such as a momentum encoder or a queue; `()` if nothing does.
    type Beside: Default;

    /// The records, by index. Data of another kind than [`Record`] has [`Numbers`] here, and is read in
    /// [`Objective::example`].
    fn source(&self, purpose: Purpose) -> Arc<dyn Source>;
    /// The example of one record at one visit. It is called from several threads. An error costs this record alone: it is
    /// told to the watcher and counted.
    fn example(&self, record: Record, visit: Visit, purpose: Purpose) -> OwnResult<Self::Example>;
    /// The model before the first step; [`initialise`](tuwen_encoder::initialise) draws first weights by name.
    fn model(&self, device: &Device) -> Self::Model;
    /// Losses and answers over `examples`, at least one. In evaluation the model is outside of autodiff.
    fn forward(&self, model: &Self::Model, examples: &[Self::Example], pass: Pass<'_, Self>) -> OwnResult<Outcome>;

    /// As [`Objective::forward`] in training, the encoder's layers on `tape`, which computes them twice where the recipe's
    /// `compute.recompute` asks for it: by [`Vit::forward_on`](tuwen_encoder::Vit::forward_on),
    /// [`UniBert::forward_on`](tuwen_encoder::unibert::UniBert::forward_on), [`Albef::on`](tuwen_encoder::albef::Albef::on)
    /// or [`Tape::layer`]. What is not on the tape keeps its graph. Whoever writes it has
    /// `self.forward_on(model, examples, pass, &Tape::off())` for `forward`, and says so in [`Objective::recomputes`].
    fn forward_on<'a>(
        &self,
        model: &'a Self::Model,
        examples: &[Self::Example],
        pass: Pass<'_, Self>,
        _tape: &Tape<'a>,
    ) -> OwnResult<Outcome> {
        self.forward(model, examples, pass)
    }

    /// Whether [`Objective::forward_on`] does what `compute.recompute` asks for. A recipe that asks for more is refused.
    fn recomputes(what: Recompute) -> bool {
        what == Recompute::Nothing
    }

    /// Adds metrics over all held-out batches to what [`Objective::forward`] answered batch by batch.
    fn measure(
        &self,
        _model: &Self::Model,
        _batches: &[Vec<Self::Example>],
        _device: &Device,
        _tally: &mut Tally,
    ) -> OwnResult<()> {
        Ok(())
    }

    /// What the model, which is outside of autodiff, answers to each held-out question: the run's result, with an interval, and
    /// its right and wrong examples are made of it. Nothing: the run has metrics alone.
    fn answers(
        &self,
        _model: &Self::Model,
        _batches: &[Vec<Self::Example>],
        _device: &Device,
    ) -> OwnResult<Option<Answers>> {
        Ok(None)
    }

    /// What the model, which is outside of autodiff, makes of a few held-out records, always the same ones, after each test:
    /// the report page shows them. Their pictures go below the run's `folder`. Nothing: the first of
    /// [`Objective::answers`] are shown, if there are any.
    fn samples(
        &self,
        _model: &Self::Model,
        _batches: &[Vec<Self::Example>],
        _device: &Device,
        _folder: &Path,
    ) -> OwnResult<Vec<Sample>> {
        Ok(Vec::new())
    }

    /// The tensors of an earlier run under the names that they have in this model; those without one are not used.
    ///
    /// # Errors
    /// Tensors that don't fit what they are made into.
    fn adopted(&self, earlier: Weights) -> Result<Weights, WeightsError> {
        Ok(earlier)
    }

    /// What tells the data from other data, under the names `train` and `heldout`.
    fn fingerprints(&self) -> OwnResult<Vec<(&'static str, Fingerprint)>> {
        Ok(Vec::new())
    }

    /// What a step computes, a line each, printed at the start.
    fn plan(&self) -> String {
        String::new()
    }

    /// What is allowed and probably not meant, a sentence each, printed at the start.
    fn doubts(&self) -> Vec<String> {
        Vec::new()
    }

    /// What a checkpoint carries besides the recipe so that it can be used alone: name and content.
    fn companions(&self) -> OwnResult<Vec<(&'static str, String)>> {
        Ok(Vec::new())
    }

    /// Draws what was learned into `folder` at the end of a run; returns the files.
    fn draw(&self, _: &Self::Model, _: &[Vec<Self::Example>], _folder: &Path) -> OwnResult<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    /// Lets what is beside the model follow it, after each step in which it moved.
    fn follow(&self, _: &Self::Model, _: &mut Self::Beside) {}

    /// What is beside the model as named tensors, for checkpoints.
    fn save_beside(&self, _: &Self::Beside) -> Weights {
        Weights::new()
    }

    /// What [`Objective::save_beside`] saved, for `model`. Errors: tensors that don't fit, by name.
    fn restore_beside(&self, _: &Self::Model, saved: &Weights) -> Result<Self::Beside, WeightsError> {
        if saved.is_empty() {
            return Ok(Self::Beside::default());
        }
        let unused = saved.keys().cloned().collect();
        Err(WeightsError::Mismatch { missing: Vec::new(), unused, misshaped: Vec::new() })
    }
}
