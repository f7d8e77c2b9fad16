//! ALBEF against the numbers of the reference: features, logits, losses, queues, gradients, six steps.

use burn::module::Module as _;
use burn::tensor::Tensor;
use tuwen::encoder::{Weights, gradients_of, interpolate_positions, weights_of};
use tuwen::ita::{Positives, similarities};
use tuwen::itm::seed_negative_weights;
use tuwen::ops::Dropout;
use tuwen::train::albef::{Saving, Savings};

use crate::albef_case::{Case, How, loss, stored};
use crate::golden::{Golden, assert_gradients, assert_near, assert_trajectory, assert_weights};
use crate::unibert_case::values;

const FILE: &str = "albef.safetensors";
const SEED: How = How { alpha: 0.4, positives: Positives::OwnPairOnly, savings: ALL };
const ALL: Savings = Savings::ALL;

#[test]
fn albef_states_and_logits() {
    let case = Case::open(FILE);
    let (state, batch, off) = (case.state(), case.batch(), Dropout::off());
    let encoder = &state.model.encoder;
    let images = encoder.image_states(batch.pixel_values.clone());
    let texts = encoder.text_states(batch.input_ids.clone(), &batch.attention_mask, &off);
    let memory = encoder.image_memory(&images);
    let fused = encoder.fuse(texts.clone(), &batch.attention_mask, &memory, &off);
    let near = |name: &str, found: Tensor<3>| assert_near(name, &values(found), &case.golden.floats(name).values);
    near("expect/image_embeds", images);
    near("expect/text_embeds", texts);
    near("expect/fusion_embeds", fused);
    let masked = encoder.text_states(batch.masked_ids.clone(), &batch.attention_mask, &off);
    let [rows, length, hidden] = masked.dims();
    let fused = encoder.fuse(masked, &batch.attention_mask, &memory, &off).reshape([rows * length, hidden]);
    let logits = state.model.mlm.logits(fused, encoder.word_table());
    assert_near("mlm_logits", &values(logits), &case.golden.floats("expect/mlm_logits").values);
}

#[test]
fn albef_losses_queues_and_gradients() {
    let case = Case::open(FILE);
    for alpha in [0.0, 0.4] {
        let mut state = case.state();
        let losses = case.losses(&mut state, How { alpha, ..SEED });
        for name in ["mlm", "ita", "itm"] {
            let expected = &case.golden.floats(&format!("expect/alpha{alpha:?}/loss_{name}")).values;
            assert_near(&format!("alpha {alpha}, {name}"), &[loss(&losses, name)], expected);
        }
        if alpha == 0.0 {
            continue;
        }
        let gradients = gradients_of(&state.model, &losses.total().unwrap().backward());
        assert_gradients("total", &case.their_names(&gradients), &case.golden.under("grad/total/"));
        state.enqueue();
        let queue = state.queue.as_ref().unwrap();
        for (name, rows) in [("image", queue.image()), ("text", queue.text())] {
            let name = format!("expect/queue_after/{name}");
            assert_near(&name, &stored(&rows), &case.golden.floats(&name).values);
        }
        assert_eq!(queue.pointer() as u64, case.golden.meta["queue_ptr_after"].as_u64().unwrap());
    }
}

#[test]
fn albef_sampling_weights_of_hard_negatives() {
    let case = Case::open(FILE);
    let mut state = case.state();
    let (images, texts) = case.features(&state.model.valid().encoder);
    _ = case.losses(&mut state, SEED); // the momentum encoder moves before it is asked
    let (momentum_images, momentum_texts) = case.features(state.teacher.as_ref().unwrap().encoder.module());
    let temperature = state.model.temperature.val().inner();
    for (name, own, others) in [("t2i", texts, momentum_images), ("i2t", images, momentum_texts)] {
        // The softmax runs over the batch's columns alone, so the queue's do not matter.
        let sim = similarities(own, others, temperature.clone());
        let itself = Tensor::<2>::eye(sim.dims()[0], &sim.device()).equal_elem(1.0);
        let name = format!("expect/itm_weights_{name}");
        assert_near(&name, &values(seed_negative_weights(sim, itself)), &case.golden.floats(&name).values);
    }
}

