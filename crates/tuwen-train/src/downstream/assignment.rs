//! Text assignment (ALBEF, arXiv:2107.07651, section 4): before statements, the layers for two pictures learn which of two
//! pictures a caption belongs to, or that it belongs to neither.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use tuwen_annotation::Captioned;
use tuwen_data::{Fingerprint, Record, Source, Visit};
use tuwen_downstream::statements::{ASSIGNMENT, draw_assignments};
use tuwen_encoder::{Weights, WeightsError, initialise_by_name};
use tuwen_recipe::RecipeError;
use tuwen_text::TextInput;
use tuwen_vision::PixelPlanes;

use super::asked::asked;
use super::beginning::adopted_by_pairs;
use super::lists::Opened;
use super::{AlbefSection, CaptionList, Downstream, Inputs, Lists};
use crate::Purpose;
use crate::albef::downstream::AssignmentModel;
use crate::albef::range_of;
use crate::objective::{Objective, Outcome, OwnResult, Pass, Recipe};

/// Own picture first, second, neither.
const CLASSES: usize = 3;

/// What a recipe says of text assignment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignmentSection {
    /// What similarities of pictures are divided by, when another picture is drawn.
    pub temperature: f64,
    /// Pictures with captions, of which the first of each is read in a test.
    pub data: Lists<CaptionList>,
    /// Texts, pictures, encoder; `fusion_layers` counts pairs of layers.
    pub albef: AlbefSection,
}

/// Text assignment with its records.
pub struct TextAssignment {
    section: AssignmentSection,
    seed: u64,
    inputs: Inputs,
    records: Opened<Captioned>,
    /// Picture and caption of each training record: every caption is one.
    pairs: Vec<(usize, usize)>,
}

/// A picture and its caption.
pub struct AssignmentExample {
    pixels: PixelPlanes,
    text: TextInput,
}

impl Downstream for TextAssignment {
    type Section = AssignmentSection;

    fn check(section: &AssignmentSection) -> Result<(), RecipeError> {
        if !(section.temperature.is_finite() && section.temperature > 0.0) {
            let reason = format!("is {}, expected a finite number above 0", section.temperature);
            return Err(RecipeError::invalid("temperature", reason));
        }
        section.albef.check().map_err(|error| error.within("albef"))
    }

    fn resolved(section: AssignmentSection) -> AssignmentSection {
        AssignmentSection { albef: section.albef.resolved(), ..section }
    }

    fn fit_to(section: &mut AssignmentSection, earlier: &crate::Recipe) -> Result<(), RecipeError> {
        section.albef.fit_to(earlier)
    }

    fn files(section: &AssignmentSection) -> Vec<(&'static str, &Path)> {
        section.albef.beside(section.data.files())
    }

    fn open(recipe: Recipe<AssignmentSection>, root: &Path) -> OwnResult<Self> {
        let (section, seed) = (recipe.task, recipe.seed);
        let (inputs, records) = (Inputs::open(&section.albef, seed, root)?, section.data.open(root)?);
        let captions = |(place, one): (usize, &Captioned)| (0..one.captions.len()).map(move |caption| (place, caption));
        let pairs = records.train.iter().enumerate().flat_map(captions).collect();
        Ok(Self { section, seed, inputs, records, pairs })
    }
}

impl Objective for TextAssignment {
    type Example = AssignmentExample;
    type Model = AssignmentModel;
    type Beside = ();

    fn source(&self, purpose: Purpose) -> Arc<dyn Source> {
        match purpose {
            Purpose::Training => Arc::new(crate::objective::Numbers(self.pairs.len())),
            Purpose::Evaluation => self.records.source(purpose),
        }
    }

    fn example(&self, _: Record, visit: Visit, purpose: Purpose) -> OwnResult<AssignmentExample> {
        let (place, caption) = match purpose {
            Purpose::Training => self.pairs[visit.index],
            Purpose::Evaluation => (visit.index, 0),
        };
        let Captioned { image, captions, .. } = self.records.record(purpose, place);
        Ok(AssignmentExample {
            pixels: self.inputs.pixels(&self.records.picture(image)?, visit, (purpose, 0))?,
            text: self.inputs.caption(&captions[caption])?,
        })
    }

    fn model(&self, device: &Device) -> AssignmentModel {
        let model = &self.section.albef.model;
        let fresh = AssignmentModel::init(&model.encoder, device);
        initialise_by_name(fresh, |name| range_of(name, &model.initializer_range), self.seed)
    }

    fn forward(
        &self,
        model: &AssignmentModel,
        examples: &[AssignmentExample],
        pass: Pass<'_, Self>,
    ) -> OwnResult<Outcome> {
        if pass.purpose == Purpose::Evaluation && examples.len() < CLASSES {
            return Ok(Outcome::default()); // the last batch of a test: too few pictures to choose from
        }
        let rows = examples.iter().map(|example| (&example.pixels, &example.text));
        let (pixels, captions) = asked(rows, self.inputs.pad(), pass.device);
        let states = model.encoder.image_states(pixels); // [B, 1 + P, W]
        let weights = model.weights(&states, self.section.temperature).into_data();
        let weights: Vec<f32> = weights.iter::<f32>().collect();
        let drawn = draw_assignments(&weights, examples.len(), &pass.draws(ASSIGNMENT))?;
        let logits = model.logits(&states, &drawn.pictures, &captions, &pass.dropout());
        Ok(Outcome::default().classes("assignment", 1.0, logits, drawn.classes()))
    }

    fn adopted(&self, earlier: Weights) -> Result<Weights, WeightsError> {
        let config = &self.section.albef.model.encoder;
        let fresh = AssignmentModel::init(config, &Device::flex());
        let mut adopted = adopted_by_pairs(earlier, config, fresh, |fresh, encoder| fresh.started_from(encoder))?;
        adopted.retain(|name, _| !name.starts_with("head."));
        Ok(adopted)
    }

    fn doubts(&self) -> Vec<String> {
        self.records.doubts.clone()
    }

    fn fingerprints(&self) -> OwnResult<Vec<(&'static str, Fingerprint)>> {
        Ok(self.records.fingerprints.clone())
    }
}
