//! Pictures that can be searched by text: their embeddings, computed once and kept in a file.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::index_file::{self, Kept};
use crate::{Embeddings, Model, ModelError, Pictures, Ranked};

/// Embedded pictures.
pub struct Index {
    pictures: Pictures,
    embeddings: Embeddings,
    /// The picture of each row.
    numbers: Vec<usize>,
    skipped: Vec<(usize, String)>,
}

/// How far indexing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indexing {
    /// Pictures done.
    pub done: usize,
    /// Pictures to be embedded; those whose embeddings were kept are none of them.
    pub all: usize,
}

impl Index {
    /// Embeds `pictures`, but for those whose embedding lies in the file `cache`, made by the same model of the same file (by name,
    /// size and time of change), and keeps all of them there. A cache that can't be read is made anew. Unreadable pictures are
    /// left out and can be asked for.
    ///
    /// # Errors
    /// A UniBERT, or a cache that can't be written.
    pub fn open(
        model: &Model,
        pictures: Pictures,
        cache: Option<&Path>,
        watch: &mut dyn FnMut(Indexing),
    ) -> Result<Self, ModelError> {
        let kept = cache.and_then(|cache| index_file::read(cache, model)).unwrap_or_default();
        let missing: Vec<usize> =
            (0..pictures.len()).filter(|&n| kept.get(pictures.name(n), pictures.stamp(n)).is_none()).collect();
        let mut fresh = Vec::new();
        for row in model.image_stream(missing.iter().copied(), |number| pictures.read(number))? {
            fresh.push(row.map_err(|error| error.to_string()));
            watch(Indexing { done: fresh.len(), all: missing.len() });
        }
        let changed = !missing.is_empty() || kept.len() != pictures.len();
        let (mut fresh, mut missing) = (fresh.into_iter(), missing.into_iter().peekable());
        let (mut embeddings, mut numbers, mut skipped) =
            (Embeddings::new(model.embedding_size()), Vec::new(), Vec::new());
        for number in 0..pictures.len() {
            let row = match missing.next_if_eq(&number) {
                Some(_) => fresh.next(),
                None => kept.get(pictures.name(number), pictures.stamp(number)).cloned(),
            };
            match row {
                Some(Ok(row)) if embeddings.push(&row) => numbers.push(number),
                Some(Err(reason)) => skipped.push((number, reason)),
                _ => skipped.push((number, "no embedding".to_string())),
            }
        }
        let index = Self { pictures, embeddings, numbers, skipped };
        if let Some(cache) = cache.filter(|_| changed) {
            index_file::write(cache, model, &index)?;
        }
        Ok(index)
    }

    /// Where the embeddings of the pictures at `place` are kept beside a model: a file of its own for each place.
    pub fn cache_beside(model: &Path, place: &Path) -> PathBuf {
        let place = place.canonicalize().unwrap_or_else(|_| place.to_path_buf());
        let digest = Sha256::digest(place.as_os_str().as_encoded_bytes());
        let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        model.join("embeddings").join(format!("{name}.safetensors"))
    }

    /// The pictures.
    pub fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// Their embeddings, without those that can't be read.
    pub fn embeddings(&self) -> &Embeddings {
        &self.embeddings
    }

    /// The number of the picture of each embedding.
    pub fn numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// The pictures that can't be read, and why.
    pub fn skipped(&self) -> &[(usize, String)] {
        &self.skipped
    }

    /// The `most` pictures nearest to a text, by their numbers, the nearest first. Errors: as [`Model::embed_texts`].
    pub fn search(&self, model: &Model, query: &str, most: usize) -> Result<Vec<Ranked>, ModelError> {
        let query = model.embed_texts(&[query])?;
        Ok(self.nearest(query.row(0), most))
    }

    /// The `most` pictures nearest to an embedding `[E]`, by their numbers.
    pub fn nearest(&self, query: &[f32], most: usize) -> Vec<Ranked> {
        let numbered = |ranked: Ranked| Ranked { place: self.numbers[ranked.place], ..ranked };
        self.embeddings.rank(query, most).into_iter().map(numbered).collect()
    }

    /// What is to be kept: an embedding or the reason against it for each picture.
    pub(crate) fn kept(&self) -> Kept {
        let mut kept = Kept::default();
        for (&number, row) in self.numbers.iter().zip(self.embeddings.rows()) {
            kept.insert(self.pictures.name(number), self.pictures.stamp(number), Ok(row.to_vec()));
        }
        for (number, reason) in &self.skipped {
            kept.insert(self.pictures.name(*number), self.pictures.stamp(*number), Err(reason.clone()));
        }
        kept
    }
}
