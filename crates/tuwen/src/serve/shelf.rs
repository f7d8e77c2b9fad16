//! What is searched: pictures with their embeddings, or the clips of a UniBERT.

use tuwen_model::{Clip, Clips, Found, Index, Model, ModelError};
use tuwen_vision::Image;

/// Pictures by an ALBEF, clips by a UniBERT.
pub(crate) enum Shelf {
    /// Found by their embeddings.
    Pictures(Index),
    /// Found by matching each of them with what is looked for.
    Clips {
        /// The records.
        clips: Clips,
        /// What each is called, or why it can't be read.
        names: Vec<Result<String, String>>,
    },
}

/// One of them, with what a search says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Listed {
    pub(super) number: usize,
    pub(super) cosine: Option<f32>,
    pub(super) probability: Option<f32>,
}

/// What a search found, and what could not be matched: its name and the reason.
pub(super) struct Search {
    pub(super) found: Vec<Listed>,
    pub(super) missed: Vec<String>,
}

impl Shelf {
    /// All clips, each read once for its name.
    pub(crate) fn of_clips(clips: Clips) -> Self {
        let name = |(id, clip): (String, Clip)| format!("{id} · {}", clip.title);
        let names =
            (0..clips.len()).map(|n| clips.read(n).map(name).map_err(|error| error.without_folders())).collect();
        Self::Clips { clips, names }
    }

    /// What they are called together.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Pictures(_) => "pictures",
            Self::Clips { .. } => "clips",
        }
    }

    /// How many can be read.
    pub(crate) fn readable(&self) -> usize {
        match self {
            Self::Pictures(index) => index.numbers().len(),
            Self::Clips { names, .. } => names.iter().flatten().count(),
        }
    }

    /// How many there are, unreadable ones included.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Pictures(index) => index.pictures().len(),
            Self::Clips { names, .. } => names.len(),
        }
    }

    /// What one is called; nothing where there is none.
    pub(super) fn name(&self, number: usize) -> &str {
        match self {
            Self::Pictures(index) if number < self.len() => index.pictures().name(number),
            Self::Pictures(_) => "",
            Self::Clips { names, .. } => match names.get(number) {
                Some(Ok(name)) => name,
                Some(Err(_)) | None => "",
            },
        }
    }

    /// What could not be read when the page began, each with the reason.
    pub(super) fn skipped(&self) -> Vec<String> {
        match self {
            Self::Pictures(index) => {
                index.skipped().iter().map(|(number, reason)| index.pictures().named(*number, reason)).collect()
            }
            Self::Clips { names, .. } => names.iter().filter_map(|name| name.as_ref().err().cloned()).collect(),
        }
    }

    /// The first of them.
    pub(super) fn first(&self, most: usize) -> Vec<Listed> {
        let readable: Vec<usize> = match self {
            Self::Pictures(index) => index.numbers().iter().take(most).copied().collect(),
            Self::Clips { names, .. } => (0..names.len()).filter(|&n| names[n].is_ok()).take(most).collect(),
        };
        readable.into_iter().map(|number| Listed { number, cosine: None, probability: None }).collect()
    }

    /// Those that a text describes; `candidates` of pictures are put in order by matching, clips all are.
    pub(super) fn search(
        &self,
        model: &Model,
        text: &str,
        (most, candidates): (usize, usize),
    ) -> Result<Search, ModelError> {
        let mut missed = Vec::new();
        let found: Vec<Listed> = match self {
            Self::Pictures(index) => {
                let mut skip = |place, error: ModelError| {
                    missed.push(index.pictures().named(place, &error.to_string()));
                };
                let found = index.search_reranked(model, text, (most, candidates), &mut skip)?.into_iter();
                let listed =
                    |Found { place, cosine, probability }| Listed { number: place, cosine: Some(cosine), probability };
                found.map(listed).collect()
            }
            Self::Clips { clips, names } => {
                let mut skip = |place: usize, error: ModelError| {
                    // What could not be read when the page began is told by `skipped`.
                    if names.get(place).is_some_and(Result::is_ok) {
                        missed.push(error.without_folders());
                    }
                };
                let found = clips.search(model, text, &mut skip)?.into_iter().take(most);
                let listed = |(place, share)| Listed { number: place, cosine: None, probability: Some(share) };
                found.map(|clip| listed((clip.place, clip.probability))).collect()
            }
        };
        Ok(Search { found, missed })
    }

    /// One to look at, in a grid or alone: of a clip its first frame, or all of them side by side. Nothing where it brings
    /// features alone.
    pub(super) fn picture(&self, number: usize, alone: bool) -> Result<Option<Image>, ModelError> {
        match self {
            Self::Pictures(index) => index.pictures().read(number).map(Some),
            Self::Clips { clips, .. } => {
                let (_, clip) = clips.read(number)?;
                if alone { clip.picture() } else { clip.first_frame() }
            }
        }
    }
}
