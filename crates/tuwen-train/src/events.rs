//! What a run tells whoever watches it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tuwen_core::Losses;
use tuwen_health::Finding;

use crate::evaluation::Evaluation;
use crate::not_finite::BadTensor;
use crate::summary::Summary;

/// Something that happened. The trainer prints nothing itself.
#[derive(Debug)]
pub enum Event<'a> {
    /// Everything is assembled and checked; the first step comes next.
    Started(&'a Start),
    /// A step is done.
    Stepped(&'a StepReport),
    /// The model was tested after this step.
    Evaluated(u64, &'a Evaluation),
    /// A checkpoint was written.
    Saved(&'a PathBuf),
    /// A picture was drawn.
    Drawn(&'a PathBuf),
    /// A record was left out: file, record, reason.
    SkippedRecord(&'a str),
    /// This step was left out, because this was not finite.
    SkippedStep(u64, &'a BadTensor),
    /// A monitor has something to say, or has said something that is over.
    Finding(&'a Finding),
    /// Something to know that stops nothing.
    Notice(&'a str),
    /// The run is over.
    Finished(&'a Summary),
}

/// How a run sets out.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its folder.
    pub run: PathBuf,
    /// Training and held-out records.
    pub records: [usize; 2],
    /// Numbers in the model.
    pub parameters: usize,
    /// The optimizer's groups, a line each.
    pub groups: Vec<String>,
    /// The forward passes of a step, a line each.
    pub plan: String,
    /// The first step and the last.
    pub steps: [u64; 2],
}

/// One step.
#[derive(Clone, Debug, Default)]
pub struct StepReport {
    /// From 1.
    pub step: u64,
    /// Steps of the run.
    pub total_steps: u64,
    /// The pass over the data, from 0.
    pub epoch: u64,
    /// Each task's loss, before weighting.
    pub losses: BTreeMap<&'static str, f64>,
    /// The weighted sum.
    pub total: f64,
    /// What else was observed, such as `temperature`, in the order of the step.
    pub observed: Vec<(&'static str, f64)>,
    /// The schedule's factor on all learning rates.
    pub rate_factor: f64,
    /// The optimizer's learning rate times that factor; a group of weights may have another one.
    pub learning_rate: f64,
    /// Norm of all gradients together, before clipping.
    pub gradient_norm: f64,
    /// Records in the batch.
    pub records: usize,
    /// The whole step.
    pub elapsed: Duration,
    /// The part of it spent waiting for the batch.
    pub waited: Duration,
    /// Bytes of the process that were in memory after it; nothing where the system does not tell.
    pub memory: Option<u64>,
}

impl StepReport {
    /// Of losses whose numbers `read` are, weights aside and in their order, and of nothing else yet.
    pub fn of(losses: &Losses, read: &[f64]) -> Self {
        let mut numbers = read.iter().copied();
        let values: Vec<_> =
            losses.iter().zip(numbers.by_ref()).map(|(loss, value)| (loss.name, loss.weight, value)).collect();
        Self {
            total: values.iter().map(|(_, weight, value)| weight * value).sum(),
            losses: values.into_iter().map(|(name, _, value)| (name, value)).collect(),
            observed: losses.observed().zip(numbers).collect(),
            ..Self::default()
        }
    }
}
