//! Clips, and the records of a data set as clips with titles, each read when it is asked for.

use std::path::{Path, PathBuf};

use tuwen_data::{Record, Source, TitleChoice, Visual, open_source};
use tuwen_train::Recipe;
use tuwen_vision::{Image, decode_image, split_strip};

use crate::ModelError;

/// A clip and its title.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// The title.
    pub title: String,
    /// A picture, a strip of frames, or frame features, as the model's recipe expects them.
    pub visual: Visual,
}

impl Clip {
    /// The same clip under another title.
    #[must_use]
    pub fn titled(self, title: &str) -> Self {
        Self { title: title.to_string(), ..self }
    }

    /// What can be looked at: its picture, or all frames side by side; nothing where it brings features alone. Errors: a
    /// picture that is none.
    pub fn picture(&self) -> Result<Option<Image>, ModelError> {
        Ok(match &self.visual {
            Visual::Features { .. } => None,
            Visual::Image(bytes) | Visual::Strip { bytes, .. } => Some(decode_image(bytes)?),
        })
    }

    /// Its first frame. Errors: as [`Clip::picture`], and a strip that its frames do not fill.
    pub fn first_frame(&self) -> Result<Option<Image>, ModelError> {
        Ok(match (&self.visual, self.picture()?) {
            (Visual::Strip { frames, .. }, Some(strip)) => split_strip(&strip, *frames)?.into_iter().next(),
            (_, picture) => picture,
        })
    }
}

/// Record files as clips by number. A clip's title is the one in the recipe's language, or its first.
pub struct Clips {
    source: Box<dyn Source>,
    language: Option<String>,
    place: PathBuf,
}

impl Clips {
    /// The records of a file, a folder or a pattern, in the format that `recipe` names. Errors: what can't be read so.
    pub fn open(recipe: &Recipe, place: &Path) -> Result<Self, ModelError> {
        let data = recipe.data();
        let language = match &data.titles {
            TitleChoice::Fixed(language) => Some(language.clone()),
            TitleChoice::Random => None,
        };
        Ok(Self { source: open_source(&data.records, place)?, language, place: place.to_path_buf() })
    }

    /// Where they lie.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// How many there are, unreadable ones included.
    pub fn len(&self) -> usize {
        self.source.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// Record number `number`: its name and the clip. Errors: a record that can't be read, or is not there.
    pub fn read(&self, number: usize) -> Result<(String, Clip), ModelError> {
        let Record { id, titles, visual, .. } = self.source.read(number)?;
        let wanted = titles.iter().find(|title| Some(&title.language) == self.language.as_ref());
        let title = wanted.or(titles.first()).map(|title| title.text.clone()).unwrap_or_default();
        Ok((id, Clip { title, visual }))
    }

    /// The first clip of this name; records that can't be read are passed over. Errors: none is called so.
    pub fn named(&self, name: &str) -> Result<Clip, ModelError> {
        let mut known = None;
        for (id, clip) in (0..self.len()).filter_map(|number| self.read(number).ok()) {
            if id == name {
                return Ok(clip);
            }
            known.get_or_insert(id);
        }
        Err(ModelError::NoClip { path: self.place.clone(), name: name.to_string(), known })
    }
}
