//! A golden ALBEF made runnable: its weights in our model, its inputs as a batch, its steps as ours.

use burn::tensor::{Device, Int, Tensor, TensorData};
use tuwen::core::{Losses, TokenLabels};
use tuwen::encoder::albef::{
    Albef, AlbefConfig, TextConfig, TextPooling, momentum_names, reference_names, reference_number,
};
use tuwen::encoder::{HostTensor, MomentumEncoder, Tape, VitConfig, Weights, load_weights, weights_of};
use tuwen::ita::{AlphaRamp, FeatureQueue, PairKeys, Positives, QueueParts};
use tuwen::ops::{AdamWForm, Dropout};
use tuwen::train::albef::{
    AlbefPretraining, AlbefState, Batch, ItaLoss, ItaStage, ItmStage, MlmStage, Negatives, Savings, Stage, StepInput,
    Teacher, losses,
};
use tuwen::train::{Optimizer, OptimizerConfig, StepOutcome};

use crate::fixture::device;
use crate::golden::Golden;

/// How one of the golden steps is computed.
#[derive(Clone, Copy)]
pub(crate) struct How {
    pub(crate) alpha: f64,
    pub(crate) positives: Positives,
    pub(crate) savings: Savings,
}

pub(crate) struct Case {
    pub(crate) golden: Golden,
    pub(crate) device: Device,
    pub(crate) config: AlbefConfig,
}

impl Case {
    pub(crate) fn open(file: &str) -> Self {
        let golden = Golden::open(file);
        let weights = golden.under("weights/");
        let rows = |ending: &str| {
            let found = weights.iter().find(|(name, _)| name.starts_with("text_encoder.") && name.ends_with(ending));
            found.unwrap_or_else(|| panic!("no weight …{ending}")).1.shape[0]
        };
        let size = |key: &str| golden.size(key);
        let number = |key: &str| golden.meta["config"][key].as_f64().unwrap_or_else(|| panic!("no `{key}`"));
        let width = weights["visual_encoder.norm.weight"].shape[0];
        let config = AlbefConfig {
            vision: VitConfig {
                image_size: size("image"),
                patch_size: size("patch"),
                hidden_size: width,
                num_hidden_layers: size("vit_depth"),
                num_attention_heads: size("vit_heads"),
                intermediate_size: weights["visual_encoder.blocks.0.mlp.fc1.weight"].shape[0],
                layer_norm_eps: golden.meta["config"]["vit_ln_eps"].as_f64().unwrap_or(1e-6),
            },
            text: TextConfig {
                hidden_size: size("hidden_size"),
                text_layers: size("fusion_layer"),
                fusion_layers: size("num_hidden_layers") - size("fusion_layer"),
                num_attention_heads: size("num_attention_heads"),
                intermediate_size: size("intermediate_size"),
                vocab_size: rows("word_embeddings.weight"),
                max_position_embeddings: rows("position_embeddings.weight"),
                type_vocab_size: rows("token_type_embeddings.weight"),
                layer_norm_eps: number("layer_norm_eps"),
                hidden_dropout_prob: 0.0,
                attention_probs_dropout_prob: 0.0,
                frozen_word: Some(golden.meta["config"]["pad_token_id"].as_u64().unwrap_or(0) as u32),
            },
            embedding_size: weights["vision_proj.weight"].shape[0],
            text_pooling: TextPooling::Cls,
        };
        Self { golden, device: device().autodiff(), config }
    }

    /// Student, momentum encoder and queue as stored.
    pub(crate) fn state(&self) -> AlbefState {
        let weights = self.golden.under("weights/");
        let (student, teacher) = momentum_names(&weights, self.config.text.text_layers);
        let fresh = AlbefPretraining::init(&self.config, 0.07, None, &self.device);
        let ours = renamed(&student);
        // The retrieval model has no MLM head: ours keeps its fresh one, which nothing reads.
        let with_head = |mut ours: Weights, own: &Weights| {
            let missing = own.iter().filter(|(name, _)| name.starts_with("mlm.") && !ours.contains_key(*name));
            let missing: Vec<_> = missing.map(|(name, tensor)| (name.clone(), tensor.clone())).collect();
            ours.extend(missing);
            ours
        };
        let model = load_weights(fresh.clone(), &with_head(ours, &weights_of(&fresh))).unwrap();
        let teacher = with_head(renamed(&teacher), &weights_of(&model));
        let part = |prefix: &str| -> Weights {
            teacher.iter().filter_map(|(n, t)| Some((n.strip_prefix(prefix)?.to_string(), t.clone()))).collect()
        };
        let twin = Teacher {
            encoder: MomentumEncoder::of(&model.encoder).replaced(|m| load_weights(m, &part("encoder."))).unwrap(),
            mlm: MomentumEncoder::of(&model.mlm).replaced(|m| load_weights(m, &part("mlm."))).unwrap(),
        };
        AlbefState::from_parts(model, Some(twin), Some(self.queue()))
    }

