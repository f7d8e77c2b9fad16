//! Features of a trained ALBEF for every record of a set: what is exported, probed, and classified without training.

use burn::tensor::{Device, Tensor};
use tuwen_data::{Source, Visit};
use tuwen_eval::Features;
use tuwen_ops::Dropout;
use tuwen_text::TextInput;

use super::batch::{pixel_tensor, text_tensors};
use super::{AlbefPretraining, Assembly};
use crate::TrainError;
use crate::heldout::Purpose;

/// Records that go through the encoders together.
const CHUNK: usize = 128;

/// The features of the records of a set, a row each.
#[derive(Clone, Debug)]
pub struct RecordFeatures {
    /// Their ids.
    pub ids: Vec<String>,
    /// What stands in the field that the recipe calls tags; empty where there is nothing.
    pub tags: Vec<Vec<String>>,
    /// Of the pictures, of unit length.
    pub images: Features,
    /// Of the captions, of unit length; of several the one that the recipe's choice gives.
    pub texts: Features,
}

impl Assembly {
    /// The features of all records of `source`; unreadable ones are told to `report` and left out. Errors: none can be read.
    pub fn record_features(
        &self,
        model: &AlbefPretraining,
        source: &dyn Source,
        report: &mut dyn FnMut(&str),
    ) -> Result<RecordFeatures, TrainError> {
        let (maker, device) = (self.maker(Purpose::Evaluation), model.temperature.val().device());
        let (mut ids, mut tags, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        let (mut images, mut texts) = (Vec::new(), Vec::new());
        for index in 0..source.len() {
            let read = source.read(index).and_then(|record| {
                let own = record.tags.clone().unwrap_or_default();
                Ok((own, maker.make(record, Visit { epoch: 0, index })?))
            });
            match read {
                Ok((own, example)) => {
                    ids.push(example.id.clone());
                    tags.push(own);
                    waiting.push(example);
                }
                Err(error) => report(&error.to_string()),
            }
            if waiting.len() == CHUNK || index + 1 == source.len() && !waiting.is_empty() {
                let pixels: Vec<_> = waiting.iter().map(|example| &example.pixels).collect();
                let states = model.encoder.image_states(pixel_tensor(&pixels, &device));
                images.extend(values(model.encoder.image_features(&states)));
                let inputs: Vec<&TextInput> = waiting.iter().map(|example| &example.text).collect();
                texts.extend(self.features_of(model, &inputs, &device));
                waiting.clear();
            }
        }
        let width = self.recipe.model.encoder.embedding_size;
        Ok(RecordFeatures { ids, tags, images: Features::new(width, images)?, texts: Features::new(width, texts)? })
    }

    /// The features of texts, of unit length. Errors: no text, or one that can't be encoded.
    pub fn text_features(&self, model: &AlbefPretraining, texts: &[String]) -> Result<Features, TrainError> {
        let (maker, device) = (self.maker(Purpose::Evaluation), model.temperature.val().device());
        let inputs = texts.iter().map(|text| maker.encode(text)).collect::<Result<Vec<_>, _>>()?;
        let mut found = Vec::new();
        for chunk in inputs.chunks(CHUNK) {
            found.extend(self.features_of(model, &chunk.iter().collect::<Vec<_>>(), &device));
        }
        Ok(Features::new(self.recipe.model.encoder.embedding_size, found)?)
    }

    fn features_of(&self, model: &AlbefPretraining, texts: &[&TextInput], device: &Device) -> Vec<f32> {
        let (ids, mask) = text_tensors(texts, self.text.tokenizer.special_ids().pad, device);
        let states = model.encoder.text_states(ids, &mask, &Dropout::off());
        values(model.encoder.text_features(&states, &mask))
    }
}

fn values(features: Tensor<2>) -> Vec<f32> {
    features.into_data().iter::<f32>().collect()
}
