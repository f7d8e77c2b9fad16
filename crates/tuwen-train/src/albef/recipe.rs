//! An ALBEF recipe: every number of a run, each section the configuration of the piece it is named after.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tuwen_encoder::albef::AlbefConfig;
use tuwen_health::HealthConfig;
use tuwen_ita::Positives;
use tuwen_ops::Dropout;
use tuwen_text::{MaskingConfig, TextLayout};
use tuwen_vision::{AugmentCompat, TrainTransform};

use super::{Negatives, RerankScore, Savings, Stage, StepInput, stage_at};
use crate::init::InitSection;
use crate::optimizer::OptimizerConfig;
use crate::schedule::ScheduleConfig;
use crate::sections::{CheckpointSection, Compat, ComputeSection, DataSection};

/// A run, written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What it is called; a file that does not say is called like the file.
    #[serde(default)]
    pub name: String,
    /// That it is an ALBEF.
    pub architecture: AlbefArchitecture,
    /// What all random numbers of the run are keyed by.
    pub seed: u64,
    /// Whether the known faults of the reference are reproduced.
    #[serde(default)]
    pub compat: Compat,
    /// Where the records come from.
    pub data: DataSection,
    /// From captions to ids.
    pub text: TextSection,
    /// From pictures to pixel values. Side and normalisation hold for tests too, which see the whole picture.
    pub vision: TrainTransform,
    /// The encoder and its first values.
    pub model: ModelSection,
    /// Files with first weights.
    #[serde(default, skip_serializing_if = "InitSection::is_empty")]
    pub init: InitSection,
    /// How each task works, whichever stage it runs in.
    pub tasks: TasksSection,
    /// The encoders that follow slowly.
    pub momentum: MomentumSection,
    /// What is trained when.
    pub stages: Vec<Stage>,
    /// What a step need not compute twice.
    #[serde(default)]
    pub savings: Savings,
    /// How a step is computed.
    #[serde(default, skip_serializing_if = "ComputeSection::is_usual")]
    pub compute: ComputeSection,
    /// How weights move.
    pub optimizer: OptimizerConfig,
    /// How far and how fast.
    pub schedule: ScheduleConfig,
    /// When it is tested.
    pub evaluation: EvaluationSection,
    /// When it is saved.
    pub checkpoint: CheckpointSection,
    /// What the monitors go by; absent: their usual numbers.
    #[serde(default, skip_serializing_if = "HealthConfig::is_usual")]
    pub health: HealthConfig,
}

/// The only value of `architecture` in such a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlbefArchitecture {
    /// Two streams, aligned before they are fused.
    #[serde(rename = "albef")]
    Albef,
}

/// Vocabulary, cleaning, layout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSection {
    /// `vocab.txt` or `tokenizer.json`.
    pub vocabulary: PathBuf,
    /// ALBEF's `pre_caption`: lower case, punctuation removed, cut to so many words.
    pub caption_words: usize,
    /// Whether a `[SEP]` ends the text (`cls_title`: no, as in ALBEF; `cls_title_sep`: yes, as the stock tokenizer does),
    /// and the length.
    pub layout: TextLayout,
}

/// Encoder and first values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSection {
    /// Standard deviations of the first weights.
    pub initializer_range: InitializerRange,
    /// The encoder's own numbers.
    pub encoder: AlbefConfig,
}

/// Standard deviations of the first weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitializerRange {
    /// The image encoder.
    pub vision: f64,
    /// The text and fusion layers and the MLM head.
    pub text: f64,
    /// The projections to the shared space and the ITM head.
    pub heads: f64,
}

/// The tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TasksSection {
    /// Which pairs of a batch are positives in ITA and no negatives in ITM.
    pub positives: Positives,
    /// τ at the beginning; it is learned, within [0.001, 0.5].
    pub temperature: f64,
    /// The sigmoid loss's bias at the beginning; only that loss has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigmoid_bias: Option<f64>,
    /// Which tokens MLM masks, and how.
    pub masking: MaskingConfig,
}

/// The momentum encoders and the queue of their features.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MomentumSection {
    /// The share that stays at each step.
    pub rate: f64,
    /// How the queue begins.
    #[serde(default)]
    pub queue_start: QueueStart,
}

/// How the queue begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueStart {
    /// Without entries: what was never seen is no negative.
    #[default]
    Empty,
    /// Full of random unit vectors, as in the reference.
    Seed,
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
    /// Records a batch.
    pub batch_size: usize,
    /// Languages (or fields) whose captions are retrieved, each by itself; none: no retrieval.
    pub languages: Vec<String>,
    /// The nearest candidates that matching puts in order at the end of a run; 0: none are.
    pub rerank: usize,
    /// What they are put in order by.
    #[serde(default)]
    pub rerank_score: RerankScore,
}

impl Recipe {
    /// Whether any stage trains a task, as in `recipe.trains(|stage| stage.itm.is_some())`.
    pub fn trains(&self, task: impl Fn(&Stage) -> bool) -> bool {
        self.stages.iter().any(task)
    }

    /// What step `step` of the run, from 0, is told beside the batch.
    pub fn step_input(&self, step: u64, dropout: Dropout) -> StepInput<'_> {
        let (stage, inner) = stage_at(&self.stages, step);
        StepInput {
            stage,
            alpha: stage.alpha(inner),
            momentum: self.momentum.rate,
            positives: self.tasks.positives,
            savings: self.savings,
            negatives: Negatives::Drawn { seed: self.seed, step },
            dropout,
        }
    }

    /// The recipe with `compat` spread over the choices it stands for.
    #[must_use]
    pub fn resolved(mut self) -> Self {
        if self.compat == Compat::Seed {
            self.tasks.positives = Positives::OwnPairOnly;
            self.tasks.masking.random_words = tuwen_text::RandomWords::Seed;
            self.text.layout.literal_specials = tuwen_text::LiteralSpecials::Seed;
            self.momentum.queue_start = QueueStart::Seed;
            if let Some(augment) = &mut self.vision.augment {
                augment.compat = AugmentCompat::Seed;
            }
        }
        self
    }
}
