//! `convert`: weights from one program's names and files to another's, with a card that says what they are.

mod bert;
mod card;
mod input;
mod layout;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tuwen_encoder::{Integers, Weights, write_tensors, write_whole};
use tuwen_train::TrainError;

use super::{CommandError, Program};
use input::Input;

#[derive(Debug, Args)]
pub(super) struct ConvertArguments {
    /// A run's folder, one of its checkpoints, an export, or a file of weights: safetensors, .pth, .bin
    from: PathBuf,
    /// A new or empty folder for model.safetensors, what belongs to it, and its card
    out: PathBuf,
    /// Whose names and layout
    #[arg(long = "to", value_name = "LAYOUT", value_enum)]
    layout: Layout,
    /// Attention heads of the text side, which no file of weights tells [default: its recipe's or config.json's, or width / 64]
    #[arg(long, value_name = "NUMBER")]
    heads: Option<usize>,
}

/// Whose names and layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Layout {
    /// The official ALBEF's state dict
    Albef,
    /// The QQ UniBERT's state dict
    Unibert,
    /// The text encoder as a BertModel of transformers
    HfBert,
    /// tuwen's own, to begin runs with and to use
    Tuwen,
}

/// What is written.
#[derive(Debug, Default)]
struct Output {
    weights: Weights,
    integers: Integers,
    /// Files beside the weights: name and content.
    files: Vec<(&'static str, String)>,
    /// What was left out or filled up, in words.
    notes: Vec<String>,
    /// How a program of its kind loads it.
    usage: String,
}

pub(super) fn run(arguments: &ConvertArguments, program: Program<'_>) -> Result<(), CommandError> {
    let ConvertArguments { from, out, layout, heads } = arguments;
    refuse_full(out)?;
    let input = Input::open(from)?;
    println!("read      {}", input.describe());
    for line in input.remarks() {
        println!("note      {line}");
    }
    let mut output = match layout {
        Layout::Albef => layout::albef(&input, *heads)?,
        Layout::Unibert => layout::unibert(&input)?,
        Layout::HfBert => layout::hf_bert(&input, *heads)?,
        Layout::Tuwen => layout::tuwen(&input)?,
    };
    for note in &output.notes {
        println!("note      {note}");
    }
    let card = card::write(&input, &output, &program.describe());
    output.files.push(("README.md", card));
    write(out, &output)
}

fn refuse_full(out: &Path) -> Result<(), CommandError> {
    let full = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if full || out.is_file() {
        return Err(format!("{}: is there already, expected a new or empty folder", out.display()).into());
    }
    Ok(())
}

fn write(out: &Path, output: &Output) -> Result<(), CommandError> {
    std::fs::create_dir_all(out).map_err(|error| TrainError::io(out, error))?;
    for (name, content) in &output.files {
        let path = out.join(name);
        write_whole(&path, content.as_bytes()).map_err(|error| TrainError::io(&path, error))?;
    }
    // `transformers` asks for this line.
    let metadata = HashMap::from([("format".to_string(), "pt".to_string())]);
    let path = out.join("model.safetensors");
    write_tensors(&path, &output.weights, &output.integers, metadata)?;
    let numbers = output.weights.values().map(|tensor| tensor.values.len()).sum::<usize>();
    let tensors = output.weights.len() + output.integers.len();
    println!("wrote     {}: {tensors} tensors, {numbers} numbers", path.display());
    let names = output.files.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    println!("beside    {names}");
    Ok(())
}
