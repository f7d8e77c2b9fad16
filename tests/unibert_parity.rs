//! UniBERT against the numbers of the QQ reference: features, scores, losses, gradients, six steps.

use burn::tensor::{Bool, Int, Tensor, TensorData};
use tuwen::core::{Aligned, FrameLabels};
use tuwen::encoder::unibert::ClipTextStates;
use tuwen::itm::ItmRule;
use tuwen::mfm::{FrameSimilarity, frame_nce_loss_seed, nce_loss, similarity};
use tuwen::ops::{AdamWForm, Dropout};
use tuwen::train::unibert::Content::{self, Clean, Masked};
use tuwen::train::unibert::recipe::MaskingViews::{Joint, Separate};

use crate::golden::{assert_gradients, assert_near, assert_trajectory, assert_weights};
use crate::unibert_case::{Case, Factors, Job, gradients, optimizer, under_their_names, values};

const FILE: &str = "unibert.safetensors";

fn case() -> Case {
    Case::open(FILE, Job::ONE)
}

fn encode(case: &Case, text: Content, frames: Content) -> ClipTextStates<Aligned> {
    case.model.encoder.forward(&case.batch().aligned(text, frames), &Dropout::off())
}

/// Every position of a part of the sequence, as rows for a head.
fn part(states: &ClipTextStates<Aligned>, start: usize, length: usize) -> Tensor<2> {
    let [batch, _, hidden] = states.hidden_states.tensor().dims();
    states.hidden_states.tensor().narrow(1, start, length).reshape([batch * length, hidden])
}

#[test]
fn unibert_features() {
    let case = case();
    let states = encode(&case, Clean, Clean);
    assert_near("features", &values(states.hidden_states.tensor()), &case.golden.floats("expect/features").values);
    let embedding = case.model.embedding(&states);
    let norm = embedding.clone().powf_scalar(2.0).sum_dim(1).sqrt();
    assert_near("embedding", &values(embedding / norm), &case.golden.floats("expect/embedding").values);
}

#[test]
fn unibert_masked_word_scores() {
    let case = case();
    let expected = case.golden.floats("expect/mlm_scores");
    let states = encode(&case, Masked, Clean);
    let text = part(&states, 1 + case.golden.size("frames"), expected.shape[1]);
    let scores = case.model.mlm.as_ref().unwrap().forward(text);
    assert_near("mlm_scores", &values(scores), &expected.values);
}

#[test]
fn unibert_masked_frame_output_and_nce() {
    let case = case();
    let golden = &case.golden;
    let expected = golden.floats("expect/mfm_output");
    let states = encode(&case, Clean, Masked);
    let head = case.model.mfm.as_ref().unwrap();
    let output = head.predict(part(&states, 1, golden.size("frames")));
    assert_near("mfm_output", &values(output.clone()), &expected.values);

    let (batch, frames, width) = (expected.shape[0], expected.shape[1], expected.shape[2]);
    let device = case.device.clone().inner();
    let clean = Tensor::<2>::from_data(
        TensorData::new(golden.floats("input/video").values.clone(), [batch * frames, width]),
        &device,
    );
    let flags = |name: &str, is: fn(i64) -> bool| -> Tensor<1, Bool> {
        let values: Vec<bool> = golden.integers(name).values.iter().map(|&v| is(v)).collect();
        Tensor::from_data(TensorData::new(values, [batch * frames]), &device)
    };
    let (valid, masked) = (flags("input/video_mask", |v| v == 1), flags("input/mfm_labels", |v| v != -100));
    for (name, measure) in [
        ("expect/mfm_nce_raw", FrameSimilarity::DotProduct),
        ("expect/mfm_nce_normalized", FrameSimilarity::Cosine { temperature: 0.1 }),
    ] {
        let expected = &golden.floats(name).values;
        let full = frame_nce_loss_seed(output.clone(), clean.clone(), valid.clone(), masked.clone(), &measure);
        assert_near(&format!("{name}, the reference's matrix"), &values(full), expected);
        // Ours: masked rows against valid frames alone, from the labels that the trainer makes.
        let FrameLabels { rows, frames, targets, .. } = case.batch().frame_labels.unwrap();
        let predicted = head.predict(states.hidden_states.rows(rows));
        let ours = nce_loss(similarity(predicted, frames, &measure), targets, None);
        assert_near(&format!("{name}, ours"), &values(ours), expected);
    }
}

