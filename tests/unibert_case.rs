//! A golden UniBERT made runnable: its weights in our model, its inputs as examples, its jobs as tasks.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde_json::Value;
use tuwen::core::Losses;
use tuwen::encoder::unibert::{SequenceLayout, UniBertConfig, reference_names};
use tuwen::encoder::{Pooling, Tape, Weights, load_weights};
use tuwen::itm::{ItmPairing, ItmRule, seed_pairing};
use tuwen::mfm::FrameSimilarity;
use tuwen::ops::{AdamWForm, Dropout};
use tuwen::text::{MaskedText, MaskingConfig, TextInput};
use tuwen::train::unibert::recipe::{
    FrameNegatives, ItmSection, MaskingViews, MfmSection, MlmSection, TagInput, TagSection, TagVocabulary, TasksSection,
};
use tuwen::train::unibert::{Batch, BatchShape, Example, Heads, Plan, UniBertPretraining, encode, losses};
use tuwen::train::{GroupRule, Optimizer, OptimizerConfig};
use tuwen::vision::{FrameMasking, MaskedFrames};

use crate::fixture::device;
use crate::golden::Golden;

/// What differs between the reference's jobs.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub(crate) layout: SequenceLayout,
    pub(crate) pooling: Pooling,
    pub(crate) tag_input: TagInput,
    /// `input/text…` or `input/text2…`.
    pub(crate) text: &'static str,
    pub(crate) mlm: &'static str,
    pub(crate) tags: &'static str,
    /// Weights laid over `weights/`.
    pub(crate) overlay: Option<&'static str>,
}

impl Job {
    /// Job 1, and 6 with other masking.
    pub(crate) const ONE: Self = Self {
        layout: SequenceLayout::ClsFramesText,
        pooling: Pooling::MeanSeed,
        tag_input: TagInput::Cls,
        text: "input/text",
        mlm: "input/mlm",
        tags: "input/tag_target",
        overlay: None,
    };
    /// Jobs 2 and 3.
    pub(crate) const TWO: Self = Self {
        layout: SequenceLayout::FramesClsText,
        tag_input: TagInput::Embedding,
        text: "input/text2",
        mlm: "input/mlm2",
        overlay: Some("weights_job2/"),
        ..Self::ONE
    };
    /// Jobs 4 and 5, where some clips have no tags.
    pub(crate) const FOUR: Self = Self {
        pooling: Pooling::AttentionSeed,
        tags: "input/tag_target_missing",
        overlay: Some("weights_job4/"),
        ..Self::ONE
    };
}

/// What a loss multiplies each task by; a task of weight 0 is left out.
#[derive(Clone, Copy, Default)]
pub(crate) struct Factors {
    pub(crate) mlm: f64,
    pub(crate) mfm: f64,
    pub(crate) itm: f64,
    pub(crate) tag: f64,
}

/// Whether the clips' tags are known.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Tags {
    AsGiven,
    AllMissing,
}

pub(crate) struct Case {
    pub(crate) golden: Golden,
    pub(crate) job: Job,
    pub(crate) model: UniBertPretraining,
    pub(crate) device: Device,
}

impl Case {
    pub(crate) fn open(file: &str, job: Job) -> Self {
        let golden = Golden::open(file);
        let device = device().autodiff();
        let mut weights = golden.under("weights/");
        weights.extend(job.overlay.map(|prefix| golden.under(prefix)).unwrap_or_default());
        let rows = |name: &str| weights[name].shape[0];
        let config = UniBertConfig {
            hidden_size: golden.size("hidden"),
            num_hidden_layers: golden.size("layers"),
            num_attention_heads: golden.size("heads"),
            intermediate_size: golden.size("intermediate"),
            vocab_size: golden.size("vocab"),
            max_position_embeddings: rows("roberta.bert.embeddings.position_embeddings.weight"),
            type_vocab_size: rows("roberta.bert.embeddings.token_type_embeddings.weight"),
            layer_norm_eps: golden.meta["config"]["ln_eps"].as_f64().unwrap(),
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: 0.0,
            frame_dim: golden.size("frame_dim"),
            // The reference's `pad_token_id`, which it sets to 1 though `[PAD]` is 0.
            frozen_word: Some(golden.meta["config"]["pad_token_id"].as_u64().unwrap_or(1) as u32),
            layout: job.layout,
        };
        let heads = Heads {
            pooling: job.pooling,
            embedding_size: rows("newfc_hidden.weight"),
            mlm: true,
            mfm: true,
            itm: true,
            tag: Some((golden.size("tags"), job.tag_input)),
        };
        let (ours, unknown) = reference_names().from_reference(&weights);
        assert_eq!(unknown, Vec::<String>::new(), "weights without a name of ours");
        let model = load_weights(UniBertPretraining::init(&config, &heads, &device), &ours).unwrap();
        Self { golden, job, model, device }
    }

