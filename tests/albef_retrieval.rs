//! ALBEF's retrieval fine-tuning and evaluation against the numbers of the reference.

use burn::module::Module as _;
use burn::tensor::{Int, Tensor, TensorData};
use tuwen::encoder::{Tape, gradients_of, weights_of};
use tuwen::eval::{Relevance, Rest, RetrievalTable, Scores, Ties, ranks, rerank, top_k};
use tuwen::ita::{Positives, hard_targets, positive_mask, similarities};
use tuwen::itm::{match_scores, seed_negative_weights};
use tuwen::ops::Dropout;
use tuwen::train::albef::Savings;

use crate::albef_case::{Case, How, loss, stored};
use crate::golden::{assert_gradients, assert_near, assert_trajectory, assert_weights};
use crate::unibert_case::values;

const FILE: &str = "albef_retrieval.safetensors";

fn how(alpha: f64) -> How {
    How { alpha, positives: Positives::SharedImage, savings: Savings::default() }
}

#[test]
fn albef_retrieval_targets_share_an_identity() {
    let case = Case::open(FILE);
    let (state, batch) = (case.state(), case.batch());
    let mask = positive_mask(Positives::SharedImage, &batch.keys, state.queue.as_ref().unwrap().keys(), &case.device);
    let expected = case.golden.floats("expect/ita_targets_hard");
    assert_near("hard targets", &values(hard_targets(mask)), &expected.values);
}

#[test]
fn albef_retrieval_losses_queues_and_gradients() {
    let case = Case::open(FILE);
    for (name, alpha) in [("hard", 0.0), ("alpha0.0", 0.0), ("alpha0.4", 0.4)] {
        let mut state = case.state();
        let losses = case.losses(&mut state, how(alpha));
        for task in ["ita", "itm"] {
            let expected = &case.golden.floats(&format!("expect/{name}/loss_{task}")).values;
            assert_near(&format!("{name}, {task}"), &[loss(&losses, task)], expected);
        }
        if alpha == 0.0 {
            continue;
        }
        let gradients = case.their_names(&gradients_of(&state.model, &losses.total().unwrap().backward()));
        assert_gradients("ita + itm", &gradients, &case.golden.under("grad/alpha0.4/"));
        let momentum = case.momentum(&state);
        for (name, expected) in &case.golden.under("expect/momentum_after/") {
            assert_near(name, &momentum[name].values, &expected.values);
        }
        state.enqueue();
        let queue = state.queue.as_ref().unwrap();
        for (name, rows) in [("image", queue.image()), ("text", queue.text())] {
            let name = format!("expect/queue_after/{name}");
            assert_near(&name, &stored(&rows), &case.golden.floats(&name).values);
        }
        assert_eq!(queue.pointer() as i64, case.golden.integers("expect/queue_after/ptr").values[0]);
        let identities: Vec<i64> = queue.keys().iter().map(|key| key.map_or(-100, |key| key.image as i64)).collect();
        assert_eq!(identities, case.golden.integers("expect/queue_after/idx").values);
    }
}

#[test]
fn albef_retrieval_sampling_weights_spare_the_same_identity() {
    let case = Case::open(FILE);
    let (mut state, batch) = (case.state(), case.batch());
    let (images, texts) = case.features(&state.model.valid().encoder);
    _ = case.losses(&mut state, how(0.4));
    let (momentum_images, momentum_texts) = case.features(state.teacher.as_ref().unwrap().encoder.module());
    let temperature = state.model.temperature.val().inner();
    for (name, own, others) in [("t2i", texts, momentum_images), ("i2t", images, momentum_texts)] {
        let sim = similarities(own, others, temperature.clone());
        let same = positive_mask(Positives::SharedImage, &batch.keys, &[], &sim.device());
        let name = format!("expect/itm_weights_{name}");
        assert_near(&name, &values(seed_negative_weights(sim, same)), &case.golden.floats(&name).values);
    }
}

#[test]
fn albef_retrieval_five_steps() {
    let case = Case::open(FILE);
    let expected = case.golden.floats("expect/trajectory_ita_itm");
    let (trajectory, state) = case.train(how(0.4), &["ita", "itm"], expected.shape[0]);
    assert_trajectory("trajectory", &trajectory.concat(), &expected.values);
    let mut after = case.their_names(&weights_of(&state.model));
    after.extend(case.momentum(&state));
    let queue = state.queue.as_ref().unwrap();
    let mut expected = case.golden.under("expect/after5/");
    for (name, rows) in [("image_queue", queue.image()), ("text_queue", queue.text())] {
        let expected = expected.remove(name).unwrap();
        assert_weights_near(name, &stored(&rows), &expected.values);
    }
    assert_trajectory("temperature", &after["temp"].values, &expected.remove("temp").unwrap().values);
    assert_weights("after5", &after, &expected);
}

/// Unit features after some steps: 1e-3 of the largest entry, which is at most 1.
fn assert_weights_near(what: &str, found: &[f32], expected: &[f32]) {
    let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(found.len() == expected.len() && off < 1e-3, "{what} is off by {off}");
}

