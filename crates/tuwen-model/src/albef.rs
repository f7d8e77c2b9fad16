//! ALBEF in use: two streams into one space, and their fusion.

use burn::module::Module as _;
use burn::tensor::activation::{log_sigmoid, sigmoid};
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use tuwen_encoder::albef::ImageMemory;
use tuwen_encoder::{Tape, WeightsError, load_weights};
use tuwen_itm::{match_margins, match_scores};
use tuwen_ops::{Dropout, select_rows};
use tuwen_text::{ChineseWords, MaskUnit, TextError, TextInput, pre_caption};
use tuwen_train::albef::{
    AlbefPretraining, Batch, Recipe, RerankScore, joined_words, pixel_tensor, text_tensors, word_maps,
};
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
    /// What puts candidates in order.
    rerank_score: RerankScore,
    /// The whole picture at the side the encoder reads.
    pub(crate) transform: TestTransform,
    /// Whether some stage trains matching.
    pub(crate) matches: bool,
    /// Whether some stage trains hidden words.
    pub(crate) fills: bool,
}

/// Encoded texts, `n` of them.
struct Texts {
    states: Tensor<3>, // [n, L, H]
    mask: Tensor<2, Bool>,
    features: Tensor<2>, // [n, E]
}

/// Encoded pictures, `n` of them.
struct Images {
    memory: ImageMemory,
    features: Tensor<2>, // [n, E]
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
            rerank_score: recipe.evaluation.rerank_score,
            transform: TestTransform { side: recipe.vision.side, normalisation: recipe.vision.normalisation },
            matches: recipe.trains(|stage| stage.itm.is_some()),
            fills: recipe.trains(|stage| stage.mlm.is_some()),
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
        rows(self.texts(texts).features)
    }

    fn tensors(&self, texts: &[TextInput]) -> (Tensor<2, Int>, Tensor<2, Bool>) {
        let inputs: Vec<&TextInput> = texts.iter().collect();
        text_tensors(&inputs, self.text.tokenizer.special_ids().pad, &self.device())
    }

    fn texts(&self, texts: &[TextInput]) -> Texts {
        let (ids, mask) = self.tensors(texts);
        let encoder = &self.model.encoder;
        let states = encoder.text_states(ids, &mask, &Dropout::off());
        Texts { features: encoder.text_features(&states, &mask), states, mask }
    }

    fn images(&self, pictures: &[&PixelPlanes]) -> Images {
        let encoder = &self.model.encoder;
        let states = encoder.image_states(pixel_tensor(pictures, &self.device()));
        Images { features: encoder.image_features(&states), memory: encoder.image_memory(&states) }
    }

    /// How well text number i and picture number i fit each other.
    fn scores(&self, texts: Texts, images: &Images) -> Vec<MatchScore> {
        let (tape, off) = (Tape::off(), Dropout::off());
        let on = self.model.encoder.on(&tape);
        let cosines = (texts.features * images.features.clone()).sum_dim(1).squeeze_dim::<1>(1);
        let below = on.fuse_below(texts.states, &texts.mask, images.memory.below(), &off);
        let logits = self.model.itm.forward(on.fuse_last_cls(below, &texts.mask, images.memory.last(), &off));
        let margins = match_margins(logits.clone());
        let orders = match self.rerank_score {
            RerankScore::Matching => match_scores(logits),
            RerankScore::Product => log_sigmoid(margins.clone()) + cosines.clone() / self.model.temperature.val(),
        };
        let [probabilities, cosines, orders] =
            [sigmoid(margins), cosines, orders].map(|column| column.into_data().iter::<f32>().collect::<Vec<_>>());
        let score = |((probability, cosine), order)| MatchScore { probability, cosine, order };
        probabilities.into_iter().zip(cosines).zip(orders).map(score).collect()
    }

    /// How well each text fits a picture, `size` of them at a time; the picture is encoded once.
    pub(crate) fn match_texts(&self, picture: &PixelPlanes, texts: &[TextInput], size: usize) -> Vec<MatchScore> {
        let Images { memory, features } = self.images(&[picture]);
        let scores = |texts: &[TextInput]| {
            let rows = Tensor::zeros([texts.len()], &self.device());
            let image = Images { memory: memory.select(&rows), features: features.clone().select(0, rows) };
            self.scores(self.texts(texts), &image)
        };
        texts.chunks(size.max(1)).flat_map(scores).collect()
    }

    /// How well a text fits each picture; the text is encoded once.
    pub(crate) fn match_pictures(&self, text: &TextInput, pictures: &[PixelPlanes]) -> Vec<MatchScore> {
        let Texts { states, mask, features } = self.texts(std::slice::from_ref(text));
        let count = pictures.len();
        let texts = Texts {
            states: states.repeat_dim(0, count),
            mask: mask.repeat_dim(0, count),
            features: features.repeat_dim(0, count),
        };
        self.scores(texts, &self.images(&pictures.iter().collect::<Vec<_>>()))
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
