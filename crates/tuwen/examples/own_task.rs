//! An own task: ALBEF's image encoder with a new head learns which kind of emoji a picture shows.

use std::process::ExitCode;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use tuwen::data::{Record, Source, Visit};
use tuwen::encoder::{Vit, VitConfig, initialise};
use tuwen::train::objective::{Objective, Outcome, OwnResult, Pass, Recipe, Sets, SetsSection};
use tuwen::train::{Purpose, albef, unibert::TagList};
use tuwen::{ops::Linear, vision::Normalisation, vision::PixelPlanes};

#[derive(Serialize, Deserialize)]
struct Task {
    data: SetsSection,
    encoder: VitConfig,
    initializer_range: f64,
}

struct Kinds(Recipe<Task>, Sets, TagList);

#[derive(Module, Debug)]
struct Classifier {
    encoder: Vit,
    head: Linear,
}

impl Objective for Kinds {
    type Example = (PixelPlanes, u32);
    type Model = Classifier;
    type Beside = ();
    fn source(&self, purpose: Purpose) -> Arc<dyn Source> {
        self.1.of(purpose)
    }
    fn example(&self, record: Record, _: Visit, _: Purpose) -> OwnResult<Self::Example> {
        let kinds = self.2.numbers(&record.tags.unwrap_or_default());
        let pixels = PixelPlanes::of(&albef::picture_of(&record.visual)?, Normalisation::CLIP);
        Ok((pixels, *kinds.first().ok_or("expected a known kind")?))
    }
    fn model(&self, device: &Device) -> Classifier {
        let Task { encoder, initializer_range, .. } = &self.0.task;
        let head = Linear::init(encoder.hidden_size, self.2.len(), device);
        initialise(Classifier { encoder: encoder.init(device), head }, *initializer_range, self.0.seed)
    }
    fn forward(&self, model: &Classifier, examples: &[Self::Example], pass: Pass<'_, Self>) -> OwnResult<Outcome> {
        let (pictures, kinds): (Vec<_>, Vec<_>) = examples.iter().map(|(pixels, kind)| (pixels, *kind)).unzip();
        let states = model.encoder.forward(albef::pixel_tensor(&pictures, pass.device)); // [B, 1 + P, H]
        Ok(Outcome::default().classes("kind", 1.0, model.head.forward(states.narrow(1, 0, 1).squeeze_dim(1)), kinds))
    }
}

fn main() -> ExitCode {
    tuwen::commands::train_own("own_task.toml", include_str!("own_task.toml"), |recipe: Recipe<Task>| {
        let data = recipe.task.data.open(".".as_ref())?;
        let kinds = TagList::most_frequent(usize::MAX, data.of(Purpose::Training).as_ref());
        Ok(Kinds(recipe, data, kinds))
    })
}
