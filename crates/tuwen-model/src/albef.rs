//! ALBEF in use: two streams into one space, and their fusion.

use burn::module::Module as _;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData, activation::sigmoid};
use tuwen_encoder::{Tape, WeightsError, load_weights};
use tuwen_itm::match_margins;
use tuwen_ops::{Dropout, select_rows};
use tuwen_text::{ChineseWords, MaskUnit, TextError, TextInput, pre_caption};
use tuwen_train::albef::{AlbefPretraining, Batch, Recipe, joined_words, pixel_tensor, text_tensors, word_maps};
use tuwen_train::{TextPipeline, Trained};
use tuwen_vision::{Image, PixelPlanes, TestTransform, VisionError};

use crate::fill::{Blank, likeliest, masked_text};
use crate::{MatchScore, ModelError, WordMap};

/// The model, and what makes texts and pictures into what it reads.
pub(crate) struct AlbefModel {
    model: AlbefPretraining,
    text: TextPipeline,
    caption_words: usize,
    chinese_words: Option<ChineseWords>,
    /// The whole picture at the side the encoder reads.
    pub(crate) transform: TestTransform,
    /// Whether some stage trains matching.
    pub(crate) matches: bool,
    /// Whether some stage trains hidden words.
    pub(crate) fills: bool,
}

impl AlbefModel {
    pub(crate) fn of(trained: &Trained, recipe: &Recipe, device: &Device) -> Result<Self, WeightsError> {
        let (encoder, tasks) = (&recipe.model.encoder, &recipe.tasks);
        let fresh = AlbefPretraining::init(encoder, tasks.temperature, tasks.sigmoid_bias, &device.clone().autodiff());
        let whole_words = tasks.masking.unit == MaskUnit::WholeWord;
        Ok(Self {
            model: load_weights(fresh, &trained.weights)?.valid(),
            text: TextPipeline { tokenizer: trained.tokenizer.clone(), layout: recipe.text.layout },
            caption_words: recipe.text.caption_words,
            chinese_words: whole_words.then(ChineseWords::new),
            transform: TestTransform { side: recipe.vision.side, normalisation: recipe.vision.normalisation },
            matches: recipe.stages.iter().any(|stage| stage.itm.is_some()),
            fills: recipe.stages.iter().any(|stage| stage.mlm.is_some()),
        })
    }

    /// E.
    pub(crate) fn embedding_size(&self) -> usize {
        self.model.encoder.config().embedding_size
    }

    fn device(&self) -> Device {
        self.model.temperature.val().device()
    }

    /// The picture as the encoder reads it.
    pub(crate) fn planes(&self, image: &Image) -> Result<PixelPlanes, VisionError> {
        self.transform.planes(image)
    }

    /// Unit vectors of pictures, `[E]` each.
    pub(crate) fn image_features(&self, pictures: &[PixelPlanes]) -> Vec<Vec<f32>> {
        let pixels = pixel_tensor(&pictures.iter().collect::<Vec<_>>(), &self.device());
        let encoder = &self.model.encoder;
        rows(encoder.image_features(&encoder.image_states(pixels)))
    }

    /// A text as the encoder reads it.
    pub(crate) fn input(&self, text: &str) -> Result<TextInput, TextError> {
        self.text.encode(&pre_caption(text, self.caption_words), self.chinese_words.as_ref())
    }

    /// Unit vectors of texts, `[E]` each.
    pub(crate) fn text_features(&self, texts: &[TextInput]) -> Vec<Vec<f32>> {
        let (ids, mask) = self.tensors(texts);
        let encoder = &self.model.encoder;
        rows(encoder.text_features(&encoder.text_states(ids, &mask, &Dropout::off())))
    }

    fn tensors(&self, texts: &[TextInput]) -> (Tensor<2, Int>, Tensor<2, Bool>) {
        let inputs: Vec<&TextInput> = texts.iter().collect();
        text_tensors(&inputs, self.text.tokenizer.special_ids().pad, &self.device())
    }

