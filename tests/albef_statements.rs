//! Statements about two pictures, and what their model learns before, against the numbers of the reference.

use tuwen::downstream::statements::{SEED_TEMPERATURE, assignment_loss};
use tuwen::encoder::albef::FineTuned;
use tuwen::encoder::gradients_of;
use tuwen::ops::Dropout;
use tuwen::train::albef::downstream::{AssignmentModel, StatementModel};

use crate::downstream_case::Case;
use crate::golden::{assert_gradients, assert_near};
use crate::unibert_case::values;

#[test]
fn albef_downstream_statement_logits_losses_and_gradients() {
    let case = Case::open("nlvr", "nlvr", FineTuned::Paired);
    let (model, teacher) = case.load(StatementModel::init(&case.config, &case.device));
    let mut teacher = teacher.expect("the file has a momentum encoder");
    teacher.update(&model, case.momentum());
    let (statements, labels) = (case.texts("text"), case.places(case.numbers("targets")));
    let [batch, _] = statements.input_ids.dims();
    let pictures = [0, batch].map(|start| case.pictures().narrow(0, start, batch));
    let logits = model.logits(pictures.clone(), &statements, &Dropout::off());
    assert_near("logits", &values(logits), &case.expected("logits").values);
    for (name, alpha, expected) in case.losses() {
        let teacher = alpha.map(|alpha| (teacher.module(), alpha));
        let loss = model.loss((pictures.clone(), &statements), labels.clone(), teacher, &Dropout::off());
        assert_near(&name, &values(loss.clone()), &expected);
        if name == "alpha0.4" {
            let gradients = case.their_names(&gradients_of(&model, &loss.backward()));
            assert_gradients("statements", &gradients, &case.gradients("alpha0.4/"));
        }
    }
    // The pictures are not alike: exchanged, they give other answers.
    let [first, second] = pictures;
    let exchanged = values(model.logits([second, first], &statements, &Dropout::off()));
    let apart = exchanged.iter().zip(&case.expected("logits").values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart > 1e-3, "{apart}");
}

#[test]
fn albef_downstream_text_assignment() {
    let case = Case::open("nlvr_pretrain", "nlvr", FineTuned::Paired);
    let (model, _) = case.load(AssignmentModel::init(&case.config, &case.device));
    let states = model.encoder.image_states(case.pictures());
    let weights = model.weights(&states, SEED_TEMPERATURE);
    assert_near("weights", &values(weights), &case.expected("sampling_weights").values);
    let pictures: Vec<[usize; 2]> =
        case.numbers("pair_index").chunks(2).map(|pair| [pair[0] as usize, pair[1] as usize]).collect();
    let logits = model.logits(&states, &pictures, &case.texts("text"), &Dropout::off());
    let loss = assignment_loss(logits, case.places(case.numbers("labels")));
    assert_near("loss", &values(loss.clone()), &case.expected("loss").values);
    let gradients = gradients_of(&model, &loss.backward());
    assert!(!gradients.keys().any(|name| name.starts_with("vision_projection")), "drawing learns nothing");
    assert_gradients("assignment", &case.their_names(&gradients), &case.gradients(""));
}
