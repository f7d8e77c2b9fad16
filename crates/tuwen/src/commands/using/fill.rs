//! `fill`: the words that fit the hidden places of a text.

use std::path::PathBuf;

use clap::Args;

use super::{CommandError, ModelArguments, picture};

#[derive(Debug, Args)]
pub(crate) struct FillArguments {
    /// A picture, if there is one, and a text with `[MASK]` in it
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
        [image, text] => (Some(picture(&PathBuf::from(image))?), text),
        [text, ..] => (None, text),
        [] => return Err("expected a text with `[MASK]` in it".into()),
    };
    let (model, _) = arguments.model.open()?;
    for (number, blank) in model.fill_mask(text, image.as_ref(), arguments.top)?.iter().enumerate() {
        println!("[MASK] number {}", number + 1);
        for guess in &blank.guesses {
            println!("{:5.1}%  {}", 100.0 * guess.probability, guess.word);
        }
    }
    Ok(())
}
