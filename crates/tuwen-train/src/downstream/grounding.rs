//! Weakly supervised grounding (RefCOCO+; ALBEF, arXiv:2107.07651, section 6): trained on pictures with expressions alone, the
//! model's own attention says which of the boxes in a picture is meant.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use tuwen_annotation::{AnnotationError, Captioned, Expression, Images, RefCocoFiles, read_expressions};
use tuwen_data::{Fingerprint, Record, Source, Visit};
use tuwen_downstream::grounding::{TextMean, text_map, upsample};
use tuwen_encoder::{Recompute, Tape, Weights, WeightsError};
use tuwen_eval::{BoxChoice, PixelMap, choose_boxes};
use tuwen_recipe::RecipeError;
use tuwen_text::TextInput;
use tuwen_vision::{Image, PixelPlanes};

use super::alignment::{Alignment, AlignmentSection, BesideAlignment};
use super::asked::asked;
use super::lists::Opened;
use super::pointed::{judged, pixel_box};
use super::{AlbefSection, CaptionList, Downstream, Lists, RecordList, Usable};
use crate::Purpose;
use crate::albef::downstream::match_maps;
use crate::albef::{AlbefPretraining, Example};
use crate::objective::{Answers, Objective, Outcome, OwnResult, Pass, Recipe};
use crate::sections::Compat;

/// What a recipe says of grounding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroundingSection {
    /// The fusion layer whose attention is looked at, from 0.
    pub layer: usize,
    /// Over which positions of a text its words' maps are averaged.
    #[serde(default)]
    pub text_mean: TextMean,
    /// Which box is taken where no score is above 0.
    #[serde(default)]
    pub box_choice: BoxChoice,
    /// A box's score is the sum of the map in it by its area to this power.
    pub area_power: f32,
    /// Expressions: to train on with their pictures alone, to test on with boxes.
    pub data: Lists<CaptionList, ExpressionList>,
    /// Losses and momentum.
    pub alignment: AlignmentSection,
    /// Texts, pictures, encoder.
    pub albef: AlbefSection,
}

/// Expressions with the boxes of their pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpressionList {
    /// ALBEF's lists, one after the other.
    pub expressions: Vec<PathBuf>,
    /// REFER's references, as JSON.
    pub references: PathBuf,
    /// COCO's pictures and annotations.
    pub instances: PathBuf,
    /// What a detector found: the candidates.
    pub detections: PathBuf,
}

/// Grounding with its records.
pub struct Grounding {
    section: GroundingSection,
    alignment: Alignment,
    records: Opened<Captioned, Expression>,
}

/// A pair to train on, or an expression to test on.
pub enum GroundingExample {
    /// To train on.
    Pair(Box<Example>),
    /// To test on.
    Expression(Box<ExpressionExample>),
}

/// An expression and its picture.
pub struct ExpressionExample {
    place: usize,
    image: Image,
    pixels: PixelPlanes,
    text: TextInput,
}

impl RecordList for ExpressionList {
    type Record = Expression;

    fn files(&self) -> Vec<&Path> {
        let Self { expressions, references, instances, detections } = self;
        expressions.iter().chain([references, instances, detections]).map(PathBuf::as_path).collect()
    }

    fn read(&self, images: &Images, usable: &mut Usable<'_>) -> Result<Vec<Expression>, AnnotationError> {
        let beside = RefCocoFiles {
            references: usable.located(&self.references),
            instances: usable.located(&self.instances),
            detections: usable.located(&self.detections),
        };
        let read = |path: &PathBuf| {
            let read = read_expressions(&usable.located(path), &beside, images)?;
            Ok(usable.of(read))
        };
        Ok(self.expressions.iter().map(read).collect::<Result<Vec<_>, AnnotationError>>()?.concat())
    }
}

impl Downstream for Grounding {
    type Section = GroundingSection;

    fn check(section: &GroundingSection) -> Result<(), RecipeError> {
        let layers = section.albef.model.encoder.text.fusion_layers;
        if section.layer >= layers {
            let reason = format!(
                "is {}, expected below `task.albef.model.encoder.text.fusion_layers` = {layers}",
                section.layer
            );
            return Err(RecipeError::invalid("layer", reason));
        }
        if !section.area_power.is_finite() {
            return Err(RecipeError::invalid(
                "area_power",
                format!("is {}, expected a finite number", section.area_power),
            ));
        }
        section.albef.check().map_err(|error| error.within("albef"))?;
        section.alignment.check().map_err(|error| error.within("alignment"))
    }

    fn resolved(section: GroundingSection) -> GroundingSection {
        let seed = section.albef.compat == Compat::Seed;
        let (text_mean, box_choice) =
            if seed { (TextMean::Seed, BoxChoice::Seed) } else { (section.text_mean, section.box_choice) };
        GroundingSection { text_mean, box_choice, albef: section.albef.resolved(), ..section }
    }

    fn fit_to(section: &mut GroundingSection, earlier: &crate::Recipe) -> Result<(), RecipeError> {
        section.albef.fit_to(earlier)
    }

    fn files(section: &GroundingSection) -> Vec<(&'static str, &Path)> {
        section.albef.beside(section.data.files())
    }

    fn open(recipe: Recipe<GroundingSection>, root: &Path) -> OwnResult<Self> {
        let (section, seed) = (recipe.task, recipe.seed);
        let mut records = section.data.open(root)?;
        let (sections, train) =
            ((section.alignment.clone(), section.albef.clone()), std::mem::take(&mut records.train));
        let alignment = Alignment::open(sections, (&records.images, train), seed, root)?;
        Ok(Self { section, alignment, records })
    }
}

