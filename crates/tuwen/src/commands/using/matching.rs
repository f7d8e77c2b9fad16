//! `match`: how well texts fit a picture or a clip.

use std::path::Path;

use clap::Args;
use tuwen_model::Clip;
use tuwen_train::Recipe;

use super::clips::clip;
use super::{CommandError, ModelArguments, picture};

#[derive(Debug, Args)]
pub(crate) struct MatchArguments {
    /// A picture; for a UniBERT a clip, RECORDS#NAME, or a picture as a clip of one frame
    #[arg(value_name = "IMAGE")]
    image: String,
    /// Texts to be matched with it
    #[arg(required = true)]
    texts: Vec<String>,
    #[command(flatten)]
    model: ModelArguments,
}

pub(crate) fn run(arguments: &MatchArguments) -> Result<(), CommandError> {
    let (model, _) = arguments.model.open()?;
    if let Recipe::UniBert(_) = model.recipe() {
        let clip = clip(&model, &arguments.image)?;
        let clips: Vec<Clip> = arguments.texts.iter().map(|text| clip.clone().titled(text)).collect();
        let probabilities = model.match_clips(&clips)?;
        println!("match   text");
        for (probability, text) in probabilities.iter().zip(&arguments.texts) {
            println!("{:5.1}%  {text}", 100.0 * probability);
        }
        return Ok(());
    }
    let scores = model.match_scores(&picture(Path::new(&arguments.image))?, &arguments.texts)?;
    println!("match   cosine  text");
    for (score, text) in scores.iter().zip(&arguments.texts) {
        println!("{:5.1}%  {:6.3}  {text}", 100.0 * score.probability, score.cosine);
    }
    Ok(())
}
