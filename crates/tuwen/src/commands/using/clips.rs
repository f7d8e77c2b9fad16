//! The records of a data set as clips with titles, for a UniBERT.

use std::path::Path;

use tuwen_data::{Record, TitleChoice, open_source};
use tuwen_model::Clip;
use tuwen_train::Recipe;

use super::CommandError;

/// Each record's name with its clip, or why it can't be read. The title is the one in the recipe's language, or the first.
pub(super) fn clips(
    recipe: &Recipe,
    place: &Path,
) -> Result<impl Iterator<Item = Result<(String, Clip), String>>, CommandError> {
    let source = open_source(&recipe.data().records, place)?;
    let language = match &recipe.data().titles {
        TitleChoice::Fixed(language) => Some(language.clone()),
        TitleChoice::Random => None,
    };
    let clip = move |record: Record| {
        let wanted = record.titles.iter().find(|title| Some(&title.language) == language.as_ref());
        let title = wanted.or(record.titles.first()).map(|title| title.text.clone()).unwrap_or_default();
        (record.id, Clip { title, visual: record.visual })
    };
    let records = source.len();
    Ok((0..records).map(move |number| source.read(number).map(&clip).map_err(|error| error.to_string())))
}
