//! How well texts fit pictures and clips, by the matching head.

use std::borrow::Borrow;

use tuwen_vision::Image;

use crate::stream::in_batches;
use crate::{Clip, Model, ModelError};

/// How well a text and a picture fit each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatchScore {
    /// That they belong together, by the matching head.
    pub probability: f32,
    /// The cosine of their embeddings, by which search ranks.
    pub cosine: f32,
    /// By which the nearest are put in order, the higher the better: what the recipe's `evaluation.rerank_score` asks for.
    pub order: f32,
}

impl Model {
    /// How well each of `texts` fits a picture. Errors: a UniBERT, a model that was not trained to match.
    pub fn match_scores<T: AsRef<str>>(&self, image: &Image, texts: &[T]) -> Result<Vec<MatchScore>, ModelError> {
        let albef = self.albef("matching a picture with texts")?;
        self.trained("matching", "itm", self.matches())?;
        let inputs = texts.iter().map(|text| albef.input(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
        Ok(albef.match_texts(&albef.planes(image)?, &inputs, self.batch))
    }

    /// How well a text fits pictures one after the other, each opened by `open` as for [`Model::image_stream`].
    ///
    /// # Errors
    /// A UniBERT, a model that was not trained to match, a text that can't be tokenised.
    pub fn match_stream<'a, T, I, E>(
        &'a self,
        text: &str,
        items: impl IntoIterator<Item = T> + 'a,
        open: impl Fn(T) -> Result<I, E> + Sync + 'a,
    ) -> Result<impl Iterator<Item = Result<MatchScore, E>> + 'a, ModelError>
    where
        T: Send + 'a,
        I: Borrow<Image> + 'a,
        E: From<ModelError> + Send + 'a,
    {
        let albef = self.albef("matching a text with pictures")?;
        self.trained("matching", "itm", self.matches())?;
        let input = albef.input(text)?;
        Ok(self.each_picture(albef, items, open, move |pictures| albef.match_pictures(&input, pictures)))
    }

    /// For each clip the probability that its title belongs to it. Errors: an ALBEF, a model that was not trained to match, a
    /// clip that can't be made into frames.
    pub fn match_clips(&self, clips: &[Clip]) -> Result<Vec<f32>, ModelError> {
        self.match_clip_stream(clips.iter().cloned())?.collect()
    }

    /// The probabilities of [`Model::match_clips`] one after the other; a clip without usable frames costs itself alone.
    ///
    /// # Errors
    /// An ALBEF, a model that was not trained to match.
    pub fn match_clip_stream<'a>(
        &'a self,
        clips: impl IntoIterator<Item = Clip> + 'a,
    ) -> Result<impl Iterator<Item = Result<f32, ModelError>> + 'a, ModelError> {
        let unibert = self.unibert("matching clips with their titles")?;
        self.trained("matching", "itm", self.matches())?;
        Ok(in_batches(clips, self.batch, |batch: Vec<Clip>| unibert.match_scores(batch)))
    }
}
