//! UniBERT in use: clips with their titles.

use burn::module::Module as _;
use burn::tensor::{Device, Tensor, activation::sigmoid};
use tuwen_core::Aligned;
use tuwen_data::{DataError, Record, Title, TitleChoice, Visit};
use tuwen_encoder::unibert::ClipTextStates;
use tuwen_encoder::{WeightsError, load_weights};
use tuwen_ops::{Dropout, select_rows};
use tuwen_text::{ChineseWords, MaskUnit, MaskingConfig};
use tuwen_train::unibert::recipe::FrameNegatives;
use tuwen_train::unibert::{Batch, BatchShape, Content, Example, ExampleMaker, Heads, Recipe, UniBertPretraining};
use tuwen_train::{Purpose, TextPipeline, Trained};
use tuwen_vision::{FrameMasking, VisionError};

use crate::albef::{indices, rows};
use crate::fill::{Blank, likeliest, masked_text};
use crate::stream::where_sound;
use crate::{Clip, ModelError};

/// The name that a title has here among a record's.
const TITLE: &str = "title";

/// The model, and what makes clips into what it reads.
pub(crate) struct UniBertModel {
    model: UniBertPretraining,
    maker: ExampleMaker,
    shape: BatchShape,
}

impl UniBertModel {
    pub(crate) fn of(trained: &Trained, recipe: &Recipe, device: &Device) -> Result<Self, WeightsError> {
        let (encoder, vision) = (&recipe.model.encoder, &recipe.vision);
        let heads = Heads::of(recipe, trained.tags.len());
        let fresh = UniBertPretraining::init(encoder, &heads, &device.clone().autodiff());
        let masking = recipe.tasks.mlm.as_ref().map(|mlm| mlm.masking);
        let whole_words = masking.is_some_and(|masking| masking.unit == MaskUnit::WholeWord);
        let maker = ExampleMaker {
            seed: recipe.seed,
            purpose: Purpose::Evaluation,
            titles: TitleChoice::Fixed(TITLE.to_string()),
            text: TextPipeline { tokenizer: trained.tokenizer.clone(), layout: recipe.text.layout },
            token_masking: MaskingConfig { probability: 0.0, ..MaskingConfig::default() },
            chinese_words: whole_words.then(ChineseWords::new),
            descriptor: vision.descriptor,
            frames: vision.frames,
            frame_dim: encoder.frame_dim,
            sampling: vision.sampling,
            frame_masking: FrameMasking { probability: 0.0, at_least: Default::default() },
            tags: trained.tags.clone(),
            path: trained.folder.clone(),
        };
        let shape = BatchShape {
            pad: trained.tokenizer.special_ids().pad,
            frame_dim: encoder.frame_dim,
            layout: encoder.layout,
            tags: 0,
            negatives: FrameNegatives::Distinct,
        };
        Ok(Self { model: load_weights(fresh, &trained.weights)?.valid(), maker, shape })
    }

    pub(crate) fn embedding_size(&self) -> usize {
        self.model.projection.bias.val().dims()[0]
    }

    pub(crate) fn matches(&self) -> bool {
        self.model.itm.is_some()
    }

    pub(crate) fn fills(&self) -> bool {
        self.model.mlm.is_some()
    }

    fn device(&self) -> Device {
        self.model.projection.weight.val().device()
    }

    fn example(&self, clip: Clip) -> Result<Example, ModelError> {
        let titles = vec![Title { language: TITLE.to_string(), text: clip.title.clone() }];
        let record = Record { id: clip.title.clone(), titles, tags: None, visual: clip.visual };
        let made = self.maker.make(record, Visit { epoch: 0, index: 0 });
        // It would name the model's folder as the record's file.
        let reason = |error| match error {
            DataError::Record { reason, .. } => reason,
            other => other.to_string(),
        };
        made.map_err(|error| ModelError::Clip { text: clip.title, reason: reason(error) })
    }

    fn states(&self, examples: &[Example]) -> Result<ClipTextStates<Aligned>, VisionError> {
        let batch = Batch::new(examples, &self.shape, &self.device())?;
        Ok(self.model.encoder.forward(&batch.aligned(Content::Clean, Content::Clean), &Dropout::off()))
    }

    /// What `read` makes of the states of those clips that are sound.
    fn each<R>(
        &self,
        clips: Vec<Clip>,
        read: impl FnOnce(&ClipTextStates<Aligned>) -> Vec<R>,
    ) -> Vec<Result<R, ModelError>> {
        let examples = clips.into_iter().map(|clip| self.example(clip)).collect();
        let results = |examples: &[Example]| match self.states(examples) {
            Ok(states) => read(&states).into_iter().map(Ok).collect(),
            Err(error) => {
                let reason = error.to_string();
                let failed = |example: &Example| ModelError::Clip { text: example.id.clone(), reason: reason.clone() };
                examples.iter().map(|example| Err(failed(example))).collect()
            }
        };
        where_sound(examples, results).into_iter().map(|result| result.and_then(|result| result)).collect()
    }

    /// Unit vectors of clips with their titles, `[E]` each.
    pub(crate) fn embed(&self, clips: Vec<Clip>) -> Vec<Result<Vec<f32>, ModelError>> {
        self.each(clips, |states| rows(unit(self.model.embedding(states))))
    }

    /// For each clip the probability that its title belongs to it; none without a matching head.
    pub(crate) fn match_scores(&self, clips: Vec<Clip>) -> Vec<Result<f32, ModelError>> {
        let Some(head) = &self.model.itm else { return Vec::new() };
        self.each(clips, |states| {
            let logits = head.forward(states.hidden_states.at(states.cls_position));
            sigmoid(logits).into_data().iter::<f32>().collect()
        })
    }

    /// The words that fit the hidden places of a clip's title; none without a head for words.
    pub(crate) fn fill_title(&self, clip: &Clip, most: usize) -> Result<Vec<Blank>, ModelError> {
        let Some(head) = &self.model.mlm else { return Ok(Vec::new()) };
        let (text, places) = masked_text(&self.maker.text, &clip.title, None, self.maker.chinese_words.as_ref())?;
        let mut example = self.example(clip.clone())?;
        example.masked_text.input_ids.clone_from(&text.input_ids);
        example.text = text;
        let failed = |error: VisionError| ModelError::Clip { text: clip.title.clone(), reason: error.to_string() };
        let frames = example.frame_mask.len();
        let states = self.states(&[example]).map_err(failed)?.hidden_states.tensor().squeeze_dim::<2>(0); // [S, H]
        let positions: Vec<usize> =
            places.iter().map(|&place| self.shape.layout.text_position(place, frames)).collect();
        let logits = head.forward(select_rows(states, indices(&positions, &self.device())));
        Ok(likeliest(logits, &self.maker.text.tokenizer, most))
    }
}

/// Rows of length 1; a row of zeros stays one.
fn unit(rows: Tensor<2>) -> Tensor<2> {
    let norm = rows.clone().powi_scalar(2).sum_dim(1).add_scalar(1e-24).sqrt();
    rows / norm
}
