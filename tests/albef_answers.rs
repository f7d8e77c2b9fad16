//! Questions about pictures against the numbers of the reference.

use std::num::NonZeroUsize;

use burn::module::Module as _;
use burn::tensor::{Tensor, TensorData};
use tuwen::downstream::answers::{AnswerScore, AnswerWords, Search};
use tuwen::encoder::albef::FineTuned;
use tuwen::encoder::{MomentumEncoder, Tape, gradients_of};
use tuwen::ops::Dropout;
use tuwen::text::TextInput;
use tuwen::train::albef::downstream::{AnswerList, AnsweringModel, QuestionBatch};

use crate::downstream_case::Case;
use crate::golden::{assert_gradients, assert_near};
use crate::unibert_case::values;

fn case() -> (Case, AnsweringModel, MomentumEncoder<AnsweringModel>) {
    let case = Case::open("vqa", "vqa", FineTuned::Answering);
    let (model, teacher) = case.load(AnsweringModel::init(&case.config, case.decoder_layers(), &case.device));
    (case, model, teacher.expect("the file has a momentum encoder"))
}

fn batch(case: &Case) -> QuestionBatch {
    let answers = case.words("answer");
    let answers: Vec<&[u32]> = answers.iter().map(Vec::as_slice).collect();
    let counts = case.numbers("answers_per_question");
    let question_of: Vec<i64> =
        (0..).zip(counts).flat_map(|(question, &count)| std::iter::repeat_n(question, count as usize)).collect();
    let (answer_texts, device) = (case.texts("answer"), case.device.clone().inner());
    let sizes = (answer_texts.input_ids.dims()[1], counts.len());
    QuestionBatch {
        pixel_values: case.pictures(),
        questions: case.texts("question"),
        words: AnswerWords::new(&answers, &case.floats("answer_weights").values, sizes, &device).unwrap(),
        answers: answer_texts,
        question_of: case.places(&question_of),
    }
}

fn text(input_ids: Vec<u32>) -> TextInput {
    TextInput { attention_mask: vec![true; input_ids.len()], words: vec![None; input_ids.len()], input_ids }
}

#[test]
fn albef_downstream_question_states() {
    let (case, model, _) = case();
    let states = model.question_states(case.pictures(), &case.texts("question"), &Dropout::off());
    assert_near("question states", &values(states), &case.expected("question_states").values);
}

#[test]
fn albef_downstream_answer_losses_and_gradients() {
    let (case, model, mut teacher) = case();
    let batch = batch(&case);
    teacher.update(&model, case.momentum());
    for (name, alpha, expected) in case.losses() {
        let loss = model.loss(&Tape::off(), &batch, alpha.map(|alpha| (teacher.module(), alpha)), &Dropout::off());
        assert_near(&name, &values(loss.clone()), &expected);
        if name == "alpha0.4" {
            let gradients = case.their_names(&gradients_of(&model, &loss.backward()));
            assert_gradients("answers", &gradients, &case.gradients("alpha0.4/"));
        }
    }
}

