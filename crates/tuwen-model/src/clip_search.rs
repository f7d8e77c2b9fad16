//! Search over clips. A single stream has no embedding of a text or a clip alone, so every clip is read together with the
//! text, and the matching head puts them in order.

use crate::stream::{in_batches, where_sound};
use crate::{Clip, Clips, Model, ModelError};

/// A clip that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchedClip {
    /// Its number.
    pub place: usize,
    /// Its name.
    pub name: String,
    /// That the text belongs to it, by the matching head.
    pub probability: f32,
}

impl Clips {
    /// All clips by how well `text` matches them, the best first, of equal ones the earlier. Those that can't be used are told to
    /// `skip` by number, with file, record and reason. The cost is a pass over all of them.
    ///
    /// # Errors
    /// An ALBEF, a model that was not trained to match.
    pub fn search(
        &self,
        model: &Model,
        text: &str,
        skip: &mut dyn FnMut(usize, ModelError),
    ) -> Result<Vec<MatchedClip>, ModelError> {
        let unibert = model.unibert("searching clips")?;
        model.trained("matching", "itm", model.matches())?;
        let rows = in_batches(0..self.len(), model.batch, |batch: Vec<usize>| {
            let read = batch.into_iter().map(|number| self.read(number)).collect();
            let matched = |read: &[(String, Clip)]| {
                let clips = read.iter().map(|(_, clip)| clip.clone().titled(text)).collect();
                let names = read.iter().map(|(name, _)| name.clone());
                names.zip(unibert.match_scores(clips)).collect()
            };
            where_sound(read, matched)
        });
        let mut found = Vec::new();
        for (place, row) in rows.enumerate() {
            match row {
                Ok((name, Ok(probability))) => found.push(MatchedClip { place, name, probability }),
                Ok((name, Err(error))) => skip(place, self.unusable(&name, error)),
                Err(error) => skip(place, error),
            }
        }
        found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        Ok(found)
    }

    /// That clip `name` can't be matched. It was read under the text as its title, which the error names.
    fn unusable(&self, name: &str, error: ModelError) -> ModelError {
        let reason = match error {
            ModelError::Clip { reason, .. } => reason,
            other => other.to_string(),
        };
        ModelError::Record { path: self.place().to_path_buf(), name: name.to_string(), reason }
    }
}
