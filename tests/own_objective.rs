//! A task from outside of the workspace's crates: it learns, it can be interrupted anywhere, a bad record costs itself.

use std::path::Path;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use serde::{Deserialize, Serialize};
use tuwen::data::{Record, Source, Visit};
use tuwen::encoder::{HostTensor, Weights, WeightsError, initialise};
use tuwen::ops::Linear;
use tuwen::random::Stream;
use tuwen::recipe::Override;
use tuwen::train::objective::{Assembly, Numbers, Objective, Outcome, OwnResult, Pass, Recipe, Tally};
use tuwen::train::{Checkpoint, Measure, Measured, Purpose, RunOptions, Sample, StartFrom, Token, TrainError, train};

use crate::fixture::{device, run};
use crate::run_folder::assert_same_run;

const NOISE: Stream = Stream::named("test.noise");
/// The one that can't be read.
const BAD: usize = 3;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    records: usize,
    dropout: f64,
}

/// Tells apart which of four numbers is the largest; what moves beside the model is the mean of its bias.
struct Largest(Task, u64);

#[derive(Module, Debug)]
struct Scores {
    map: Linear,
}

impl Objective for Largest {
    type Example = ([f32; 4], u32);
    type Model = Scores;
    type Beside = Vec<f32>;

    fn source(&self, _: Purpose) -> Arc<dyn Source> {
        Arc::new(Numbers(self.0.records))
    }

    fn example(&self, _: Record, visit: Visit, purpose: Purpose) -> OwnResult<Self::Example> {
        if visit.index == BAD && purpose == Purpose::Training {
            return Err("the third is spoilt".into());
        }
        let label = visit.index as u32 % 4;
        let draws = visit.draws(self.1, NOISE);
        Ok((std::array::from_fn(|i| draws.uniform(i as u64) as f32 + f32::from(i as u32 == label)), label))
    }

    fn model(&self, device: &Device) -> Scores {
        initialise(Scores { map: Linear::init(4, 4, device) }, 0.1, self.1)
    }

    fn forward(&self, model: &Scores, examples: &[Self::Example], pass: Pass<'_, Self>) -> OwnResult<Outcome> {
        let rows: Vec<f32> = examples.iter().flat_map(|(row, _)| *row).collect();
        let rows = Tensor::<1>::from_floats(rows.as_slice(), pass.device).reshape([examples.len(), 4]);
        let logits = model.map.forward(pass.dropout().apply(rows, self.0.dropout));
        let size = logits.clone().powi_scalar(2).mean();
        let labels = examples.iter().map(|(_, label)| *label).collect();
        let seen = Tensor::<1, Int>::from_ints([examples.len() as i32], pass.device);
        let outcome = Outcome::default().classes("largest", 1.0, logits, labels);
        let counted = (seen, examples.len() as u64, 1.0);
        Ok(outcome.loss("size", 0.01, size.clone(), examples.len()).counted("seen", 0.0, size, counted))
    }

    fn measure(&self, _: &Scores, batches: &[Vec<Self::Example>], _: &Device, tally: &mut Tally) -> OwnResult<()> {
        tally.measured("batches", batches.len() as f64, None);
        Ok(())
    }

    fn samples(&self, _: &Scores, batches: &[Vec<Self::Example>], _: &Device, _: &Path) -> OwnResult<Vec<Sample>> {
        let token = |(row, label): &Self::Example| Token { text: format!("{label} of {row:?}"), guesses: Vec::new() };
        let sample = |example| Sample { tokens: vec![token(example)], ..Sample::default() };
        Ok(batches.iter().flatten().take(2).map(sample).collect())
    }

    fn follow(&self, model: &Scores, beside: &mut Vec<f32>) {
        let bias = model.map.bias.val().into_data().iter::<f32>().sum::<f32>();
        beside.push(bias + beside.last().copied().unwrap_or(0.0));
    }

    fn save_beside(&self, beside: &Vec<f32>) -> Weights {
        let tensor = HostTensor { shape: vec![beside.len()], values: beside.clone() };
        Weights::from([("biases".to_string(), tensor)])
    }

    fn restore_beside(&self, _: &Scores, saved: &Weights) -> Result<Vec<f32>, WeightsError> {
        Ok(saved["biases"].values.clone())
    }
}

const TEXT: &str = r#"seed = 7
[task]
records = 40
dropout = 0.2
[loader]
batch_size = 8
[optimizer]
form = "torch"
betas = [0.9, 0.999]
epsilon = 1e-8
weight_decay = 0.01
no_decay = ["bias"]
learning_rate = 0.03
max_skipped_steps = 0
[schedule]
duration = { steps = 12 }
warmup = { steps = 2 }
shape = "cosine"
[evaluation]
every = 5
batch_size = 16
[checkpoint]
every = 4
keep = 9
"#;

