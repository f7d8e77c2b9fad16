//! `match`: how well texts fit a picture.

use std::path::PathBuf;

use clap::Args;

use super::{CommandError, ModelArguments, picture};

#[derive(Debug, Args)]
pub(crate) struct MatchArguments {
    /// A picture
    image: PathBuf,
    /// Texts to be matched with it
    #[arg(required = true)]
    texts: Vec<String>,
    #[command(flatten)]
    model: ModelArguments,
}

pub(crate) fn run(arguments: &MatchArguments) -> Result<(), CommandError> {
    let image = picture(&arguments.image)?;
    let (model, _) = arguments.model.open()?;
    let scores = model.match_scores(&image, &arguments.texts)?;
    println!("match   cosine  text");
    for (score, text) in scores.iter().zip(&arguments.texts) {
        println!("{:5.1}%  {:6.3}  {text}", 100.0 * score.probability, score.cosine);
    }
    Ok(())
}
