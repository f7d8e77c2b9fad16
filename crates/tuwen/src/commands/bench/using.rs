//! `bench use`: what a model in use costs beside its bare encoder, whose tensors are ready.

use std::path::Path;
use std::time::Instant;

use burn::module::Module as _;
use burn::tensor::Device;
use clap::Args;
use tuwen_encoder::{initialise, load_weights, weights_of};
use tuwen_model::{Model, ModelError};
use tuwen_ops::Dropout;
use tuwen_text::Tokenizer;
use tuwen_train::albef::{AlbefPretraining, pixel_tensor, text_tensors};
use tuwen_train::{Position, Recipe, Trained, find_recipe};
use tuwen_vision::{Image, TestTransform};

use super::compare::embedding_config;
use super::timing::Contest;
use crate::commands::CommandError;

const PICTURES: usize = 32;
const CAPTIONS: usize = 128;
/// Items computed together, on both sides.
const TOGETHER: usize = 8;
const CAPTION: &str = "a woman with a red hat and a very small dog beside a large blue house under the sun";

#[derive(Debug, Args)]
pub(in crate::commands) struct UseArguments {
    /// Rounds; both sides take turns
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    rounds: usize,
}

pub(super) fn run(arguments: &UseArguments, root: &Path) -> Result<(), CommandError> {
    let (trained, device) = (drawn(root)?, Device::flex());
    let Recipe::Albef(recipe) = trained.recipe.clone() else { return Err("`albef-tiny` is no ALBEF".into()) };
    let (encoder, tasks) = (&recipe.model.encoder, &recipe.tasks);
    let fresh = AlbefPretraining::init(encoder, tasks.temperature, None, &device.clone().autodiff());
    let bare = load_weights(fresh, &trained.weights)?.valid();
    let layout = recipe.text.layout;
    let input = layout.encode(&trained.tokenizer, CAPTION)?;
    let pad = trained.tokenizer.special_ids().pad;
    let model = Model::of(trained, &device)?.with_batch(TOGETHER);

    let picture = |tint: u32| Image::from_fn(256, 256, |x, y| [(x ^ tint) as u8, (y + tint) as u8, (x * y) as u8]);
    let images = (0..PICTURES as u32).map(picture).collect::<Result<Vec<_>, _>>()?;
    let transform = TestTransform { side: recipe.vision.side, normalisation: recipe.vision.normalisation };
    let planes = images[..TOGETHER].iter().map(|image| transform.planes(image)).collect::<Result<Vec<_>, _>>()?;
    let pixels = pixel_tensor(&planes.iter().collect::<Vec<_>>(), &device);
    let texts = 4 * TOGETHER;
    let (ids, mask) = text_tensors(&vec![&input; texts], pad, &device);

    let raw_pictures = || {
        for _ in 0..PICTURES / TOGETHER {
            let features = bare.encoder.image_features(&bare.encoder.image_states(pixels.clone()));
            features.sum().into_scalar::<f32>();
        }
    };
    let raw_texts = || {
        for _ in 0..CAPTIONS / texts {
            let states = bare.encoder.text_states(ids.clone(), &mask, &Dropout::off());
            bare.encoder.text_features(&states, &mask).sum().into_scalar::<f32>();
        }
    };
    let stream = || -> Result<usize, ModelError> {
        Ok(model.image_stream(&images, Ok::<&Image, ModelError>)?.filter(Result::is_ok).count())
    };
    let captions = vec![CAPTION; CAPTIONS];
    let [mut pictures, mut written] = [Contest::default(), Contest::default()];
    for round in 0..=arguments.rounds {
        let times = [timed(raw_pictures), timed(stream), timed(raw_texts), timed(|| model.embed_texts(&captions))];
        if round > 0 {
            pictures.theirs.push(times[0]);
            pictures.ours.push(times[1]);
            written.theirs.push(times[2]);
            written.ours.push(times[3]);
        }
    }
    for (name, items, contest) in [("pictures", PICTURES, pictures), ("captions", CAPTIONS, written)] {
        let ratio = contest.ratio();
        let (ours, bare) = (contest.ours.rate(items), contest.theirs.rate(items));
        println!("{name}    in use {ours}/s, bare encoder {bare}/s: {ratio:.3} of its speed");
    }
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let started = Instant::now();
    std::hint::black_box(work());
    started.elapsed().as_secs_f64()
}

/// A model of DeiT-small's width with drawn weights, as `bench compare` has it.
fn drawn(root: &Path) -> Result<Trained, CommandError> {
    let Recipe::Albef(mut recipe) = find_recipe("albef-tiny", &[], &[])? else {
        return Err("`albef-tiny` is no ALBEF".into());
    };
    let tokenizer = Tokenizer::from_file(root.join(&recipe.text.vocabulary))?;
    recipe.model.encoder = embedding_config();
    recipe.model.encoder.text.vocab_size = tokenizer.vocab_size();
    recipe.vision.side = recipe.model.encoder.vision.image_size as u32;
    let (encoder, tasks) = (&recipe.model.encoder, &recipe.tasks);
    let model = initialise(AlbefPretraining::init(encoder, tasks.temperature, None, &Device::flex()), 0.05, 42);
    Ok(Trained {
        folder: root.to_path_buf(),
        weights: weights_of(&model),
        position: Position::start(0),
        tags: Default::default(),
        identity: "drawn".to_string(),
        recipe: Recipe::Albef(recipe),
        tokenizer,
    })
}