    fn queue(&self) -> FeatureQueue {
        let column = |name: &str| {
            let HostTensor { shape, values } = self.golden.floats(&format!("weights/{name}"));
            let stored = Tensor::<2>::from_data(TensorData::new(values.clone(), [shape[0], shape[1]]), &device());
            stored.transpose()
        };
        let (image, text) = (column("image_queue"), column("text_queue"));
        let [capacity, _] = image.dims();
        let keys = match self.golden.find_integers("weights/idx_queue") {
            Some(idx) => idx.iter().map(|&idx| (idx >= 0).then(|| identity(idx))).collect(),
            None => vec![None; capacity],
        };
        let pointer = self.golden.find_integers("input/queue_ptr").map_or(0, |pointer| pointer[0] as usize);
        FeatureQueue::from_parts(QueueParts { image, text, keys, pointer, valid: capacity }).unwrap()
    }

    /// The golden batch; without masked words where the file has none.
    pub(crate) fn batch(&self) -> Batch {
        let device = self.device.clone().inner();
        let ids = self.golden.integers("input/text_ids");
        let [batch, length] = ids.shape[..] else { panic!("ids are no matrix") };
        let matrix = |values: &[i64]| {
            let values: Vec<i32> = values.iter().map(|&v| v as i32).collect();
            Tensor::<2, Int>::from_data(TensorData::new(values, [batch, length]), &device)
        };
        let pixels = self.golden.floats("input/image");
        let masked = self.golden.find_integers("input/mlm_ids");
        let labels = self.golden.find_integers("input/mlm_labels").unwrap_or(&[]);
        let places: Vec<u32> = (0..labels.len()).filter(|&i| labels[i] != -100).map(|i| i as u32).collect();
        let answers: Vec<u32> = places.iter().map(|&i| labels[i as usize] as u32).collect();
        let keys = match self.golden.find_integers("input/idx") {
            Some(idx) => idx.iter().map(|&idx| identity(idx)).collect(),
            None => (0..batch as i64).map(identity).collect(),
        };
        Batch {
            pixel_values: Tensor::from_data(
                TensorData::new(pixels.values.clone(), <[usize; 4]>::try_from(pixels.shape.clone()).unwrap()),
                &device,
            ),
            input_ids: matrix(&ids.values),
            masked_ids: matrix(masked.unwrap_or(&ids.values)),
            attention_mask: matrix(&self.golden.integers("input/text_mask").values).equal_elem(1),
            token_labels: TokenLabels::new(&places, &answers, &device),
            keys,
        }
    }

    /// Unit features of the golden pictures and captions.
    pub(crate) fn features(&self, encoder: &Albef) -> (Tensor<2>, Tensor<2>) {
        let batch = self.batch();
        let texts = encoder.text_states(batch.input_ids, &batch.attention_mask, &Dropout::off());
        let texts = encoder.text_features(&texts, &batch.attention_mask);
        (encoder.image_features(&encoder.image_states(batch.pixel_values)), texts)
    }

    /// The losses of one golden step; `state` moves as a step moves it, but for the optimizer.
    pub(crate) fn losses(&self, state: &mut AlbefState, how: How) -> Losses {
        let capacity = self.golden.floats("weights/image_queue").shape[1];
        let stage = Stage {
            steps: None,
            ita: Some(ItaStage { weight: 1.0, loss: ItaLoss::Queue(capacity) }),
            itm: Some(ItmStage { weight: 1.0, hardness: 1.0 }),
            mlm: Some(MlmStage { weight: 1.0 }),
            alpha: Some(AlphaRamp { alpha: how.alpha, ramp: 0 }),
        };
        let given = |name: &str| {
            let values: Vec<i32> = self.golden.integers(name).values.iter().map(|&v| v as i32).collect();
            let count = values.len();
            Tensor::<1, Int>::from_data(TensorData::new(values, [count]), &self.device.clone().inner())
        };
        let input = StepInput {
            stage: &stage,
            alpha: how.alpha,
            momentum: self.golden.meta["config"]["momentum"].as_f64().unwrap(),
            positives: how.positives,
            savings: how.savings,
            negatives: Negatives::Given(Box::new([
                given("input/neg_image_for_text"),
                given("input/neg_text_for_image"),
            ])),
            dropout: Dropout::off(),
        };
        losses(state, &self.batch(), &input, &Tape::off())
    }

