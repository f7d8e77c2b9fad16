//! Visual entailment, and position tables at another resolution, against the numbers of the reference.

use tuwen::encoder::albef::FineTuned;
use tuwen::encoder::{HostTensor, Tape, gradients_of, interpolate_positions, weights_of};
use tuwen::ops::Dropout;
use tuwen::train::albef::downstream::ClassifyingModel;

use crate::downstream_case::Case;
use crate::golden::{Golden, assert_gradients, assert_near};
use crate::unibert_case::values;

#[test]
fn albef_downstream_entailment_logits_losses_and_gradients() {
    let case = Case::open("ve", "vqa", FineTuned::Classifier);
    let classes = case.golden.floats("ve/weights/cls_head.2.bias").shape[0];
    let (model, teacher) = case.load(ClassifyingModel::init(&case.config, classes, &case.device));
    let mut teacher = teacher.expect("the file has a momentum encoder");
    teacher.update(&model, case.momentum());
    let (texts, labels) = (case.texts("text"), case.places(case.numbers("targets")));
    let logits = model.logits(case.pictures(), &texts, &Dropout::off());
    assert_near("logits", &values(logits), &case.expected("logits").values);
    for (name, alpha, expected) in case.losses() {
        let teacher = alpha.map(|alpha| (teacher.module(), alpha));
        let loss = model.loss(&Tape::off(), (case.pictures(), &texts), (labels.clone(), teacher), &Dropout::off());
        assert_near(&name, &values(loss.clone()), &expected);
        if name == "alpha0.4" {
            let gradients = case.their_names(&gradients_of(&model, &loss.backward()));
            assert_gradients("entailment", &gradients, &case.gradients("alpha0.4/"));
        }
    }
    let twin = |name: &str| {
        let (first, rest) = name.split_once('.').unwrap();
        format!("{first}_m.{rest}")
    };
    let moved = case.their_names(&weights_of(teacher.module()));
    for (name, expected) in case.golden.under("ve/expect/momentum_after/") {
        let (_, found) = moved.iter().find(|(ours, _)| twin(ours) == name).expect("every weight has a twin");
        assert_near(&name, &found.values, &expected.values);
    }
}

#[test]
fn albef_downstream_position_tables_at_another_resolution() {
    let golden = Golden::open("albef_downstream.safetensors");
    let tables = golden.under("pos_embed/input/");
    for (name, HostTensor { shape, values }) in tables {
        let side = name.split_once("to").and_then(|(_, side)| side.parse().ok()).expect("`{a}to{b}`");
        let table = HostTensor { shape: shape[1..].to_vec(), values };
        let found = interpolate_positions(&table, side).expect("a square table");
        let expected = golden.floats(&format!("pos_embed/expect/{name}"));
        assert_eq!(found.shape, expected.shape[1..]);
        assert_near(&name, &found.values, &expected.values);
    }
}