    /// How well each text fits a picture, `size` of them at a time; the picture is encoded once.
    pub(crate) fn match_scores(&self, picture: &PixelPlanes, texts: &[TextInput], size: usize) -> Vec<MatchScore> {
        let (encoder, tape, off) = (&self.model.encoder, Tape::off(), Dropout::off());
        let image_states = encoder.image_states(pixel_tensor(&[picture], &self.device()));
        let image = encoder.image_features(&image_states); // [1, E]
        let memory = encoder.image_memory(&image_states);
        let scores = |texts: &[TextInput]| {
            let (ids, mask) = self.tensors(texts);
            let states = encoder.text_states(ids, &mask, &off);
            let cosines = encoder.text_features(&states).matmul(image.clone().transpose()); // [n, 1]
            let memory = memory.select(&Tensor::zeros([texts.len()], &self.device()));
            let on = encoder.on(&tape);
            let below = on.fuse_below(states, &mask, memory.below(), &off);
            let margins = match_margins(self.model.itm.forward(on.fuse_last_cls(below, &mask, memory.last(), &off)));
            let probabilities: Vec<f32> = sigmoid(margins).into_data().iter::<f32>().collect();
            let cosines: Vec<f32> = cosines.into_data().iter::<f32>().collect();
            let score = |(probability, cosine)| MatchScore { probability, cosine };
            probabilities.into_iter().zip(cosines).map(score).collect::<Vec<_>>()
        };
        texts.chunks(size.max(1)).flat_map(scores).collect()
    }

    /// The words that fit the hidden places of `text` beside a picture, or beside one that is all of the mean colour.
    pub(crate) fn fill_mask(
        &self,
        text: &str,
        picture: Option<&PixelPlanes>,
        most: usize,
    ) -> Result<Vec<Blank>, ModelError> {
        let (input, places) = masked_text(&self.text, text, Some(self.caption_words), self.chinese_words.as_ref())?;
        let (encoder, off, side) = (&self.model.encoder, Dropout::off(), self.transform.side as usize);
        let nothing = || Tensor::zeros([1, 3, side, side], &self.device());
        let pixels = picture.map_or_else(nothing, |picture| pixel_tensor(&[picture], &self.device()));
        let memory = encoder.image_memory(&encoder.image_states(pixels));
        let (ids, mask) = self.tensors(&[input]);
        let fused = encoder.fuse(encoder.text_states(ids, &mask, &off), &mask, &memory, &off); // [1, L, H]
        let states = select_rows(fused.squeeze_dim::<2>(0), indices(&places, &self.device()));
        Ok(likeliest(self.model.mlm.logits(states, encoder.word_table()), &self.text.tokenizer, most))
    }

    /// Where each word of a text looks at a picture; nothing where autodiff gives no map.
    pub(crate) fn word_maps(&self, picture: &PixelPlanes, text: &str) -> Result<Vec<WordMap>, ModelError> {
        let input = self.input(text)?;
        let (input_ids, attention_mask) = self.tensors(std::slice::from_ref(&input));
        let batch = Batch {
            pixel_values: pixel_tensor(&[picture], &self.device()),
            masked_ids: input_ids.clone(),
            input_ids,
            attention_mask,
            token_labels: None,
            keys: Vec::new(),
        };
        let Some(maps) = word_maps(&self.model, &batch) else { return Ok(Vec::new()) };
        let [_, _, patches] = maps.dims();
        let values: Vec<f32> = maps.into_data().iter::<f32>().collect();
        let maps: Vec<Vec<f32>> = values.chunks(patches.max(1)).map(<[f32]>::to_vec).collect();
        let words = joined_words(&self.text.tokenizer, &input.input_ids, &maps);
        Ok(words.into_iter().map(|(word, map)| WordMap { word, map }).collect())
    }
}

/// The rows of a tensor `[n, E]` in host memory.
pub(crate) fn rows(features: Tensor<2>) -> Vec<Vec<f32>> {
    let [_, size] = features.dims();
    let values: Vec<f32> = features.into_data().iter::<f32>().collect();
    values.chunks(size.max(1)).map(<[f32]>::to_vec).collect()
}

pub(crate) fn indices(places: &[usize], device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = places.iter().map(|&place| place as i32).collect();
    Tensor::from_data(TensorData::new(values, [places.len()]), device)
}
