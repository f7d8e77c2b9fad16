//! From a recipe to the pieces of a run: records, examples, model.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use tuwen_data::{Loader, LoaderConfig, Source, Transform, open_source};
use tuwen_encoder::initialise;
use tuwen_recipe::RecipeError;
use tuwen_text::MaskingConfig;
use tuwen_vision::FrameMasking;

use super::Example;
use super::batch::BatchShape;
use super::example::ExampleMaker;
use super::model::{Heads, UniBertPretraining};
use super::plan::Plan;
use super::recipe::{FrameNegatives, Recipe, TagVocabulary};
use super::tags::TagList;
use crate::TrainError;
use crate::heldout::{Purpose, heldout_batches};
use crate::sections::locate;
use crate::tokens::{TextPipeline, chinese_words, open_vocabulary};

/// Everything a run is made of but the weights.
pub struct Assembly {
    /// The recipe, resolved.
    pub recipe: Recipe,
    /// Training records.
    pub train: Arc<dyn Source>,
    /// Held-out records.
    pub heldout: Arc<dyn Source>,
    /// Tokenizer and layout.
    pub text: TextPipeline,
    /// The tags, none if they are not trained.
    pub tags: TagList,
    /// What a batch has to know.
    pub shape: BatchShape,
    /// The passes of a step.
    pub plan: Plan,
}

impl Assembly {
    /// Opens what `recipe` names. Relative paths are looked for where the program runs and then under `root`.
    pub fn of(recipe: Recipe, root: &Path) -> Result<Self, TrainError> {
        let recipe = located(recipe.resolved(), root)?;
        let open = |path: &Path| -> Result<Arc<dyn Source>, TrainError> {
            Ok(Arc::from(open_source(&recipe.data.records, path)?))
        };
        let (train, heldout) = (open(&recipe.data.train)?, open(&recipe.data.heldout)?);
        let (key, words) = ("model.encoder.vocab_size", recipe.model.encoder.vocab_size);
        let tokenizer = open_vocabulary(&recipe.text.vocabulary, key, words)?;
        let text = TextPipeline { tokenizer, layout: recipe.text.layout };
        text.layout.room()?;
        let tags = match &recipe.tasks.tag {
            Some(tag) => TagList::build(&tag.vocabulary, train.as_ref())?,
            None => TagList::default(),
        };
        if recipe.tasks.tag.is_some() && tags.is_empty() {
            let reason = "gives no tag: the training records have none, or the file is empty";
            return Err(RecipeError::invalid("tasks.tag.vocabulary", reason).into());
        }
        let shape = BatchShape {
            pad: text.tokenizer.special_ids().pad,
            frame_dim: recipe.model.encoder.frame_dim,
            layout: recipe.model.encoder.layout,
            tags: tags.len(),
            negatives: recipe.tasks.mfm.as_ref().map_or(FrameNegatives::Distinct, |mfm| mfm.negatives),
        };
        let plan = Plan::of(&recipe.tasks);
        Ok(Self { recipe, train, heldout, text, tags, shape, plan })
    }

    /// The loader of the training records, at their beginning.
    pub fn training_loader(&self) -> Result<Loader<Example>, TrainError> {
        let config = LoaderConfig { seed: self.recipe.seed, ..self.recipe.data.loader.clone() };
        Ok(Loader::new(Arc::clone(&self.train), self.transform(Purpose::Training), config)?)
    }

    /// The held-out examples in batches, always the same ones; unreadable records are told to `report`.
    pub fn heldout_batches(&self, report: &mut dyn FnMut(&str)) -> Result<Vec<Vec<Example>>, TrainError> {
        let (evaluation, seed) = (&self.recipe.evaluation, self.recipe.seed);
        let config = LoaderConfig { batch_size: evaluation.batch_size, seed, ..self.recipe.data.loader.clone() };
        heldout_batches(&self.heldout, self.transform(Purpose::Evaluation), config, evaluation.records, report)
    }

    fn transform(&self, purpose: Purpose) -> Transform<Example> {
        let (recipe, tasks) = (&self.recipe, &self.recipe.tasks);
        let untrained_tokens = MaskingConfig { probability: 0.0, ..MaskingConfig::default() };
        let untrained_frames = FrameMasking { probability: 0.0, at_least: Default::default() };
        let token_masking = tasks.mlm.as_ref().map_or(untrained_tokens, |mlm| mlm.masking);
        let maker = ExampleMaker {
            seed: recipe.seed,
            purpose,
            titles: recipe.data.titles.clone(),
            text: self.text.clone(),
            token_masking,
            chinese_words: chinese_words(&token_masking),
            descriptor: recipe.vision.descriptor,
            frames: recipe.vision.frames,
            frame_dim: recipe.model.encoder.frame_dim,
            sampling: recipe.vision.sampling,
            frame_masking: tasks.mfm.as_ref().map_or(untrained_frames, |mfm| mfm.masking),
            tags: self.tags.clone(),
            path: if purpose == Purpose::Training { recipe.data.train.clone() } else { recipe.data.heldout.clone() },
        };
        Arc::new(move |record, visit| maker.make(record, visit))
    }

    /// A fresh model, its first weights drawn by name from the recipe's seed.
    pub fn fresh_model(&self, device: &Device) -> UniBertPretraining {
        let (model, heads) = (&self.recipe.model, Heads::of(&self.recipe, self.tags.len()));
        let fresh = UniBertPretraining::init(&model.encoder, &heads, device);
        initialise(fresh, model.initializer_range, self.recipe.seed)
    }

    /// What a checkpoint carries so that it can be used without the run around it.
    pub fn files(&self) -> Result<Vec<(&'static str, String)>, TrainError> {
        Ok(vec![
            ("recipe.toml", tuwen_recipe::to_toml(&self.recipe)?),
            ("tokenizer.json", self.text.tokenizer.to_json()?),
            ("tags.txt", self.tags.to_text()),
        ])
    }
}

fn located(mut recipe: Recipe, root: &Path) -> Result<Recipe, TrainError> {
    recipe.data.prepare(root)?;
    locate(&mut recipe.text.vocabulary, root);
    recipe.init.locate(root);
    if let Some(TagVocabulary::File(path)) = recipe.tasks.tag.as_mut().map(|tag| &mut tag.vocabulary) {
        locate(path, root);
    }
    Ok(recipe)
}
