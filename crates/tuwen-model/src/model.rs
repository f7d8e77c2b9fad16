//! A trained model, opened from its folder.

use std::borrow::Borrow;
use std::path::Path;

use burn::tensor::Device;
use rayon::prelude::*;
use tuwen_train::{Recipe, Trained, Which};
use tuwen_vision::{Image, PixelPlanes};

use crate::albef::AlbefModel;
use crate::stream::{in_batches, where_sound};
use crate::unibert::UniBertModel;
use crate::{Blank, Clip, Embeddings, ModelError};

/// Pictures, texts or clips computed together, if nothing else is said.
const BATCH: usize = 16;

/// A trained model with its tokenizer, layout and preprocessing, on a device.
pub struct Model {
    kind: Kind,
    recipe: Recipe,
    identity: String,
    pub(crate) batch: usize,
}

enum Kind {
    Albef(Box<AlbefModel>),
    UniBert(Box<UniBertModel>),
}

/// Where a word looks at a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct WordMap {
    /// The word, its parts put together.
    pub word: String,
    /// `[P]`: a weight for each patch, row by row; [`tuwen_eval::heat_map`] draws it.
    pub map: Vec<f32>,
}

impl Model {
    /// Opens a run's folder (its newest whole checkpoint), one of its checkpoints, or an exported folder. The weights are
    /// those that the run's tests see: averaged, where the recipe asks for it. Nothing outside of the folder is read.
    ///
    /// # Errors
    /// No whole checkpoint; a recipe, a vocabulary or weights that can't be read, or don't fit each other.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, ModelError> {
        Self::of(Trained::open(folder, Which::Newest, |_| ())?, device)
    }

    /// A model that was read. Errors: weights that don't fit the recipe.
    pub fn of(trained: Trained, device: &Device) -> Result<Self, ModelError> {
        let device = device.clone().inner();
        let unfit = |source| ModelError::Weights { folder: trained.folder.clone(), source };
        let kind = match &trained.recipe {
            Recipe::Albef(recipe) => Kind::Albef(Box::new(AlbefModel::of(&trained, recipe, &device).map_err(unfit)?)),
            Recipe::UniBert(recipe) => {
                Kind::UniBert(Box::new(UniBertModel::of(&trained, recipe, &device).map_err(unfit)?))
            }
        };
        Ok(Self { kind, identity: trained.identity.clone(), recipe: trained.recipe, batch: BATCH })
    }

    /// The model with `size` items computed together, 16 by default; results differ by rounding alone.
    #[must_use]
    pub fn with_batch(mut self, size: usize) -> Self {
        self.batch = size.max(1);
        self
    }

    /// The recipe it was trained by.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// What no other model shares, in hexadecimal: embeddings that are kept must be kept under it.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// E.
    pub fn embedding_size(&self) -> usize {
        match &self.kind {
            Kind::Albef(model) => model.embedding_size(),
            Kind::UniBert(model) => model.embedding_size(),
        }
    }

    /// Whether it was trained to tell true pairs from false ones.
    pub fn matches(&self) -> bool {
        match &self.kind {
            Kind::Albef(model) => model.matches,
            Kind::UniBert(model) => model.matches(),
        }
    }

    /// Whether it was trained to fill in hidden words.
    pub fn fills(&self) -> bool {
        match &self.kind {
            Kind::Albef(model) => model.fills,
            Kind::UniBert(model) => model.fills(),
        }
    }

    /// Unit vectors `[n, E]` of pictures. Errors: a UniBERT.
    pub fn embed_images(&self, images: &[Image]) -> Result<Embeddings, ModelError> {
        self.collected(self.image_stream(images, Ok::<&Image, ModelError>)?)
    }

    /// Unit vectors `[n, E]` of texts in any language of the vocabulary. Errors: a UniBERT.
    pub fn embed_texts<T: AsRef<str>>(&self, texts: &[T]) -> Result<Embeddings, ModelError> {
        self.collected(self.text_stream(texts)?)
    }

    /// Unit vectors `[n, E]` of clips with their titles. Errors: an ALBEF, a clip that can't be made into frames.
    pub fn embed_clips(&self, clips: &[Clip]) -> Result<Embeddings, ModelError> {
        self.collected(self.clip_stream(clips.iter().cloned())?)
    }

    /// Unit vectors `[E]` of pictures one after the other, each opened by `open` when its batch is computed; the items of a
    /// batch are opened side by side. What can't be opened costs itself alone, and nothing but one batch is held.
    ///
    /// # Errors
    /// A UniBERT.
    pub fn image_stream<'a, T, I, E>(
        &'a self,
        items: impl IntoIterator<Item = T> + 'a,
        open: impl Fn(T) -> Result<I, E> + Sync + 'a,
    ) -> Result<impl Iterator<Item = Result<Vec<f32>, E>> + 'a, ModelError>
    where
        T: Send + 'a,
        I: Borrow<Image> + 'a,
        E: From<ModelError> + Send + 'a,
    {
        let albef = self.albef("embedding pictures")?;
        Ok(self.each_picture(albef, items, open, |pictures| albef.image_features(pictures)))
    }

    /// What `compute` makes of pictures, a batch at a time; those of a batch are opened side by side.
    pub(crate) fn each_picture<'a, T, I, E, R>(
        &'a self,
        albef: &'a AlbefModel,
        items: impl IntoIterator<Item = T> + 'a,
        open: impl Fn(T) -> Result<I, E> + Sync + 'a,
        compute: impl Fn(&[PixelPlanes]) -> Vec<R> + 'a,
    ) -> impl Iterator<Item = Result<R, E>> + 'a
    where
        T: Send + 'a,
        I: Borrow<Image> + 'a,
        E: From<ModelError> + Send + 'a,
        R: 'a,
    {
        let planes = move |item| -> Result<PixelPlanes, E> {
            let image = open(item)?;
            albef.planes(Borrow::<Image>::borrow(&image)).map_err(|error| E::from(error.into()))
        };
        in_batches(items, self.batch, move |batch: Vec<T>| {
            let opened: Vec<_> = batch.into_par_iter().map(&planes).collect();
            where_sound(opened, &compute)
        })
    }

    /// Unit vectors `[E]` of texts one after the other; a text that can't be tokenised costs itself alone. Errors: a UniBERT.
    pub fn text_stream<'a, T: AsRef<str> + 'a>(
        &'a self,
        texts: impl IntoIterator<Item = T> + 'a,
    ) -> Result<impl Iterator<Item = Result<Vec<f32>, ModelError>> + 'a, ModelError> {
        let albef = self.albef("embedding texts")?;
        Ok(in_batches(texts, 4 * self.batch, |batch: Vec<T>| {
            let inputs = batch.iter().map(|text| albef.input(text.as_ref()).map_err(ModelError::from)).collect();
            where_sound(inputs, |texts| albef.text_features(texts))
        }))
    }

    /// Unit vectors `[E]` of clips one after the other; a clip without usable frames costs itself alone. Errors: an ALBEF.
    pub fn clip_stream<'a>(
        &'a self,
        clips: impl IntoIterator<Item = Clip> + 'a,
    ) -> Result<impl Iterator<Item = Result<Vec<f32>, ModelError>> + 'a, ModelError> {
        let unibert = self.unibert("embedding clips")?;
        Ok(in_batches(clips, self.batch, |batch: Vec<Clip>| unibert.embed(batch)))
    }

    fn collected(&self, rows: impl Iterator<Item = Result<Vec<f32>, ModelError>>) -> Result<Embeddings, ModelError> {
        let mut embeddings = Embeddings::new(self.embedding_size());
        for row in rows {
            let fits = embeddings.push(&row?);
            debug_assert!(fits, "every row has the model's size");
        }
        Ok(embeddings)
    }

    /// The `most` likeliest words for each `[MASK]` in `text`, beside a picture, or beside an empty one: all of it of the mean
    /// colour. Errors: a UniBERT, a model that was not trained to fill in words, a text without `[MASK]` or with one behind
    /// its end.
    pub fn fill_mask(&self, text: &str, image: Option<&Image>, most: usize) -> Result<Vec<Blank>, ModelError> {
        let albef = self.albef("filling in words beside a picture")?;
        self.trained("filling in words", "mlm", self.fills())?;
        let planes = image.map(|image| albef.planes(image)).transpose()?;
        albef.fill_mask(text, planes.as_ref(), most)
    }

    /// The `most` likeliest words for each `[MASK]` in a clip's title. Errors: as [`Model::fill_mask`], and an ALBEF.
    pub fn fill_title(&self, clip: &Clip, most: usize) -> Result<Vec<Blank>, ModelError> {
        let unibert = self.unibert("filling in words of a clip's title")?;
        self.trained("filling in words", "mlm", self.fills())?;
        unibert.fill_title(clip, most)
    }

    /// Where each word of `text` looks at a picture when both are matched (Grad-CAM of the fusion layers). Errors: a UniBERT,
    /// a model that was not trained to match.
    pub fn word_maps(&self, image: &Image, text: &str) -> Result<Vec<WordMap>, ModelError> {
        let albef = self.albef("looking where words look")?;
        self.trained("looking where words look", "itm", self.matches())?;
        albef.word_maps(&albef.planes(image)?, text)
    }

    /// The candidates nearest to a text, the nearest first. Errors: a UniBERT.
    pub fn rank(&self, query: &str, candidates: &Embeddings) -> Result<Vec<crate::Ranked>, ModelError> {
        let query = self.embed_texts(&[query])?;
        Ok(candidates.rank(query.row(0), candidates.len()))
    }

    pub(crate) fn trained(&self, what: &'static str, task: &'static str, is: bool) -> Result<(), ModelError> {
        let untrained = || ModelError::Untrained { what, recipe: self.recipe.name().to_string(), task };
        is.then_some(()).ok_or_else(untrained)
    }

    pub(crate) fn albef(&self, what: &'static str) -> Result<&AlbefModel, ModelError> {
        match &self.kind {
            Kind::Albef(model) => Ok(model),
            Kind::UniBert(_) => Err(ModelError::Architecture { what, is: "a UniBERT", expected: "an ALBEF" }),
        }
    }

    pub(crate) fn unibert(&self, what: &'static str) -> Result<&UniBertModel, ModelError> {
        match &self.kind {
            Kind::UniBert(model) => Ok(model),
            Kind::Albef(_) => Err(ModelError::Architecture { what, is: "an ALBEF", expected: "a UniBERT" }),
        }
    }
}