    /// The golden batch as the trainer would have made it.
    pub(crate) fn batch(&self) -> Batch {
        self.batch_with(Tags::AsGiven)
    }

    fn batch_with(&self, known: Tags) -> Batch {
        let (golden, job) = (&self.golden, self.job);
        let ids = golden.integers(&format!("{}_ids", job.text));
        let [batch, length] = ids.shape[..] else { panic!("ids are no matrix") };
        let [_, frames, width] = golden.floats("input/video").shape[..] else { panic!("frames have three axes") };
        let tags = golden.size("tags");
        let row = |name: &str, index: usize, size: usize| -> Vec<u32> {
            golden.integers(name).values[index * size..][..size].iter().map(|&v| v as u32).collect()
        };
        let flags = |name: &str, index: usize, size: usize| row(name, index, size).iter().map(|&v| v == 1).collect();
        let examples: Vec<Example> = (0..batch)
            .map(|b| {
                let labels = &golden.integers(&format!("{}_labels", job.mlm)).values[b * length..][..length];
                let masked = (0..length).filter(|&l| labels[l] != -100);
                let hidden = &golden.integers("input/mfm_labels").values[b * frames..][..frames];
                let targets = &golden.floats(job.tags).values[b * tags..][..tags];
                Example {
                    id: b.to_string(),
                    text: TextInput {
                        input_ids: row(&format!("{}_ids", job.text), b, length),
                        attention_mask: flags(&format!("{}_mask", job.text), b, length),
                        words: vec![None; length],
                    },
                    masked_text: MaskedText {
                        input_ids: row(&format!("{}_ids", job.mlm), b, length),
                        positions: masked.clone().map(|l| l as u32).collect(),
                        labels: masked.map(|l| labels[l] as u32).collect(),
                    },
                    frame_features: golden.floats("input/video").values[b * frames * width..][..frames * width]
                        .to_vec(),
                    frame_mask: flags("input/video_mask", b, frames),
                    masked_frames: MaskedFrames {
                        positions: (0..frames).filter(|&t| hidden[t] != -100).map(|t| t as u32).collect(),
                    },
                    tags: (known == Tags::AsGiven && targets[0] >= 0.0)
                        .then(|| (0..tags).filter(|&t| targets[t] > 0.5).map(|t| t as u32).collect()),
                }
            })
            .collect();
        let shape = BatchShape { pad: 0, frame_dim: width, layout: job.layout, tags, negatives: FrameNegatives::Seed };
        Batch::new(&examples, &shape, &self.device.clone().inner()).unwrap()
    }

    /// The total of the tasks with a factor, each in the pass that `masking` gives it; ITM as the seed shuffles.
    pub(crate) fn total(&self, model: &UniBertPretraining, factors: Factors, masking: MaskingViews) -> Tensor<1> {
        self.total_with(model, factors, masking, Tags::AsGiven)
    }

    /// As [`Case::total`], with tags or without.
    pub(crate) fn total_with(
        &self,
        model: &UniBertPretraining,
        factors: Factors,
        masking: MaskingViews,
        known: Tags,
    ) -> Tensor<1> {
        let tasks = tasks(factors, masking, ItmRule::Seed);
        let pairing = seed_pairing(self.golden.integers("input/video_mask").shape[0]);
        let losses = losses_of(model, &self.batch_with(known), &tasks, &pairing);
        losses.total().expect("a task has something to predict")
    }

