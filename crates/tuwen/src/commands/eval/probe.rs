//! `eval probe`: what a linear classifier reads from the features of pictures, which stay as they are.

use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_eval::{LinearProbe, ProbeConfig, ResultsTable, commonest_share, right_choices};
use tuwen_train::INTERVALS;

use super::CommandError;
use super::classes::Classes;
use super::opened::{open, read_class_from};
use super::zero_shot::{chosen, of_a_class};
use crate::device::DeviceName;

#[derive(Debug, Args)]
pub(in crate::commands) struct ProbeArguments {
    /// A run's folder, or one of its checkpoints
    run: PathBuf,
    /// Classes: a built-in name or the path of a TOML file
    #[arg(long, value_name = "NAME", default_value = "emoji-tones")]
    classes: String,
    /// The weight of ‖W‖²/2 beside the loss
    #[arg(long, value_name = "NUMBER", default_value_t = 1e-4)]
    l2: f64,
    /// Steps of L-BFGS at most
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    steps: usize,
    /// Where to compute features: cpu, cuda:NUMBER, tch, tch-cuda:NUMBER
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
}

pub(super) fn run(arguments: &ProbeArguments, root: &Path) -> Result<(), CommandError> {
    let classes = Classes::read(&arguments.classes)?;
    let device = arguments.device.parse::<DeviceName>()?.open()?;
    let opened =
        open(&arguments.run, root, device, |recipe| read_class_from(&mut recipe.data.records, &classes.field))?;
    let (assembly, model) = (&opened.assembly, &opened.model);
    let warn = &mut |message: &str| eprintln!("warning: skipped {message}");
    let train = assembly.record_features(model, assembly.train.as_ref(), warn)?;
    let heldout = assembly.record_features(model, assembly.heldout.as_ref(), warn)?;
    let ((rows, labels), (held_rows, held_labels)) =
        (of_a_class(&classes, &train.tags)?, of_a_class(&classes, &heldout.tags)?);
    println!("run         {}, step {}", arguments.run.display(), opened.step);
    println!("data        {} records to fit on, {} held out\n", labels.len(), held_labels.len());
    let config = ProbeConfig { l2: arguments.l2, most_steps: arguments.steps, gradient: 1e-6 };
    let probe = LinearProbe::fit(&chosen(&train.images, &rows)?, &labels, classes.classes.len(), &config)?;
    let found = probe.predict(&chosen(&heldout.images, &held_rows)?)?;
    let mut table = ResultsTable::new(INTERVALS);
    table.add_share("probe", "accuracy", &right_choices(&found, &held_labels)?, commonest_share(&held_labels))?;
    println!("{table}");
    Ok(())
}
