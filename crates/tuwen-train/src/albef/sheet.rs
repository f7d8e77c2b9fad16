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

/// Writes `retrieval-LANGUAGE.png` for each language that has captions. The queries are drawn by the recipe's seed.
pub(super) fn draw(
    assembly: &Assembly,
    model: &AlbefPretraining,
    heldout: &Heldout,
    folder: &Path,
) -> Result<Vec<PathBuf>, TrainError> {
    let (recipe, gallery, mut paths) = (&assembly.recipe, &heldout.gallery, Vec::new());
    let rerank = Some(assembly.rerank()).filter(|&candidates| candidates > 0);
    for (number, (language, captions)) in gallery.captions.iter().enumerate() {
        if captions.is_empty() {
            continue;
        }
        let relevance = gallery.relevance(number)?;
        let found = assembly.retrieve(model, heldout, number, rerank)?;
        let how = rerank.map_or(String::new(), |k| format!(", the nearest {k} put in order by matching"));
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
