//! `embed`: unit vectors of pictures, texts or clips, into a file or as lines.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_model::{Clips, Model, ModelError, Pictures};
use tuwen_train::Recipe;

use super::clips::readable;
use super::sink::Sink;
use super::{CommandError, ModelArguments};

#[derive(Debug, Args)]
pub(crate) struct EmbedArguments {
    /// Pictures: folders, tar archives, lists of paths (.txt), single files; `-`: paths from the standard input. For a UniBERT
    /// record files as its recipe names them
    #[arg(value_name = "IMAGES")]
    places: Vec<PathBuf>,
    /// A text, besides or instead of pictures; can be given several times
    #[arg(long = "text", value_name = "TEXT")]
    texts: Vec<String>,
    /// A file with a text in each line; `-`: from the standard input
    #[arg(long, value_name = "FILE")]
    texts_from: Option<PathBuf>,
    /// Where they go: FILE.safetensors, FILE.jsonl, `-`; can be given several times
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: Vec<PathBuf>,
    /// Items that are computed together
    #[arg(long, value_name = "NUMBER", default_value_t = 16)]
    batch: usize,
    #[command(flatten)]
    model: ModelArguments,
}

/// Where results go, and what they came to.
struct Out {
    sinks: Vec<Sink>,
    done: usize,
    skipped: usize,
}

impl Out {
    /// What can't be embedded is told, counted and left out.
    fn take(&mut self, name: &str, row: Result<Vec<f32>, String>) -> Result<(), CommandError> {
        match row {
            Ok(row) => {
                self.done += 1;
                self.sinks.iter_mut().try_for_each(|sink| sink.take(name, &row))
            }
            Err(reason) => {
                self.skipped += 1;
                eprintln!("warning: skipped {reason}");
                Ok(())
            }
        }
    }
}

pub(crate) fn run(arguments: &EmbedArguments) -> Result<(), CommandError> {
    if arguments.places.is_empty() && arguments.texts.is_empty() && arguments.texts_from.is_none() {
        return Err("nothing to embed, expected IMAGES, `--text` or `--texts-from`".into());
    }
    let (model, _) = arguments.model.open()?;
    let model = model.with_batch(arguments.batch);
    let sinks = arguments.out.iter().map(|path| Sink::to(path)).collect::<Result<_, _>>()?;
    let mut out = Out { sinks, done: 0, skipped: 0 };
    for place in &arguments.places {
        match model.recipe() {
            Recipe::Albef(_) => pictures(&model, place, &mut out)?,
            Recipe::UniBert(_) => records(&model, place, &mut out)?,
        }
    }
    texts(&model, arguments.texts.iter().cloned().map(Ok), &mut out)?;
    match &arguments.texts_from {
        Some(path) if path.as_os_str() == "-" => texts(&model, lines(std::io::stdin().lock(), path), &mut out)?,
        Some(path) => {
            let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
            texts(&model, lines(std::io::BufReader::new(file), path), &mut out)?;
        }
        None => {}
    }
    let Out { sinks, done, skipped } = out;
    sinks.into_iter().try_for_each(Sink::finish)?;
    eprintln!("embedded    {done}, each of {} numbers; {skipped} skipped", model.embedding_size());
    Ok(())
}

fn lines(input: impl BufRead, path: &Path) -> impl Iterator<Item = Result<String, String>> {
    input.lines().map(move |line| line.map_err(|error| format!("{}: {error}", path.display())))
}

fn pictures(model: &Model, place: &Path, out: &mut Out) -> Result<(), CommandError> {
    let pictures = match place.as_os_str() == "-" {
        true => Pictures::list(std::io::stdin().lines().collect::<Result<Vec<_>, _>>()?),
        false => Pictures::open(place)?,
    };
    let rows = model.image_stream(0..pictures.len(), |number| pictures.read(number))?;
    for (number, row) in rows.enumerate() {
        out.take(pictures.name(number), row.map_err(|error: ModelError| error.to_string()))?;
    }
    Ok(())
}

fn texts(
    model: &Model,
    texts: impl Iterator<Item = Result<String, String>>,
    out: &mut Out,
) -> Result<(), CommandError> {
    // A model without a text stream has nothing to say against there being no text.
    let mut texts = texts.peekable();
    if texts.peek().is_none() {
        return Ok(());
    }
    let names = RefCell::new(VecDeque::new());
    let mut unreadable = None;
    let sound = texts.map_while(|text| match text {
        Ok(text) => Some(text),
        Err(reason) => {
            unreadable = Some(reason);
            None
        }
    });
    let named = sound.inspect(|text| names.borrow_mut().push_back(text.clone()));
    for row in model.text_stream(named)? {
        let name = names.borrow_mut().pop_front().unwrap_or_default();
        out.take(&name, row.map_err(|error| format!("`{name}`: {error}")))?;
    }
    unreadable.map_or(Ok(()), |reason| Err(reason.into()))
}

fn records(model: &Model, place: &Path, out: &mut Out) -> Result<(), CommandError> {
    let clips = Clips::open(model.recipe(), place)?;
    let (names, mut unreadable) = (RefCell::new(VecDeque::new()), Vec::new());
    let named = readable(&clips, |reason| unreadable.push(reason));
    let sound = named.map(|(name, clip)| {
        names.borrow_mut().push_back(name);
        clip
    });
    for row in model.clip_stream(sound)? {
        let name = names.borrow_mut().pop_front().unwrap_or_default();
        out.take(&name, row.map_err(|error| format!("`{name}`: {error}")))?;
    }
    unreadable.into_iter().try_for_each(|reason| out.take("", Err(reason)))
}
