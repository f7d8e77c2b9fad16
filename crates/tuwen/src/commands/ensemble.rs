//! `ensemble`: several runs of pairs as one model, by their embeddings alone.

use std::path::{Path, PathBuf};

use burn::module::Module as _;
use clap::{Args, ValueEnum};
use tuwen_encoder::{load_weights, write_whole};
use tuwen_ensemble::{Basis, Embeddings, concatenate};
use tuwen_eval::{ResultsTable, spearman};
use tuwen_train::downstream::{ClipPairs, Downstream as _, Recipe};
use tuwen_train::objective::{Objective as _, OwnError};
use tuwen_train::{AnyRecipe, INTERVALS, TrainError, find_any_recipe, open_pretrained};

use super::CommandError;
use super::embeddings::write_embeddings;
use crate::device::DeviceName;

#[derive(Debug, Args)]
pub(super) struct EnsembleArguments {
    /// Runs of pairs of clips, on the same clips
    #[arg(required = true)]
    runs: Vec<PathBuf>,
    /// The folder for embeddings and table
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// A weight for each run, such as 0.5,0.25,0.25 [default: equal ones]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    weights: Vec<f64>,
    /// Directions that are kept [default: as many as a run's embedding has]
    #[arg(long, value_name = "NUMBER")]
    components: Option<usize>,
    /// The clips that the directions are found on
    #[arg(long, value_enum, default_value_t = Fit::Train)]
    fit: Fit,
    /// Where to compute: cpu, cuda:NUMBER, tch, tch-cuda:NUMBER
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
}

/// The clips that directions are found on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Fit {
    /// Those of the training pairs
    Train,
    /// Those of the held-out pairs, as the QQ reference has it
    Heldout,
    /// All
    All,
}

/// A run's embeddings of all clips.
struct Embedded {
    name: String,
    ids: Vec<String>,
    embeddings: Embeddings,
    /// Clips of the training pairs, and of the held-out ones.
    clips: [Vec<usize>; 2],
    /// Both clips and the label of each held-out pair.
    heldout: Vec<(usize, usize, f32)>,
}

pub(super) fn run(arguments: &EnsembleArguments, root: &Path) -> Result<(), CommandError> {
    let EnsembleArguments { runs, out, weights, components, fit, device } = arguments;
    if !weights.is_empty() && weights.len() != runs.len() {
        return Err(format!("{} weights for {} runs, expected one for each", weights.len(), runs.len()).into());
    }
    let equal = vec![1.0 / runs.len() as f64; runs.len()];
    let weights = if weights.is_empty() { &equal } else { weights };
    println!("{}", join((runs, weights), (*components, *fit), out, (root, device))?);
    Ok(())
}

/// Joins `runs`, writes embeddings and table into the folder `out`, and gives the table: each run by itself, then all.
pub(super) fn join(
    (runs, weights): (&[PathBuf], &[f64]),
    (components, fit): (Option<usize>, Fit),
    out: &Path,
    (root, device): (&Path, &str),
) -> Result<ResultsTable, CommandError> {
    let embedded = runs.iter().map(|run| embed(run, root, device)).collect::<Result<Vec<_>, _>>()?;
    let first = embedded.first().ok_or("no run, expected at least one")?;
    if let Some(other) = embedded.iter().find(|other| other.ids != first.ids || other.heldout != first.heldout) {
        return Err(format!("{} has other clips or pairs than {}", other.name, first.name).into());
    }
    let models: Vec<(&Embeddings, f64)> =
        embedded.iter().map(|one| &one.embeddings).zip(weights.iter().copied()).collect();
    let whole = concatenate(&models)?;
    let basis = match fit {
        Fit::Train => Basis::fit(&whole.select(&first.clips[0])?, components_of(components, first))?,
        Fit::Heldout => Basis::fit(&whole.select(&first.clips[1])?, components_of(components, first))?,
        Fit::All => Basis::fit(&whole, components_of(components, first))?,
    };
    let joined = basis.project(&whole)?;
    let mut table = ResultsTable::new(INTERVALS);
    for one in &embedded {
        measure(&mut table, &one.name, &one.embeddings, &first.heldout)?;
    }
    measure(&mut table, "ensemble", &joined, &first.heldout)?;
    std::fs::create_dir_all(out).map_err(|error| TrainError::io(out, error))?;
    let rows: Vec<&[f32]> = (0..joined.rows()).map(|row| joined.row(row)).collect();
    for name in ["embeddings.safetensors", "embeddings.json"] {
        write_embeddings(&out.join(name), &first.ids, &rows)?;
    }
    let path = out.join("ensemble.json");
    write_whole(&path, &serde_json::to_vec_pretty(&table)?).map_err(|error| TrainError::io(&path, error))?;
    Ok(table)
}

fn components_of(given: Option<usize>, first: &Embedded) -> usize {
    given.unwrap_or(first.embeddings.width())
}

fn measure(
    table: &mut ResultsTable,
    name: &str,
    embeddings: &Embeddings,
    pairs: &[(usize, usize, f32)],
) -> Result<(), CommandError> {
    let cosines: Vec<f32> = pairs.iter().map(|&(a, b, _)| embeddings.cosine(a, b)).collect();
    let of = |rows: &[usize]| {
        let scores: Vec<f32> = rows.iter().map(|&row| cosines[row]).collect();
        let labels: Vec<f32> = rows.iter().map(|&row| pairs[row].2).collect();
        spearman(&scores, &labels).unwrap_or(f64::NAN)
    };
    Ok(table.add_number((name, "spearman"), pairs.len(), of, 0.0)?)
}

fn embed(run: &Path, root: &Path, device: &str) -> Result<Embedded, CommandError> {
    let file = run.join("recipe.toml").display().to_string();
    let AnyRecipe::Downstream(Recipe::UniBertPairs(recipe)) = find_any_recipe(&file, &[], &[])? else {
        return Err(format!("{file}: expected a recipe of pairs of clips, such as `unibert-pairs-tiny`").into());
    };
    let opened = device.parse::<DeviceName>()?.open()?;
    let batch = recipe.evaluation.batch_size;
    let pairs = ClipPairs::open((*recipe).resolved(), root).map_err(own)?;
    let weights = open_pretrained(run)?.model();
    let unfit = |source| TrainError::Weights { path: run.to_path_buf(), source };
    let model = load_weights(pairs.model(&opened.clone().autodiff()), &weights).map_err(unfit)?.valid();
    let values = pairs.embeddings(&model, batch, &opened).map_err(own)?;
    let width = values.len() / pairs.clips().len().max(1);
    Ok(Embedded {
        name: run.display().to_string(),
        ids: pairs.clips().ids()?,
        embeddings: Embeddings::new(width, values)?,
        clips: pairs.clips_of_pairs(),
        heldout: pairs.heldout().to_vec(),
    })
}

/// An error of a task as one of a command.
fn own(error: OwnError) -> CommandError {
    error
}