#[test]
fn albef_retrieval_evaluation_and_reranking() {
    let case = Case::open(FILE);
    let (golden, model) = (&case.golden, case.state().model.valid());
    let device = case.device.clone().inner();
    let (images, ids) = (golden.floats("input/eval/image"), golden.integers("input/eval/text_ids"));
    let matrix = |name: &str| {
        let stored = golden.integers(name);
        let values: Vec<i32> = stored.values.iter().map(|&v| v as i32).collect();
        Tensor::<2, Int>::from_data(TensorData::new(values, [stored.shape[0], stored.shape[1]]), &device)
    };
    let pixels = TensorData::new(images.values.clone(), <[usize; 4]>::try_from(images.shape.clone()).unwrap());
    let mask = matrix("input/eval/text_mask").equal_elem(1);
    let image_states = model.encoder.image_states(Tensor::from_data(pixels, &device));
    let text_states = model.encoder.text_states(matrix("input/eval/text_ids"), &mask, &Dropout::off());
    let cosines = model.encoder.image_features(&image_states);
    let cosines = cosines.matmul(model.encoder.text_features(&text_states, &mask).transpose());
    let (pictures, captions) = (images.shape[0], ids.shape[0]);
    let similarity = values(cosines);
    assert_near("similarity", &similarity, &golden.floats("expect/eval/similarity_i2t").values);

    // Every pair by the matching head, of which re-ranking looks up what it needs.
    let rows = |list: Vec<i32>| {
        let count = list.len();
        Tensor::<1, Int>::from_data(TensorData::new(list, [count]), &device)
    };
    let pair = |of: fn(i32, i32) -> i32| {
        let (pictures, captions) = (pictures as i32, captions as i32);
        rows((0..pictures).flat_map(|picture| (0..captions).map(move |caption| of(picture, caption))).collect())
    };
    let (picture_rows, caption_rows) = (pair(|picture, _| picture), pair(|_, caption| caption));
    let memory = model.encoder.image_memory(&image_states).select(&picture_rows);
    let masks = mask.int().select(0, caption_rows.clone()).equal_elem(1);
    let tape = Tape::off();
    let encoder = model.encoder.on(&tape);
    let below = encoder.fuse_below(text_states.select(0, caption_rows), &masks, memory.below(), &Dropout::off());
    let cls = encoder.fuse_last_cls(below, &masks, memory.last(), &Dropout::off());
    let matching = values(match_scores(model.itm.forward(cls)));

    let i2t = Scores::new(pictures, captions, similarity).unwrap();
    let t2i = i2t.transposed();
    let counts: Vec<usize> =
        golden.integers("input/eval/captions_per_image").values.iter().map(|&count| count as usize).collect();
    let relevance = Relevance::consecutive(&counts).unwrap();
    for k in golden.meta["config"]["eval"]["k"].as_array().unwrap() {
        let k = k.as_u64().unwrap() as usize;
        let reranked = |scores: &Scores, score: &dyn Fn(usize, usize) -> f32| {
            let candidates = top_k(scores, k);
            let scored: Vec<Vec<f32>> = candidates
                .iter()
                .enumerate()
                .map(|(row, list)| list.iter().map(|&column| score(row, column)).collect())
                .collect();
            rerank(scores, &candidates, &scored, Rest::Seed).unwrap()
        };
        let i2t = reranked(&i2t, &|picture, caption| matching[picture * captions + caption]);
        let t2i = reranked(&t2i, &|caption, picture| matching[picture * captions + caption]);
        for (name, scores, right) in [("i2t", &i2t, relevance.i2t()), ("t2i", &t2i, relevance.t2i())] {
            let expected = &golden.floats(&format!("expect/eval/k{k}/scores_{name}")).values;
            assert_near(&format!("k = {k}, {name}"), scores.values(), expected);
            let found: Vec<i64> =
                ranks(scores, right, Ties::LaterFirst).unwrap().as_slice().iter().map(|&rank| rank as i64).collect();
            assert_eq!(found, golden.integers(&format!("expect/eval/k{k}/rank_{name}")).values);
        }
        assert_recall(&i2t, &t2i, &relevance, &golden.floats(&format!("expect/eval/k{k}/recall")).values);
    }
}

#[test]
fn albef_retrieval_recall_of_literal_scores() {
    let case = Case::open(FILE);
    let scores = |name: &str| {
        let stored = case.golden.floats(name);
        Scores::new(stored.shape[0], stored.shape[1], stored.values.clone()).unwrap()
    };
    let (i2t, t2i) = (scores("input/literal/scores_i2t"), scores("input/literal/scores_t2i"));
    let relevance = Relevance::consecutive(&vec![2; i2t.rows()]).unwrap();
    assert_recall(&i2t, &t2i, &relevance, &case.golden.floats("expect/literal/recall").values);
}

/// In the file's order: R@1, R@5, R@10 and their mean for image to text, the same for text to image, the mean of all.
fn assert_recall(i2t: &Scores, t2i: &Scores, relevance: &Relevance, expected: &[f32]) {
    let table = RetrievalTable::new(i2t, t2i, relevance, Ties::LaterFirst).unwrap();
    let row = |row: &tuwen::eval::RetrievalRow| [row.recall.to_vec(), vec![row.mean_recall()]].concat();
    let found = [row(&table.i2t), row(&table.t2i), vec![table.mean_recall]].concat();
    let found: Vec<f32> = found.iter().map(|&value| value as f32).collect();
    assert_near("recall", &found, expected);
}