#[test]
fn albef_six_steps() {
    let case = Case::open(FILE);
    let expected = case.golden.floats("expect/trajectory_mlm_ita_itm");
    let (trajectory, state) = case.train(SEED, &["mlm", "ita", "itm"], expected.shape[0]);
    assert_trajectory("trajectory", &trajectory.concat(), &expected.values);
    let mut after = case.their_names(&weights_of(&state.model));
    after.extend(case.momentum(&state));
    let queue = state.queue.as_ref().unwrap();
    assert_eq!(queue.pointer() as u64, case.golden.meta["queue_ptr_after_6"].as_u64().unwrap());
    let mut expected = case.golden.under("expect/after6/");
    let stored_queue = expected.remove("image_queue").unwrap();
    assert_trajectory("queue after", &stored(&queue.image()), &stored_queue.values);
    let temperature = expected.remove("temp").unwrap();
    assert_trajectory("temperature after", &after["temp"].values, &temperature.values);
    assert_weights("after6", &after, &expected);
}

#[test]
fn albef_weights_come_back_bit_for_bit() {
    let case = Case::open(FILE);
    let state = case.state();
    let mut expected = case.golden.under("weights/");
    expected.remove("image_queue");
    expected.remove("text_queue");
    let mut ours = case.their_names(&weights_of(&state.model));
    ours.extend(case.momentum(&state));
    assert_eq!(ours, expected);
}

#[test]
fn albef_savings_change_neither_losses_nor_gradients() {
    let case = Case::open(FILE);
    let run = |savings: Savings, alpha: f64| -> (Vec<f32>, Weights) {
        let mut state = case.state();
        let losses = case.losses(&mut state, How { alpha, savings, ..SEED });
        let values = ["mlm", "ita", "itm"].map(|name| loss(&losses, name)).to_vec();
        (values, gradients_of(&state.model, &losses.total().unwrap().backward()))
    };
    let off = Saving::Off;
    let singly = [
        Savings { shared_image_memory: off, ..ALL },
        Savings { one_batch: off, ..ALL },
        Savings { masked_positions: off, ..ALL },
        Savings { matching_cls: off, ..ALL },
        Savings { idle_teacher: off, ..ALL },
        Savings { packed_texts: off, ..ALL },
        Savings { fixed_shapes: off, ..ALL },
        Savings::NONE,
    ];
    for alpha in [0.0, 0.4] {
        let (losses, gradients) = run(ALL, alpha);
        for savings in singly {
            let (plain_losses, plain) = run(savings, alpha);
            assert_near("losses", &losses, &plain_losses);
            assert_eq!(gradients.keys().collect::<Vec<_>>(), plain.keys().collect::<Vec<_>>());
            for (name, expected) in &plain {
                let most = expected.values.iter().fold(1e-4_f32, |most, value| value.abs().max(most));
                let off = gradients[name].values.iter().zip(&expected.values).map(|(a, b)| (a - b).abs());
                let off = off.fold(0.0, f32::max);
                assert!(off <= 1e-5 * most, "{savings:?}: {name} is off by {off:e} of {most:e}");
            }
        }
    }
}

#[test]
fn albef_position_tables_at_another_resolution() {
    let golden = Golden::open("albef_downstream.safetensors");
    let inputs = golden.under("pos_embed/input/");
    for (name, table) in &inputs {
        let expected = golden.floats(&format!("pos_embed/expect/{name}"));
        let (side, width) = ((expected.shape[1] - 1).isqrt(), expected.shape[2]);
        let flat = tuwen::encoder::HostTensor { shape: vec![table.shape[1], width], values: table.values.clone() };
        let found = interpolate_positions(&flat, side).unwrap();
        assert_near(name, &found.values, &expected.values);
    }
}