fn assembly(set: &[&str]) -> Result<Assembly<Largest>, TrainError> {
    let overrides: Vec<Override> = set.iter().map(|text| Override::parse(text).unwrap()).collect();
    Assembly::of(Recipe::parse("largest.toml", TEXT, &overrides)?, |recipe| Ok(Largest(recipe.task, recipe.seed)))
}

/// The run broken off at a step, without a checkpoint there.
fn broken_off<A: tuwen::train::Architecture>(assembly: &A, folder: &Path, at: u64) {
    let options = RunOptions::new(folder, device());
    let error = train(assembly, &options, &mut |event| {
        if let tuwen::train::Event::Stepped(report) = event
            && report.step == at
        {
            options.stop.ask();
        }
    });
    assert!(matches!(error, Err(TrainError::Stopped { step, .. }) if step == at));
    std::fs::remove_dir_all(folder.join(format!("checkpoints/step-{at:08}"))).unwrap();
}

#[test]
fn an_own_task_learns_and_a_bad_record_costs_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, skipped) =
        run(&assembly(&["schedule.duration={steps=150}"]).unwrap(), folder.path(), StartFrom::Scratch).unwrap();
    let result = summary.heldout.tasks["largest"];
    assert!(result.accuracy > 0.8 && result.chance == 0.25, "{result:?}");
    assert_eq!(summary.heldout.tasks["seen"].predictions, 40);
    assert_eq!(summary.heldout.metrics["batches"], Measure { value: 3.0, chance: None }); // 40 in batches of 16
    assert!(summary.heldout.metrics["loss/size"].value > 0.0);
    assert_eq!(skipped.len() as u64, summary.skipped_records);
    assert!(skipped[0].contains("largest (training), record 3: the third is spoilt"), "{}", skipped[0]);
    let weights = Checkpoint::newest(&folder.path().join("checkpoints"), |_| ()).unwrap().model;
    let names: Vec<&String> = weights.keys().collect();
    assert_eq!(names, ["beside.biases", "map.bias", "map.weight"]);
    assert_eq!(weights["beside.biases"].values.len(), 150, "it followed every step");
    let samples = std::fs::read_to_string(folder.path().join("samples.json")).unwrap();
    let samples: serde_json::Value = serde_json::from_str(&samples).unwrap();
    assert_eq!((samples["step"].as_u64(), samples["samples"].as_array().unwrap().len()), (Some(150), 2));
    assert!(samples["samples"][1]["tokens"][0]["text"].as_str().unwrap().contains(" of ["), "{samples}");
}

#[test]
fn an_own_task_goes_on_bit_for_bit_from_any_checkpoint() {
    let assembly = assembly(&[]).unwrap();
    let whole = tempfile::tempdir().unwrap();
    run(&assembly, whole.path(), StartFrom::Scratch).unwrap();
    for at in [2, 5, 7, 11] {
        let part = tempfile::tempdir().unwrap();
        broken_off(&assembly, part.path(), at);
        run(&assembly, part.path(), StartFrom::NewestCheckpoint).unwrap();
        assert_same_run(whole.path(), part.path(), &format!("broken off after step {at}"));
    }
}

#[test]
fn a_metric_from_outside_stands_beside_the_others_and_its_error_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let measured = Measured::new(assembly(&[]).unwrap()).with("weights", |model, heldout| {
        let [inputs, outputs] = model.map.weight.val().dims();
        Ok(Measure { value: (inputs * outputs * heldout.len()) as f64, chance: Some(0.0) })
    });
    let (summary, _) = run(&measured, folder.path(), StartFrom::Scratch).unwrap();
    assert_eq!(summary.heldout.metrics["weights"], Measure { value: 48.0, chance: Some(0.0) });
    let text = std::fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap();
    assert!(text.contains(r#""weights":{"chance":0.0,"value":48.0}"#), "{text}");

    let folder = tempfile::tempdir().unwrap();
    let measured = Measured::new(assembly(&[]).unwrap()).with("none", |_, _| Err("there is no such thing".into()));
    let error = run(&measured, folder.path(), StartFrom::Scratch).unwrap_err();
    assert_eq!(error.to_string(), "there is no such thing");
}

#[test]
fn an_own_recipe_is_read_as_strictly_as_a_built_in_one() {
    let error = assembly(&["task.droput=0.5"]).err().unwrap().to_string();
    assert!(error.contains("no key `task.droput`; did you mean `task.dropout`?"), "{error}");
    let error = assembly(&["compute.recompute=\"layers\""]).err().unwrap().to_string();
    assert!(error.contains("`compute.recompute` is `\"layers\"`, expected `\"nothing\"`: "), "{error}");
    let error = assembly(&["init.text=\"bert\""]).err().unwrap().to_string();
    assert!(error.contains("`init.text` is a part that this model hasn't, expected `init.from`"), "{error}");
}