impl Grounding {
    /// The maps of the expressions over the patches of their pictures; nothing where autodiff gives none.
    fn maps(
        &self,
        model: &AlbefPretraining,
        examples: &[&ExpressionExample],
        device: &Device,
    ) -> Option<Vec<Vec<f32>>> {
        let rows = examples.iter().map(|example| (&example.pixels, &example.text));
        let (pixels, texts) = asked(rows, self.alignment.inputs.pad(), device);
        let words = match_maps(model, pixels, &texts, self.section.layer)?;
        let maps = text_map(words, &texts.attention_mask, self.section.text_mean);
        let [_, patches] = maps.dims();
        let values: Vec<f32> = maps.into_data().iter::<f32>().collect();
        Some(values.chunks(patches).map(<[f32]>::to_vec).collect())
    }

    /// The score of each candidate.
    fn scores(&self, map: &[f32], expression: &Expression) -> OwnResult<Vec<f32>> {
        let (width, height) = expression.size;
        let (width, height) = (width as usize, height as usize);
        let whole = upsample(map, height, width).ok_or("the picture's patches are no square")?;
        let whole = PixelMap::new(height, width, whole)?;
        Ok(expression.candidates.iter().map(|of| whole.score(pixel_box(of), self.section.area_power)).collect())
    }
}

impl Objective for Grounding {
    type Example = GroundingExample;
    type Model = AlbefPretraining;
    type Beside = BesideAlignment;

    fn source(&self, purpose: Purpose) -> Arc<dyn Source> {
        match purpose {
            Purpose::Training => self.alignment.source(),
            Purpose::Evaluation => self.records.source(purpose),
        }
    }

    fn example(&self, _: Record, visit: Visit, purpose: Purpose) -> OwnResult<GroundingExample> {
        if purpose == Purpose::Training {
            return Ok(GroundingExample::Pair(Box::new(self.alignment.example(visit)?)));
        }
        let Expression { image, text, .. } = &self.records.heldout[visit.index];
        let image = self.records.picture(image)?;
        Ok(GroundingExample::Expression(Box::new(ExpressionExample {
            place: visit.index,
            pixels: self.alignment.inputs.pixels(&image, visit, (purpose, 0))?,
            image,
            text: self.alignment.inputs.caption(text)?,
        })))
    }

    fn model(&self, device: &Device) -> AlbefPretraining {
        self.alignment.model(device)
    }

    fn forward(
        &self,
        model: &AlbefPretraining,
        examples: &[GroundingExample],
        pass: Pass<'_, Self>,
    ) -> OwnResult<Outcome> {
        self.forward_on(model, examples, pass, &Tape::off())
    }

    fn forward_on<'a>(
        &self,
        model: &'a AlbefPretraining,
        examples: &[GroundingExample],
        pass: Pass<'_, Self>,
        tape: &Tape<'a>,
    ) -> OwnResult<Outcome> {
        let pair = |example: &GroundingExample| match example {
            GroundingExample::Pair(pair) => Some(Example::clone(pair)),
            GroundingExample::Expression(_) => None,
        };
        let pairs: Vec<Example> = examples.iter().filter_map(pair).collect();
        let Some(beside) = pass.beside.filter(|_| !pairs.is_empty()) else { return Ok(Outcome::default()) };
        let losses = self.alignment.losses((model, tape), &pairs, beside, (pass.step, pass.device));
        Ok(Outcome::of(losses))
    }

    fn recomputes(_: Recompute) -> bool {
        true
    }

    fn answers(
        &self,
        model: &AlbefPretraining,
        batches: &[Vec<GroundingExample>],
        device: &Device,
    ) -> OwnResult<Option<Answers>> {
        let (mut asked, mut maps, mut scores) = (Vec::new(), Vec::new(), Vec::new());
        for examples in batches {
            let examples: Vec<&ExpressionExample> = examples
                .iter()
                .filter_map(|example| match example {
                    GroundingExample::Expression(example) => Some(&**example),
                    GroundingExample::Pair(_) => None,
                })
                .collect();
            let Some(found) = self.maps(model, &examples, device) else { return Ok(None) };
            for (example, map) in examples.into_iter().zip(found) {
                scores.push(self.scores(&map, &self.records.heldout[example.place])?);
                asked.push(example);
                maps.push(map);
            }
        }
        let chosen = choose_boxes(&scores, self.section.box_choice);
        let all = asked.iter().zip(maps).zip(scores.iter().zip(&chosen));
        let answers = all.map(|((example, map), (scores, chosen))| {
            // Under `Seed` a box may be that of another expression.
            let taken = chosen.map(|(of, place)| self.records.heldout[asked[of].place].candidates[place]);
            judged(&self.records.heldout[example.place], &example.image, taken, (map, scores))
        });
        Ok(Some(Answers::shares("accuracy", answers.collect())))
    }

    fn doubts(&self) -> Vec<String> {
        self.records.doubts.clone()
    }

    fn fingerprints(&self) -> OwnResult<Vec<(&'static str, Fingerprint)>> {
        Ok(self.records.fingerprints.clone())
    }

    fn follow(&self, _: &AlbefPretraining, beside: &mut BesideAlignment) {
        beside.follow();
    }

    fn save_beside(&self, beside: &BesideAlignment) -> Weights {
        beside.save()
    }

    fn restore_beside(&self, model: &AlbefPretraining, saved: &Weights) -> Result<BesideAlignment, WeightsError> {
        self.alignment.restore(model, saved)
    }
}
