//! Answers of a model that has been trained: the likeliest of a closed list, or freely written.

use std::convert::Infallible;

use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};
use tuwen_downstream::answers::{
    AnswerScore, AnswerWords, Generated, RankedAnswer, Search, first_word_probabilities, generate, likeliest, ranked,
    word_log_likelihoods,
};
use tuwen_encoder::albef::QuestionMemory;
use tuwen_ops::Dropout;
use tuwen_text::TextInput;

use super::{AnsweringModel, Texts};

/// A closed list of answers. Each begins with the same word and has at least one more.
#[derive(Clone, Debug)]
pub struct AnswerList(Vec<TextInput>);

impl AnswerList {
    /// Nothing if the list is empty, its answers begin differently, or one has no second word.
    pub fn new(answers: Vec<TextInput>) -> Option<Self> {
        let first = answers.first()?.input_ids.first().copied();
        let fits = |answer: &TextInput| answer.input_ids.first().copied() == first && answer.input_ids.len() > 1;
        answers.iter().all(fits).then_some(Self(answers))
    }

    /// The word that all begin with.
    pub fn start(&self) -> u32 {
        self.0[0].input_ids[0]
    }
}

impl AnsweringModel {
    /// For each of the pictures `[B, 3, R, R]` and questions `[B, L]` the `k` answers of `list` whose first word is likeliest,
    /// best first. The model is outside of autodiff.
    pub fn rank(
        &self,
        (pixel_values, questions): (Tensor<4>, &Texts),
        list: &AnswerList,
        k: usize,
        score: AnswerScore,
    ) -> Vec<Vec<RankedAnswer>> {
        let device = pixel_values.device();
        let memory = self.question_memory(pixel_values, questions, &Dropout::off());
        let [count, _] = questions.input_ids.dims();
        let first = self.first_word_probabilities(&memory, count, list, &device);
        let first: Vec<f32> = first.into_data().iter::<f32>().collect();
        let rows = first.chunks(list.0.len()).enumerate();
        rows.map(|(question, first)| {
            let candidates = likeliest(first, k);
            let answers: Vec<&TextInput> = candidates.iter().map(|&at| &list.0[at]).collect();
            let whole = self.log_likelihoods(&memory, question, &answers, &device);
            let scored: Vec<(usize, f32, f64)> =
                candidates.iter().zip(whole).map(|(&at, whole)| (at, first[at], whole)).collect();
            ranked(&scored, score)
        })
        .collect()
    }

    /// The probability of each answer's first word to each of `count` questions, `[Q, C]`.
    pub fn first_word_probabilities(
        &self,
        memory: &QuestionMemory,
        count: usize,
        list: &AnswerList,
        device: &Device,
    ) -> Tensor<2> {
        let start = Texts {
            input_ids: Tensor::full([count, 1], i64::from(list.start()), device),
            attention_mask: Tensor::full([count, 1], true, device),
        };
        let places = Tensor::arange(0..count as i64, device);
        let logits = self.word_logits(memory, &start, places, &Dropout::off());
        first_word_probabilities(logits, ids(list.0.iter().map(|answer| answer.input_ids[1]), device))
    }

    /// `log p` of each whole answer to one question.
    fn log_likelihoods(
        &self,
        memory: &QuestionMemory,
        question: usize,
        answers: &[&TextInput],
        device: &Device,
    ) -> Vec<f64> {
        // No id is looked at where there is padding, so any will do.
        let texts = Texts::new(answers, 0, device);
        let words: Vec<&[u32]> = answers.iter().map(|answer| answer.input_ids.as_slice()).collect();
        let length = texts.input_ids.dims()[1];
        let Some(words) = AnswerWords::new(&words, &vec![1.0; words.len()], (length, 1), device) else {
            return Vec::new();
        };
        let memory = memory.select(&ids(answers.iter().map(|_| question as u32), device));
        let logits = self.word_logits(&memory, &texts, words.rows, &Dropout::off());
        let values: Vec<f64> = word_log_likelihoods(logits, words.ids).into_data().iter::<f64>().collect();
        let mut values = values.into_iter();
        words.counts.iter().map(|&count| values.by_ref().take(count).sum()).collect()
    }

    /// For each of the pictures `[B, 3, R, R]` and questions `[B, L]` the answers that `search` finds, best first. The model is
    /// outside of autodiff.
    pub fn generate(&self, pixel_values: Tensor<4>, questions: &Texts, search: Search) -> Vec<Vec<Generated>> {
        let device = pixel_values.device();
        let memory = self.question_memory(pixel_values, questions, &Dropout::off());
        let next = |question: usize, beginnings: &[Vec<u32>]| -> Result<Vec<Vec<f32>>, Infallible> {
            let length = beginnings.first().map_or(0, Vec::len);
            let memory = memory.select(&ids(beginnings.iter().map(|_| question as u32), &device));
            let texts = Texts {
                input_ids: ids(beginnings.iter().flatten().copied(), &device).reshape([beginnings.len(), length]),
                attention_mask: Tensor::full([beginnings.len(), length], true, &device),
            };
            let last = ids((1..=beginnings.len()).map(|row| (row * length - 1) as u32), &device);
            let logits = self.word_logits(&memory, &texts, last, &Dropout::off());
            let [_, vocabulary] = logits.dims();
            let values: Vec<f32> = log_softmax(logits, 1).into_data().iter::<f32>().collect();
            Ok(values.chunks(vocabulary).map(<[f32]>::to_vec).collect())
        };
        let answers = (0..questions.input_ids.dims()[0]).map(|question| generate(search, |some| next(question, some)));
        answers.map(|answer| answer.unwrap_or_else(|never| match never {})).collect()
    }
}

fn ids(values: impl Iterator<Item = u32>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|value| value as i32).collect();
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}
