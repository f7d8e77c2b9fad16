//! What the optimizer's rules do to a run.

use tuwen::encoder::{Weights, weights_of};
use tuwen::train::{Architecture, Checkpoint, StartFrom, averaged_weights};

use crate::albef_fixture::small_albef;
use crate::fixture::{device, run};

const SHORT: [&str; 4] =
    ["schedule.duration={steps=4}", "schedule.warmup={steps=1}", "evaluation.every=4", "optimizer.learning_rate=1e-2"];

fn trained(set: &[&str]) -> (Weights, Checkpoint) {
    let assembly = small_albef(&[&SHORT, set].concat()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    run(&assembly, folder.path(), StartFrom::Scratch).unwrap();
    let first = weights_of(assembly.model(&assembly.start(&device().autodiff())));
    (first, Checkpoint::newest(&folder.path().join("checkpoints"), |error| panic!("{error}")).unwrap())
}

fn moved(before: &Weights, after: &Weights, prefix: &str) -> [usize; 2] {
    let names = before.keys().filter(|name| name.starts_with(prefix));
    let (moved, still): (Vec<&String>, Vec<&String>) = names.partition(|name| before[*name] != after[*name]);
    [moved.len(), still.len()]
}

#[test]
fn frozen_weights_stay_and_the_others_move() {
    let set = ["optimizer.frozen=[\"encoder.vision.\", \"temperature\"]"];
    let (before, after) = trained(&set);
    let [vision, temperature, text] =
        ["encoder.vision.", "temperature", "encoder.text_layers."].map(|part| moved(&before, &after.model, part));
    assert!(vision[0] == 0 && vision[1] > 10, "{vision:?}");
    assert_eq!(temperature, [0, 1]);
    assert!(text[0] > 5, "{text:?}");
    let of_frozen = |name: &&String| name.contains("encoder.vision.") || name.ends_with("temperature");
    assert_eq!(after.optimizer.keys().find(of_frozen), None);
}

/// After four steps with half of it kept, the average is ⅛ w₁ + ⅛ w₂ + ¼ w₃ + ½ w₄; what is checked here is that it lies
/// apart from the weights and within the way they went.
#[test]
fn the_average_of_the_weights_is_saved_and_follows_them() {
    let (before, after) = trained(&["optimizer.average=0.5"]);
    let averaged = averaged_weights(&after.model, &after.optimizer);
    let name = "encoder.text_projection.weight";
    let [start, end, average] = [&before, &after.model, &averaged].map(|weights| weights[name].values.clone());
    let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from((a - b).powi(2))).sum::<f64>().sqrt();
    let (way, rest) = (apart(&start, &end), apart(&average, &end));
    assert!(rest > 0.0 && rest < 0.8 * way, "{rest} of {way}");
}

#[test]
fn a_freezing_rule_for_nothing_is_refused_before_any_step() {
    let assembly = small_albef(&["optimizer.frozen=[\"encoder.visoin\"]"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = run(&assembly, folder.path(), StartFrom::Scratch).unwrap_err().to_string();
    assert!(error.contains("optimizer.frozen") && error.contains("did you mean `encoder.vision"), "{error}");
}
