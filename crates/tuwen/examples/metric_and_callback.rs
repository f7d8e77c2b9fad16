//! An own metric beside a built-in recipe's, and a callback that ends the run once a third of the pairs are found.
//!
//! The metric is the gap between pictures and captions (Liang et al., arXiv:2203.02053): the distance of the mean of all
//! image features to the mean of all text features.

use burn::tensor::{Device, Tensor};
use tuwen::ops::Dropout;
use tuwen::recipe::Override;
use tuwen::train::albef::{AlbefPretraining, Assembly, Batch, Heldout};
use tuwen::train::objective::OwnResult;
use tuwen::train::{Event, Measure, Measured, RunOptions, TrainError, find_recipe, train};

fn gap(model: &AlbefPretraining, heldout: &Heldout, pad: u32) -> OwnResult<Measure> {
    let encoder = &model.encoder;
    let (mut images, mut texts) = (Vec::new(), Vec::new());
    for examples in &heldout.batches {
        let batch = Batch::new(examples, pad, &Device::flex());
        let states = encoder.text_states(batch.input_ids, &batch.attention_mask, &Dropout::off());
        texts.push(encoder.text_features(&states, &batch.attention_mask)); // [B, E]
        images.push(encoder.image_features(&encoder.image_states(batch.pixel_values))); // [B, E]
    }
    let mean = |features: Vec<Tensor<2>>| Tensor::cat(features, 0).mean_dim(0); // [1, E]
    let distance = (mean(images) - mean(texts)).powi_scalar(2).sum().sqrt();
    Ok(Measure { value: f64::from(distance.into_scalar::<f32>()), chance: None })
}

fn main() -> OwnResult<()> {
    let set = ["schedule.duration={steps=300}", "evaluation.every=50", "evaluation.records=128", "evaluation.rerank=0"];
    let set = set.iter().map(|text| Override::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let recipe = find_recipe("albef-tiny", &[], &set)?.albef().ok_or("expected an ALBEF")?;
    let assembly = Assembly::of(recipe, ".".as_ref())?;
    let pad = assembly.text.tokenizer.special_ids().pad;
    let assembly = Measured::new(assembly).with("gap", move |model, heldout| gap(model, heldout, pad));

    let run = tempfile::tempdir()?;
    let options = RunOptions::new(run.path(), Device::flex());
    let stop = options.stop.clone();
    let ended = train(&assembly, &options, &mut |event| {
        if let Event::Evaluated(step, results) = event {
            let (gap, ita) = (results.metrics["gap"].value, results.tasks["ita"]);
            println!("step {step}: gap {gap:.3}, {:.0} % of the pairs found", 100.0 * ita.accuracy);
            if ita.accuracy > 1.0 / 3.0 {
                stop.ask();
            }
        }
    });
    match ended {
        Ok(summary) => println!("ran to its end: {} steps", summary.steps),
        Err(TrainError::Stopped { step, .. }) => println!("a third are found: stopped after step {step}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
