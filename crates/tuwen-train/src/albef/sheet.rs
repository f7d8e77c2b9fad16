//! A picture of what retrieval finds: a few queries both ways, with their first answers.

use std::path::{Path, PathBuf};

use tuwen_eval::{RetrievalGrid, Ties, first_answers, retrieval_grid, write_png};
use tuwen_random::{Draws, Stream};

use super::assemble::Heldout;
use super::{AlbefPretraining, Assembly};
use crate::TrainError;

const QUERIES: Stream = Stream::named("train.sheet_queries");
/// Queries each way.
const ROWS: usize = 6;
/// Answers shown for each.
const ANSWERS: usize = 5;

impl Assembly {
    /// Writes `retrieval-LANGUAGE.png` into `folder` for each language that has captions; returns the files. The queries are
    /// drawn by the recipe's seed.
    pub fn sheets(
        &self,
        model: &AlbefPretraining,
        heldout: &Heldout,
        folder: &Path,
    ) -> Result<Vec<PathBuf>, TrainError> {
        let (recipe, gallery, mut paths) = (&self.recipe, &heldout.gallery, Vec::new());
        let rerank = self.rerank();
        for (number, (language, captions)) in gallery.captions.iter().enumerate() {
            if captions.is_empty() {
                continue;
            }
            let relevance = gallery.relevance(number)?;
            let (aligned, reranked) = self.retrieve(model, heldout, number, rerank)?;
            let order = format!(", the nearest {rerank} put in order by matching");
            let (found, how) = reranked.map_or((aligned, String::new()), |found| (found, order));
            let title = format!("{} · {language} · {} pictures{how}", recipe.name, gallery.pictures.len());
            let mut grid = RetrievalGrid { title: &title, text_to_image: Vec::new(), image_to_text: Vec::new() };
            for query in queries(captions.len(), recipe.seed) {
                let answered = first_answers(&found.t2i, relevance.t2i(), query, ANSWERS, Ties::Pessimistic)?;
                grid.text_to_image
                    .push(answered.showing(captions[query].text.as_str(), |picture| &gallery.pictures[picture].image));
            }
            for query in queries(gallery.pictures.len(), recipe.seed.wrapping_add(1)) {
                let answered = first_answers(&found.i2t, relevance.i2t(), query, ANSWERS, Ties::Pessimistic)?;
                grid.image_to_text
                    .push(answered.showing(&gallery.pictures[query].image, |caption| captions[caption].text.as_str()));
            }
            let path = folder.join(format!("retrieval-{}.png", file_name(language)));
            write_png(&path, &retrieval_grid(&grid)?)?;
            paths.push(path);
        }
        Ok(paths)
    }
}

/// A few different numbers below `count`.
fn queries(count: usize, seed: u64) -> Vec<usize> {
    let mut order = Draws::new(seed, QUERIES, 0, 0).permutation(count);
    order.truncate(ROWS);
    order
}

/// A language is a name of a field, which could hold anything: nothing of it leaves the folder.
fn file_name(language: &str) -> String {
    language.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect()
}