    /// The losses before each of `steps` steps, each in the order of `names`, and the state after them.
    pub(crate) fn train(&self, how: How, names: &[&str], steps: usize) -> (Vec<Vec<f32>>, AlbefState) {
        let settings = &self.golden.meta["optimizer"];
        let number = |key: &str| settings[key].as_f64().unwrap_or_else(|| panic!("no `{key}` in the optimizer"));
        let mut optimizer = Optimizer::new(OptimizerConfig {
            form: AdamWForm::Torch.into(),
            betas: [settings["betas"][0].as_f64().unwrap(), settings["betas"][1].as_f64().unwrap()],
            epsilon: number("eps"),
            weight_decay: number("weight_decay"),
            no_decay: vec!["bias".into(), "norm.weight".into()],
            learning_rate: number("lr"),
            groups: vec![],
            layer_decay: None,
            frozen: vec![],
            clip_norm: None,
            average: None,
            max_skipped_steps: 0,
        });
        let (mut state, mut trajectory) = (self.state(), Vec::new());
        for _ in 0..steps {
            let losses = self.losses(&mut state, how);
            trajectory.push(names.iter().map(|name| loss(&losses, name)).collect());
            let outcome;
            (state, outcome) = state.advance(&mut optimizer, &losses.total().unwrap().backward().into(), 1.0);
            assert!(matches!(outcome, StepOutcome::Moved(_)));
        }
        (trajectory, state)
    }

    /// Our weights or gradients under the names of this file.
    pub(crate) fn their_names(&self, ours: &Weights) -> Weights {
        let (theirs, unknown) = reference_names().to_reference(ours);
        assert_eq!(unknown, Vec::<String>::new());
        let text_layers = self.config.text.text_layers;
        let fine_tuned = self.golden.meta["config"]["fine_tuned"].as_bool().unwrap_or_else(|| {
            self.golden.under("weights/").keys().all(|name| !name.starts_with("text_encoder.bert."))
        });
        let name = |name: &str| {
            let numbered = reference_number(name, text_layers);
            if fine_tuned { numbered.replace("text_encoder.bert.", "text_encoder.") } else { numbered }
        };
        theirs.into_iter().map(|(n, tensor)| (name(&n), tensor)).collect()
    }

    /// The momentum encoder's weights under the names of this file.
    pub(crate) fn momentum(&self, state: &AlbefState) -> Weights {
        let teacher = state.teacher.as_ref().unwrap();
        let under = |prefix: &str, weights: Weights| -> Weights {
            weights.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect()
        };
        let mut ours = under("encoder.", weights_of(teacher.encoder.module()));
        ours.extend(under("mlm.", weights_of(teacher.mlm.module())));
        let twin = |name: String| {
            let (first, rest) = name.split_once('.').unwrap();
            format!("{first}_m.{rest}")
        };
        self.their_names(&ours).into_iter().map(|(name, tensor)| (twin(name), tensor)).collect()
    }
}

/// Keys of a picture with this identity; its caption is its own.
fn identity(idx: i64) -> PairKeys {
    PairKeys { image: idx as u64, caption: idx as u64 }
}

fn renamed(theirs: &Weights) -> Weights {
    let (ours, unknown) = reference_names().from_reference(theirs);
    assert_eq!(unknown, Vec::<String>::new(), "weights without a name of ours");
    ours
}

/// The value of one loss.
pub(crate) fn loss(losses: &Losses, name: &str) -> f32 {
    let found = losses.iter().find(|loss| loss.name == name).unwrap_or_else(|| panic!("no loss `{name}`"));
    found.value.clone().into_scalar::<f32>()
}

/// A queue as the file stores it, `[E, Q]`.
pub(crate) fn stored(rows: &Tensor<2>) -> Vec<f32> {
    rows.clone().transpose().into_data().iter::<f32>().collect()
}
