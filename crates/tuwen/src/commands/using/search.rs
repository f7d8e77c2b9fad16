//! `search`: the pictures or clips that a text describes, or the texts that describe a picture.

use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_model::{Clips, MatchedClip, Model, ModelError};
use tuwen_train::Recipe;

use super::found::{order, sheet, table};
use super::{CommandError, ModelArguments, indexed, picture};

#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    /// A folder of pictures, a tar archive of them, or a list of paths (.txt); for a UniBERT record files as its recipe names
    /// them; with `--texts` a file with a text in each line
    #[arg(value_name = "IMAGES")]
    place: PathBuf,
    /// What to look for, in a language of the model; with `--texts` a picture
    query: String,
    /// Find the texts that describe a picture
    #[arg(long)]
    texts: bool,
    /// Results that are told
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    top: usize,
    /// Put so many of the nearest in order by the matching head, as the run's evaluation does
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    rerank: usize,
    /// Draw them on a sheet
    #[arg(long, value_name = "FILE.png")]
    sheet: Option<PathBuf>,
    /// Compute every embedding anew and keep none; otherwise those of pictures are kept in the model's folder
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    model: ModelArguments,
}

pub(crate) fn run(arguments: &SearchArguments) -> Result<(), CommandError> {
    let (model, folder) = arguments.model.open()?;
    match model.recipe() {
        Recipe::UniBert(_) => clips(&model, arguments),
        Recipe::Albef(_) if arguments.texts => texts(&model, arguments),
        Recipe::Albef(_) => pictures(&model, &folder, arguments),
    }
}

fn pictures(model: &Model, folder: &Path, arguments: &SearchArguments) -> Result<(), CommandError> {
    let index = indexed(model, folder, &arguments.place, !arguments.no_cache)?;
    let (query, pictures) = (&arguments.query, index.pictures());
    let mut gone = 0;
    let mut skip = |place, error: ModelError| {
        gone += 1;
        eprintln!("warning: skipped {}", pictures.named(place, &error.to_string()));
    };
    let found = index.search_reranked(model, query, (arguments.top, arguments.rerank), &mut skip)?;
    let (embedded, skipped) = (index.numbers().len(), index.skipped().len() + gone);
    let matched = arguments.rerank.min(embedded) - gone;
    println!("{} pictures{}; {}", embedded - gone, told(skipped), order(query, matched));
    print!("{}", table(&found, |place| pictures.name(place).to_string()));
    let Some(path) = &arguments.sheet else { return Ok(()) };
    let mut tiles = Vec::new();
    for found in &found {
        let matched = found.probability.map_or(String::new(), |share| format!("{:.1}% ", 100.0 * share));
        let label = format!("{matched}{:.3} {}", found.cosine, pictures.name(found.place));
        match pictures.read(found.place) {
            Ok(picture) => tiles.push((picture, label)),
            Err(error) => eprintln!("warning: not drawn: {}", pictures.named(found.place, &error.to_string())),
        }
    }
    sheet(path, query, &tiles)
}

fn texts(model: &Model, arguments: &SearchArguments) -> Result<(), CommandError> {
    if arguments.sheet.is_some() {
        return Err("`--sheet` draws pictures, and `--texts` finds texts".into());
    }
    let place = &arguments.place;
    let read = std::fs::read_to_string(place).map_err(|error| format!("{}: {error}", place.display()))?;
    let texts: Vec<&str> = read.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let image = picture(Path::new(&arguments.query))?;
    let embeddings = model.embed_texts(&texts)?;
    let found = model.texts_of(&image, (&texts, &embeddings), arguments.top, arguments.rerank)?;
    println!("{} texts; {}", texts.len(), order(&arguments.query, arguments.rerank.min(texts.len())));
    print!("{}", table(&found, |place| texts[place].to_string()));
    Ok(())
}

fn clips(model: &Model, arguments: &SearchArguments) -> Result<(), CommandError> {
    if arguments.texts || arguments.rerank > 0 {
        return Err(
            "a UniBERT has no embedding of a text or a clip alone: it matches every clip with the text, so `--rerank` \
                    and `--texts` are for an ALBEF"
                .into(),
        );
    }
    let (query, all) = (&arguments.query, Clips::open(model.recipe(), &arguments.place)?);
    let mut skipped = 0;
    let mut found = all.search(model, query, &mut |_, error| {
        skipped += 1;
        eprintln!("warning: skipped {error}");
    })?;
    println!("{} clips{}; by how well `{query}` matches them:", found.len(), told(skipped));
    found.truncate(arguments.top);
    for clip in &found {
        println!("{:5.1}%  {}", 100.0 * clip.probability, clip.name);
    }
    let Some(path) = &arguments.sheet else { return Ok(()) };
    let mut tiles = Vec::new();
    for MatchedClip { place, name, probability } in &found {
        let frame = all.read(*place)?.1.first_frame()?.ok_or("these clips bring no pictures to draw")?;
        tiles.push((frame, format!("{:.1}% {name}", 100.0 * probability)));
    }
    sheet(path, query, &tiles)
}

fn told(skipped: usize) -> String {
    if skipped == 0 { String::new() } else { format!(", {skipped} skipped") }
}
