//! From an ALBEF recipe to the pieces of a run: records, examples, gallery.

use std::path::Path;
use std::sync::Arc;

use tuwen_data::{Loader, LoaderConfig, Source, TitleChoice, Transform, open_source};

use super::recipe::Recipe;
use super::{Example, ExampleMaker, Gallery};
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
}

/// What a run is tested on.
pub struct Heldout {
    /// Pairs in batches, always the same ones.
    pub batches: Vec<Vec<Example>>,
    /// The same records' pictures and captions.
    pub gallery: Gallery,
}

impl Assembly {
    /// Opens what `recipe` names. Relative paths are looked for where the program runs and then under `root`.
    pub fn of(recipe: Recipe, root: &Path) -> Result<Self, TrainError> {
        let mut recipe = recipe.resolved();
        recipe.data.prepare(root)?;
        locate(&mut recipe.text.vocabulary, root);
        recipe.init.locate(root);
        let open = |path: &Path| -> Result<Arc<dyn Source>, TrainError> {
            Ok(Arc::from(open_source(&recipe.data.records, path)?))
        };
        let (train, heldout) = (open(&recipe.data.train)?, open(&recipe.data.heldout)?);
        let (key, words) = ("model.encoder.text.vocab_size", recipe.model.encoder.text.vocab_size);
        let tokenizer = open_vocabulary(&recipe.text.vocabulary, key, words)?;
        let text = TextPipeline { tokenizer, layout: recipe.text.layout };
        text.layout.room()?;
        Ok(Self { recipe, train, heldout, text })
    }

    /// The loader of the training records, at their beginning.
    pub fn training_loader(&self) -> Result<Loader<Example>, TrainError> {
        let config = LoaderConfig { seed: self.recipe.seed, ..self.recipe.data.loader.clone() };
        let maker = self.maker(Purpose::Training);
        let transform: Transform<Example> = Arc::new(move |record, visit| maker.make(record, visit));
        Ok(Loader::new(Arc::clone(&self.train), transform, config)?)
    }

    /// The held-out pairs in batches and in a gallery; unreadable records are told to `report`.
    pub fn heldout_pairs(&self, report: &mut dyn FnMut(&str)) -> Result<Heldout, TrainError> {
        let (evaluation, seed) = (&self.recipe.evaluation, self.recipe.seed);
        let config = LoaderConfig { batch_size: evaluation.batch_size, seed, ..self.recipe.data.loader.clone() };
        let maker = self.maker(Purpose::Evaluation);
        let transform: Transform<(usize, Example)> =
            Arc::new(move |record, visit| Ok((visit.index, maker.make(record, visit)?)));
        let numbered = heldout_batches(&self.heldout, transform, config, evaluation.records, report)?;
        let split = |batch: Vec<(usize, Example)>| batch.into_iter().unzip();
        let (read, batches): (Vec<Vec<usize>>, Vec<Vec<Example>>) = numbered.into_iter().map(split).unzip();
        let mut read = read.concat();
        read.sort_unstable(); // the gallery stands in the order of the file
        Ok(Heldout { batches, gallery: self.gallery(&read, report) })
    }

    /// The gallery of these held-out records.
    pub fn gallery(&self, records: &[usize], report: &mut dyn FnMut(&str)) -> Gallery {
        let maker = self.maker(Purpose::Evaluation);
        let mut gallery = Gallery::new(&self.recipe.evaluation.languages);
        for &index in records {
            // What can't be read was reported with its file when its batch was made; a caption too long is new.
            let Ok(record) = self.heldout.read(index) else { continue };
            if let Err(reason) = gallery.add(&record, &maker) {
                report(&format!("{}, record `{}`: {reason}", self.recipe.data.heldout.display(), record.id));
            }
        }
        gallery
    }

    pub(super) fn maker(&self, purpose: Purpose) -> ExampleMaker {
        let recipe = &self.recipe;
        let masking = recipe.tasks.masking;
        let training = purpose == Purpose::Training;
        ExampleMaker {
            seed: recipe.seed,
            purpose,
            titles: TitleChoice::clone(&recipe.data.titles),
            caption_words: recipe.text.caption_words,
            text: self.text.clone(),
            masking,
            chinese_words: chinese_words(&masking),
            transform: recipe.vision,
            path: if training { recipe.data.train.clone() } else { recipe.data.heldout.clone() },
        }
    }

    /// What a checkpoint carries so that it can be used without the run around it.
    pub fn files(&self) -> Result<Vec<(&'static str, String)>, TrainError> {
        Ok(vec![
            ("recipe.toml", tuwen_recipe::to_toml(&self.recipe)?),
            ("tokenizer.json", self.text.tokenizer.to_json()?),
        ])
    }
}
