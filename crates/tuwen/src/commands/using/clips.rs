//! What a UniBERT looks at on the command line: the records of a data set, or one clip by its name.

use std::path::Path;

use tuwen_data::Visual;
use tuwen_model::{Clip, Clips, Model, ModelError};

use super::CommandError;

/// One clip: `RECORDS#NAME`, or a picture as a clip of a single frame.
pub(super) fn clip(model: &Model, what: &str) -> Result<Clip, CommandError> {
    if let Some((records, name)) = what.rsplit_once('#').filter(|_| !Path::new(what).exists()) {
        return Ok(Clips::open(model.recipe(), Path::new(records))?.named(name)?);
    }
    let io = |source| ModelError::Io { path: what.into(), source };
    Ok(Clip { title: String::new(), visual: Visual::Image(std::fs::read(what).map_err(io)?) })
}

/// The clips among `clips` that can be read, with their names; `skip` is told of the others.
pub(super) fn readable<'a>(
    clips: &'a Clips,
    mut skip: impl FnMut(String) + 'a,
) -> impl Iterator<Item = (String, Clip)> + 'a {
    (0..clips.len()).filter_map(move |number| clips.read(number).map_err(|error| skip(error.to_string())).ok())
}
