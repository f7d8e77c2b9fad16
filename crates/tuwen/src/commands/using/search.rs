//! `search`: the pictures that a text describes.

use std::path::PathBuf;

use clap::Args;
use tuwen_eval::{contact_sheet, write_png};

use super::{CommandError, ModelArguments, indexed};

#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    /// A folder of pictures, a tar archive of them, or a list of paths (.txt)
    images: PathBuf,
    /// What to look for, in a language of the model
    query: String,
    /// Pictures that are told
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    top: usize,
    /// Draw them on a sheet
    #[arg(long, value_name = "FILE.png")]
    sheet: Option<PathBuf>,
    /// Compute every embedding anew and keep none; otherwise they are kept in the model's folder
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    model: ModelArguments,
}

pub(crate) fn run(arguments: &SearchArguments) -> Result<(), CommandError> {
    let (model, folder) = arguments.model.open()?;
    let index = indexed(&model, &folder, &arguments.images, !arguments.no_cache)?;
    let found = index.search(&model, &arguments.query, arguments.top)?;
    let (readable, skipped) = (index.numbers().len(), index.skipped().len());
    let unread = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    println!("{readable} pictures{unread}; nearest to `{}`:", arguments.query);
    for ranked in &found {
        println!("{:6.3}  {}", ranked.score, index.pictures().name(ranked.place));
    }
    let Some(sheet) = &arguments.sheet else { return Ok(()) };
    let pictures = found.iter().map(|ranked| index.pictures().read(ranked.place)).collect::<Result<Vec<_>, _>>()?;
    let label = |place: usize, score: f32| format!("{score:.3} {}", index.pictures().name(place));
    let tiles: Vec<_> =
        found.iter().zip(&pictures).map(|(ranked, picture)| (picture, label(ranked.place, ranked.score))).collect();
    write_png(sheet, &contact_sheet(&arguments.query, &tiles)?)?;
    println!("drew {}", sheet.display());
    Ok(())
}
