//! Where words look: the fusion with one layer in the open, Grad-CAM of it, and what a run's folder shows.

use burn::module::Module;
use burn::tensor::Tensor;
use serde_json::Value;
use tuwen::ops::Dropout;
use tuwen::train::albef::{Assembly, Batch, word_maps};
use tuwen::train::{Architecture, StartFrom};

use crate::albef_fixture::{everything, small_albef};
use crate::fixture::{device, run};

fn assembly() -> Assembly {
    small_albef(&["model.encoder.text.fusion_layers=2", "schedule.duration={steps=2}", &everything(20, 0.4)]).unwrap()
}

fn batch(assembly: &Assembly) -> Batch {
    let heldout = assembly.heldout(&mut |skipped| panic!("{skipped}")).unwrap();
    Batch::new(&heldout.batches[0], assembly.text.tokenizer.special_ids().pad, &device())
}

fn largest(values: Tensor<3>) -> f32 {
    values.abs().max().into_scalar::<f32>()
}

#[test]
fn a_layer_in_the_open_computes_what_it_computes_otherwise() {
    let assembly = assembly();
    let (batch, mask_of) = (batch(&assembly), |batch: &Batch| batch.attention_mask.clone());
    let encoder = assembly.start(&device().autodiff()).model.encoder.valid().train();
    let memory = encoder.image_memory(&encoder.image_states(batch.pixel_values.clone()));
    let texts = encoder.text_states(batch.input_ids.clone(), &mask_of(&batch), &Dropout::off());
    let plain = encoder.fuse(texts.clone(), &mask_of(&batch), &memory, &Dropout::off()).inner();
    let real = mask_of(&batch).float().unsqueeze_dim::<3>(2); // states of padding mean nothing
    for layer in [0, 1] {
        let (watched, weights) = encoder.fuse_watched(texts.clone(), &mask_of(&batch), &memory, layer);
        let apart = largest((watched.inner() - plain.clone()) * real.clone());
        assert!(apart <= 1e-5, "layer {layer}: {apart}");
        let sums = weights.expect("there is such a layer").inner().sum_dim(3).squeeze_dim::<3>(3);
        assert!(largest(sums - 1.0) <= 1e-5, "the weights of a word sum to one");
    }
    assert!(encoder.fuse_watched(texts, &mask_of(&batch), &memory, 2).1.is_none(), "there are two layers");
}

#[test]
fn each_word_has_a_map_over_the_patches() {
    let assembly = assembly();
    let batch = batch(&assembly);
    let model = assembly.start(&device().autodiff()).model.valid();
    let maps = word_maps(&model, &batch).expect("gradients");
    let vision = &assembly.recipe.model.encoder.vision;
    let patches = (vision.image_size / vision.patch_size).pow(2);
    assert_eq!(maps.dims(), [batch.len(), batch.input_ids.dims()[1], patches]);
    let values: Vec<f32> = maps.into_data().iter::<f32>().collect();
    assert!(values.iter().all(|value| value.is_finite() && *value >= 0.0));
    assert!(values.iter().any(|value| *value > 0.0));
}

#[test]
fn a_run_shows_held_out_samples_and_its_report_has_them() {
    let (folder, assembly) = (tempfile::tempdir().unwrap(), assembly());
    run(&assembly, folder.path(), StartFrom::Scratch).unwrap();
    let text = std::fs::read_to_string(folder.path().join("samples.json")).unwrap();
    let found: Value = serde_json::from_str(&text).unwrap();
    let samples = found["samples"].as_array().unwrap();
    assert_eq!((&found["step"], samples.len()), (&Value::from(2), 8));
    let mut hidden = 0;
    for sample in samples {
        let maps = sample["maps"].as_array().unwrap();
        let pictures = maps.iter().map(|map| &map["picture"]).chain([&sample["picture"]]);
        pictures.for_each(|picture| assert!(folder.path().join(picture.as_str().unwrap()).is_file(), "{picture}"));
        let tokens = sample["tokens"].as_array().unwrap();
        assert!(maps.len() <= 3 && !maps.is_empty() && !tokens.is_empty(), "{sample}");
        hidden += tokens.iter().filter(|token| token["guesses"].as_array().is_some_and(|all| all.len() == 3)).count();
    }
    assert!(hidden > 0, "nothing was hidden: {text}");
    let page = tuwen::report::report(&[folder.path().to_path_buf()]).unwrap();
    assert!(page.html.contains("Held-out samples") && page.html.contains("Where it ran"));
    assert_eq!(page.faults, [""; 0]);
}
