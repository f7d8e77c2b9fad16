//! `eval zero-shot`: the class of a picture is the one whose sentences are nearest to it.

use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_eval::{Features, ResultsTable, best_classes, class_scores, commonest_share};
use tuwen_train::INTERVALS;

use super::CommandError;
use super::classes::Classes;
use super::opened::{open, read_class_from};
use crate::device::DeviceName;

#[derive(Debug, Args)]
pub(in crate::commands) struct ZeroShotArguments {
    /// A run's folder, or one of its checkpoints
    run: PathBuf,
    /// Classes: a built-in name or the path of a TOML file
    #[arg(long, value_name = "NAME", default_value = "emoji-tones")]
    classes: String,
    /// Another set of the same format (file, folder or pattern) [default: the recipe's held-out records]
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Where to compute: cpu, cuda:NUMBER, tch, tch-cuda:NUMBER
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
}

pub(super) fn run(arguments: &ZeroShotArguments, root: &Path) -> Result<(), CommandError> {
    let classes = Classes::read(&arguments.classes)?;
    let device = arguments.device.parse::<DeviceName>()?.open()?;
    let opened = open(&arguments.run, root, device, |recipe| {
        arguments.data.iter().for_each(|path| recipe.data.heldout.clone_from(path));
        recipe.data.train.clone_from(&recipe.data.heldout); // no training record is read
        read_class_from(&mut recipe.data.records, &classes.field);
    })?;
    let (assembly, model) = (&opened.assembly, &opened.model);
    let warn = &mut |message: &str| eprintln!("warning: skipped {message}");
    let records = assembly.record_features(model, assembly.heldout.as_ref(), warn)?;
    let (places, labels) = of_a_class(&classes, &records.tags)?;
    let images = chosen(&records.images, &places)?;
    println!("run         {}, step {}", arguments.run.display(), opened.step);
    let (shown, all, count) = (assembly.recipe.data.heldout.display(), records.ids.len(), classes.classes.len());
    println!("data        {shown}: {} of {all} records are of one of {count} classes\n", labels.len());
    let mut table = ResultsTable::new(INTERVALS);
    for language in classes.languages() {
        let prompts = classes.prompts(language)?;
        let texts = assembly.text_features(model, &prompts.texts(&classes.names(language)))?;
        let found = best_classes(&class_scores(&images, &prompts.class_features(&texts)?)?);
        let right: Vec<f64> = found.iter().zip(&labels).map(|(a, b)| f64::from(u8::from(a == b))).collect();
        table.add_share("zero-shot", &format!("accuracy, {language}"), &right, commonest_share(&labels))?;
    }
    println!("{table}");
    Ok(())
}

/// The records that are of one class, and which. Errors: none is.
pub(super) fn of_a_class(classes: &Classes, tags: &[Vec<String>]) -> Result<(Vec<usize>, Vec<usize>), CommandError> {
    let found = tags.iter().enumerate().filter_map(|(place, tags)| Some((place, classes.of(tags)?)));
    let (places, labels): (Vec<usize>, Vec<usize>) = found.unzip();
    if places.is_empty() {
        return Err(format!("no record is of one of the classes by its field `{}`", classes.field).into());
    }
    Ok((places, labels))
}

/// Some of the rows.
pub(super) fn chosen(features: &Features, places: &[usize]) -> Result<Features, CommandError> {
    let values = places.iter().flat_map(|&place| features.row(place)).copied().collect();
    Ok(Features::new(features.width(), values)?)
}