#[test]
fn albef_downstream_answers_of_a_closed_list() {
    let (case, model, _) = case();
    let model = model.valid();
    let list = AnswerList::new(case.words("candidate").into_iter().map(text).collect()).unwrap();
    let (pictures, questions) = (case.pictures(), case.texts("question"));
    let memory = model.question_memory(pictures.clone(), &questions, &Dropout::off());
    let [count, _] = questions.input_ids.dims();
    let first = values(model.first_word_probabilities(&memory, count, &list, &pictures.device()));
    assert_near("first words", &first, &case.expected("rank/first_token_probs").values);

    let k = case.golden.meta["config"]["vqa"]["k_test"].as_u64().unwrap() as usize;
    let [seed, correct] = [AnswerScore::Seed, AnswerScore::LogLikelihood]
        .map(|score| model.rank((pictures.clone(), &questions), &list, k, score));
    let ids: Vec<i64> = seed.iter().flatten().map(|answer| answer.candidate as i64).collect();
    assert_eq!(ids, case.golden.integers("vqa/expect/rank/topk_ids").values);
    let expected = &case.expected("rank/topk_probs").values;
    let found: Vec<f32> = seed.iter().flatten().map(|answer| answer.probability as f32).collect();
    assert_near("shares", &found, expected);
    // The reference's scores hold the first word's probability twice: without one of them they are ours.
    let candidates = case.words("candidate").len();
    for (question, (seed, correct)) in seed.iter().zip(&correct).enumerate() {
        let first = &first[question * candidates..][..candidates];
        let once: Vec<f64> = seed.iter().map(|a| a.probability / f64::from(first[a.candidate])).collect();
        let sum: f64 = once.iter().sum();
        let mut moved = 0.0_f64;
        for answer in correct {
            let at = seed.iter().position(|other| other.candidate == answer.candidate).unwrap();
            let expected = (once[at] / sum) as f32;
            assert_near("counted once", &[answer.probability as f32], &[expected]);
            moved = moved.max((answer.probability - seed[at].probability).abs());
        }
        assert!(moved > 1e-3, "the first word counts for nothing");
        assert!(correct.is_sorted_by(|a, b| a.probability >= b.probability));
    }
}

#[test]
fn albef_downstream_written_answers_are_as_likely_as_their_words() {
    let (case, model, _) = case();
    let model = model.valid();
    let (start, end) = (case.words("answer")[0][0], *case.words("answer")[0].last().unwrap());
    let search = |beams| Search { start, end, beams: NonZeroUsize::new(beams).unwrap(), longest: 3 };
    let (pictures, questions) = (case.pictures(), case.texts("question"));
    let greedy = model.generate(pictures.clone(), &questions, search(1));
    let beams = model.generate(pictures.clone(), &questions, search(4));
    for (question, (greedy, beams)) in greedy.iter().zip(&beams).enumerate() {
        assert!(beams.is_sorted_by(|a, b| a.log_likelihood >= b.log_likelihood) && beams.len() == 4);
        assert!(beams[0].log_likelihood >= greedy[0].log_likelihood - 1e-6);
        let whole = |answer: &tuwen::downstream::answers::Generated| {
            let end = answer.ended.then_some(end);
            text(std::iter::once(start).chain(answer.words.iter().copied()).chain(end).collect())
        };
        let list = AnswerList::new(beams.iter().map(whole).collect()).unwrap();
        let ranked = model.rank((pictures.clone(), &questions), &list, beams.len(), AnswerScore::LogLikelihood);
        let sum: f64 = beams.iter().map(|answer| answer.log_likelihood.exp()).sum();
        for answer in &ranked[question] {
            let expected = beams[answer.candidate].log_likelihood.exp() / sum;
            assert_near("share", &[answer.probability as f32], &[expected as f32]);
        }
    }
}

#[test]
fn albef_downstream_padding_of_a_question_is_not_looked_at() {
    let (case, model, _) = case();
    let model = model.valid();
    let list = AnswerList::new(case.words("candidate").into_iter().map(text).collect()).unwrap();
    let (pictures, questions) = (case.pictures(), case.words("question"));
    let all = model.rank((pictures.clone(), &case.texts("question")), &list, 9, AnswerScore::default());
    for (row, question) in questions.into_iter().enumerate() {
        let length = question.len();
        let alone = tuwen::train::albef::downstream::Texts {
            input_ids: case.places(&question.iter().map(|&id| i64::from(id)).collect::<Vec<_>>()).reshape([1, length]),
            attention_mask: Tensor::from_data(TensorData::new(vec![true; length], [1, length]), &pictures.device()),
        };
        let picture = pictures.clone().narrow(0, row, 1);
        let ranked = model.rank((picture, &alone), &list, 9, AnswerScore::default());
        for (a, b) in ranked[0].iter().zip(&all[row]) {
            assert_eq!(a.candidate, b.candidate);
            assert_near("alone", &[a.probability as f32], &[b.probability as f32]);
        }
    }
}
