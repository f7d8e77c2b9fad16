//! A UniBERT recipe: every number of a run, each section the configuration of the piece it is named after.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tuwen_encoder::Pooling;
use tuwen_encoder::unibert::UniBertConfig;
use tuwen_health::HealthConfig;
use tuwen_itm::ItmRule;
use tuwen_mfm::FrameSimilarity;
use tuwen_text::{MaskingConfig, TextLayout};
use tuwen_vision::{FrameDescriptor, FrameMasking, FrameSampling};

use super::plan::Content;
use crate::init::InitSection;
use crate::optimizer::OptimizerConfig;
use crate::schedule::ScheduleConfig;
pub use crate::sections::EvaluationSection;
use crate::sections::{CheckpointSection, Compat, ComputeSection, DataSection};

/// A run, written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What it is called; a file that does not say is called like the file.
    #[serde(default)]
    pub name: String,
    /// That it is a UniBERT.
    pub architecture: UniBertArchitecture,
    /// What all random numbers of the run are keyed by.
    pub seed: u64,
    /// Whether the known faults of the reference are reproduced.
    #[serde(default)]
    pub compat: Compat,
    /// Where the records come from.
    pub data: DataSection,
    /// From titles to ids.
    pub text: TextSection,
    /// From pictures or features to frames.
    pub vision: VisionSection,
    /// The encoder and how it is pooled.
    pub model: ModelSection,
    /// Files with first weights.
    #[serde(default, skip_serializing_if = "InitSection::is_empty")]
    pub init: InitSection,
    /// What is learned.
    pub tasks: TasksSection,
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
pub enum UniBertArchitecture {
    /// Single stream over clips and titles.
    #[serde(rename = "unibert")]
    UniBert,
}

/// Vocabulary and layout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSection {
    /// `vocab.txt` or `tokenizer.json`.
    pub vocabulary: PathBuf,
    /// Where the special tokens stand, and the length.
    pub layout: TextLayout,
}

/// Frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisionSection {
    /// T: frames a clip is cut or padded to.
    pub frames: usize,
    /// How a longer clip is cut.
    #[serde(default)]
    pub sampling: FrameSampling,
    /// What turns pictures into frame features; absent where the records bring features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptor: Option<FrameDescriptor>,
}

/// Encoder, pooling, first values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSection {
    /// Standard deviation of the first weights.
    pub initializer_range: f64,
    /// How a sequence becomes one vector.
    pub pooling: Pooling,
    /// E: the size of that vector after projection.
    pub embedding_size: usize,
    /// The encoder's own numbers.
    pub encoder: UniBertConfig,
}

/// The tasks; one that is absent is not trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TasksSection {
    /// What a masked task sees of the other modality.
    pub masking: MaskingViews,
    /// Masked language modelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mlm: Option<MlmSection>,
    /// Masked frame modelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfm: Option<MfmSection>,
    /// Clip–title matching.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub itm: Option<ItmSection>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<TagSection>,
}

/// What a masked task sees of the other modality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskingViews {
    /// Text and frames are masked together: one forward pass for MLM, MFM and tags, as in the reference.
    Joint,
    /// The other modality is clean: a pass of its own for each.
    Separate,
}

/// Masked language modelling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MlmSection {
    /// Factor of the loss in the total.
    pub weight: f64,
    /// Which tokens are masked, and how.
    pub masking: MaskingConfig,
}

/// Masked frame modelling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MfmSection {
    /// Factor of the loss in the total.
    pub weight: f64,
    /// Which frames are masked.
    pub masking: FrameMasking,
    /// How a prediction is compared with the frames of the batch.
    pub similarity: FrameSimilarity,
    /// Which frames it is told apart from.
    #[serde(default)]
    pub negatives: FrameNegatives,
}

/// Which frames of the batch are negatives of a masked one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameNegatives {
    /// All that differ from it: the equal frames of a static clip are not held against each other.
    #[default]
    Distinct,
    /// All others, equal ones too, as in the reference.
    Seed,
}

/// Clip–title matching.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItmSection {
    /// Factor of the loss in the total.
    pub weight: f64,
    /// How false pairs are made. `seed` also lets the other tasks read the shuffled pass, as the reference does.
    pub pairing: ItmRule,
    /// Whether it trains on what the masked tasks see, which keeps a small set from being learned by heart. It is always
    /// tested on clean pairs.
    #[serde(default)]
    pub sees: Content,
}

/// Tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagSection {
    /// Factor of the loss in the total.
    pub weight: f64,
    /// Which tags there are.
    pub vocabulary: TagVocabulary,
    /// What they are read from.
    #[serde(default)]
    pub input: TagInput,
}

/// Which tags there are; others are dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagVocabulary {
    /// One tag a line.
    File(PathBuf),
    /// This many of the training set, the most frequent; ties in alphabetical order.
    MostFrequent(usize),
}

/// What tags are read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagInput {
    /// The `[CLS]` state: QQ jobs 1, 4, 5, 6.
    #[default]
    Cls,
    /// The projected embedding: QQ jobs 2, 3.
    Embedding,
}
