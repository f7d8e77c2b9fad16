//! `fill`: the words that fit the hidden places of a text.

use std::path::Path;

use clap::Args;
use tuwen_model::{Blank, Model};
use tuwen_train::Recipe;

use super::clips::clip;
use super::{CommandError, ModelArguments, picture};

#[derive(Debug, Args)]
pub(crate) struct FillArguments {
    /// A picture, if there is one, and a text with `[MASK]` in it; for a UniBERT a clip, RECORDS#NAME, and its title
    #[arg(required = true, num_args = 1..=2, value_names = ["IMAGE", "TEXT"])]
    what: Vec<String>,
    /// Words for each place
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    top: usize,
    #[command(flatten)]
    model: ModelArguments,
}

pub(crate) fn run(arguments: &FillArguments) -> Result<(), CommandError> {
    let (image, text) = match arguments.what.as_slice() {
        [image, text] => (Some(image.as_str()), text),
        [text, ..] => (None, text),
        [] => return Err("expected a text with `[MASK]` in it".into()),
    };
    let (model, _) = arguments.model.open()?;
    for (number, blank) in filled(&model, image, text, arguments.top)?.iter().enumerate() {
        println!("[MASK] number {}", number + 1);
        for guess in &blank.guesses {
            println!("{:5.1}%  {}", 100.0 * guess.probability, guess.word);
        }
    }
    Ok(())
}

fn filled(model: &Model, image: Option<&str>, text: &str, top: usize) -> Result<Vec<Blank>, CommandError> {
    match (model.recipe(), image) {
        (Recipe::Albef(_), image) => {
            let image = image.map(|path| picture(Path::new(path))).transpose()?;
            Ok(model.fill_mask(text, image.as_ref(), top)?)
        }
        (Recipe::UniBert(_), Some(what)) => Ok(model.fill_title(&clip(model, what)?.titled(text), top)?),
        (Recipe::UniBert(_), None) => {
            Err("a UniBERT fills in words of a clip's title, expected RECORDS#NAME or a picture before the text".into())
        }
    }
}