    /// Each task's loss, with false pairs as `rule` and `pairing` say.
    pub(crate) fn losses(
        &self,
        model: &UniBertPretraining,
        factors: Factors,
        masking: MaskingViews,
        rule: ItmRule,
        pairing: &ItmPairing,
    ) -> Losses {
        losses_of(model, &self.batch(), &tasks(factors, masking, rule), pairing)
    }

    /// Losses before each of `steps` steps on the golden batch, and the weights after them under their own names.
    pub(crate) fn train(&self, factors: Factors, config: OptimizerConfig, steps: usize) -> (Vec<f32>, Weights) {
        let mut optimizer = Optimizer::new(config);
        let (mut model, mut trajectory) = (self.model.clone(), Vec::new());
        for _ in 0..steps {
            let total = self.total(&model, factors, MaskingViews::Joint);
            trajectory.push(total.clone().into_scalar::<f32>());
            model = optimizer.step(model, &total.backward().into(), 1.0).0;
        }
        (trajectory, under_their_names(&tuwen::encoder::weights_of(&model)))
    }
}

/// Gradients of `total` under the reference's names.
pub(crate) fn gradients(model: &impl Module, total: &Tensor<1>) -> Weights {
    under_their_names(&tuwen::encoder::gradients_of(model, &total.backward()))
}

pub(crate) fn under_their_names(weights: &Weights) -> Weights {
    let (theirs, unknown) = reference_names().to_reference(weights);
    assert_eq!(unknown, Vec::<String>::new());
    theirs
}

pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn losses_of(model: &UniBertPretraining, batch: &Batch, tasks: &TasksSection, pairing: &ItmPairing) -> Losses {
    let states = encode((model, &Tape::off()), batch, &Plan::of(tasks), Some(pairing), &Dropout::off());
    losses(model, batch, &states, tasks)
}

fn tasks(factors: Factors, masking: MaskingViews, rule: ItmRule) -> TasksSection {
    let frames = FrameMasking { probability: 0.15, at_least: Default::default() };
    TasksSection {
        masking,
        mlm: (factors.mlm > 0.0).then(|| MlmSection { weight: factors.mlm, masking: MaskingConfig::default() }),
        mfm: (factors.mfm > 0.0).then_some(MfmSection {
            weight: factors.mfm,
            masking: frames,
            similarity: FrameSimilarity::DotProduct,
            negatives: FrameNegatives::Seed,
        }),
        itm: (factors.itm > 0.0).then_some(ItmSection { weight: factors.itm, pairing: rule, sees: Default::default() }),
        tag: (factors.tag > 0.0).then_some(TagSection {
            weight: factors.tag,
            vocabulary: TagVocabulary::MostFrequent(1),
            input: TagInput::Cls,
        }),
    }
}

/// The optimizer that a golden file describes: `{weight_decay, betas, eps or adam_eps}` and a rate for each group.
pub(crate) fn optimizer(form: AdamWForm, settings: &Value, rates: &Value) -> OptimizerConfig {
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("expected a number, found {value}"));
    let prefixes = ["itm.", "tag.", "projection.", "attention_pooling."].map(str::to_string).to_vec();
    OptimizerConfig {
        form: form.into(),
        betas: [number(&settings["betas"][0]), number(&settings["betas"][1])],
        epsilon: number(settings.get("eps").unwrap_or(&settings["adam_eps"])),
        weight_decay: number(&settings["weight_decay"]),
        no_decay: vec!["bias".into(), "norm.weight".into()],
        learning_rate: number(&rates["roberta"]),
        groups: vec![GroupRule { prefixes, learning_rate: number(&rates["others"]) }],
        layer_decay: None,
        frozen: vec![],
        clip_norm: None,
        average: None,
        max_skipped_steps: 0,
    }
}