#[test]
fn unibert_masked_frames_are_zeroed_as_in_the_reference() {
    let case = case();
    let ours = case.batch().aligned(Clean, Masked).frame_features();
    assert_eq!(values(ours), case.golden.floats("input/mfm_video").values);
}

#[test]
fn unibert_seed_shuffle() {
    let case = case();
    let golden = &case.golden;
    let batch = golden.integers("input/video_mask").shape[0];
    let pairing = tuwen::itm::seed_pairing(batch);
    let shuffled = case.batch().shuffled(Clean, Clean, ItmRule::Seed, &pairing);
    assert_eq!(values(shuffled.frame_features()), golden.floats("expect/itm_seed_shuffled_video").values);
    let mask: Vec<i64> = shuffled.frame_mask().int().into_data().iter::<i64>().collect();
    assert_eq!(mask, golden.integers("input/video_mask").values, "the reference leaves the mask where it is");
    let labels: Vec<f32> = pairing.matches.iter().map(|&m| f32::from(u8::from(m))).collect();
    assert_eq!(labels, golden.floats("expect/itm_seed_labels").values);
    // Ours moves both: rows of the mask follow their clips.
    let moved = case.batch().shuffled(Clean, Clean, ItmRule::Balanced, &pairing).frame_mask().int();
    let rows: Vec<i32> = pairing.frames_of.iter().map(|&row| row as i32).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [batch]), &moved.device());
    let expected = case.batch().aligned(Clean, Clean).frame_mask().int().select(0, rows);
    moved.into_data().assert_eq(&expected.into_data(), false);
}

#[test]
fn unibert_shuffle_reaches_other_tasks_only_under_the_seed() {
    let case = case();
    let batch = case.golden.integers("input/video_mask").shape[0];
    let mlm_alone = case.total(&case.model, Factors { mlm: 1.0, ..Factors::default() }, Joint);
    let mlm_beside_itm = |rule| {
        let factors = Factors { mlm: 1.0, itm: 1.0, ..Factors::default() };
        let losses = case.losses(&case.model, factors, Joint, rule, &tuwen::itm::seed_pairing(batch));
        values(losses.iter().find(|loss| loss.name == "mlm").unwrap().value.clone())[0]
    };
    let alone = values(mlm_alone)[0];
    assert_eq!(mlm_beside_itm(ItmRule::Balanced), alone, "ours: ITM changes nothing for MLM");
    assert!((mlm_beside_itm(ItmRule::Seed) - alone).abs() > 1e-5, "the seed: MLM reads the frames of other clips");
}

#[test]
fn unibert_losses_and_gradients() {
    let case = case();
    let joint = Factors { mlm: 1.0 / 1.25 / 3.0, mfm: 1.0 / 3.0 / 3.0, tag: 1250.0 / 3.0, itm: 0.0 };
    for (name, factors, masking) in [
        ("mlm", Factors { mlm: 1.0 / 1.25, ..Factors::default() }, Separate),
        ("mfm", Factors { mfm: 1.0 / 3.0, ..Factors::default() }, Separate),
        ("tag", Factors { tag: 1250.0, ..Factors::default() }, Separate),
        ("itm", Factors { itm: 1.0 / 100.0, ..Factors::default() }, Separate),
        ("tag+mlm+mfm", joint, Joint),
    ] {
        let total = case.total(&case.model, factors, masking);
        assert_near(name, &values(total.clone()), &case.golden.floats(&format!("expect/loss/{name}")).values);
        let expected = case.golden.under(&format!("grad/{name}/"));
        assert_gradients(name, &gradients(&case.model, &total), &expected);
    }
}

#[test]
fn unibert_six_steps_of_torch_adamw() {
    let case = case();
    let config = &case.golden.meta["config"];
    let factors = Factors { mlm: 1.0 / 1.25 / 3.0, mfm: 1.0 / 3.0 / 3.0, tag: 1250.0 / 3.0, itm: 0.0 };
    let expected = &case.golden.floats("expect/trajectory").values;
    let optimizer = optimizer(AdamWForm::Torch, config, &config["trajectory_lr"]);
    let (trajectory, after) = case.train(factors, optimizer, expected.len());
    assert_trajectory("trajectory", &trajectory, expected);
    assert_weights("after6", &after, &case.golden.under("expect/after6/"));
}

#[test]
fn unibert_weights_come_back_bit_for_bit() {
    let case = case();
    let mut expected = case.golden.under("weights/");
    expected.remove("roberta.bert.video_embeddings.word_embeddings.weight"); // the dead table
    assert_eq!(under_their_names(&tuwen::encoder::weights_of(&case.model)), expected);
}
