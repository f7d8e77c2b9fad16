//! One fine-tuning run of the comparison, told in one line.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Instant;

use tuwen_eval::DownstreamResults;
use tuwen_train::downstream::{Recipe, WithAssembly};
use tuwen_train::objective::{Assembly, Objective};
use tuwen_train::{Event, Place, RESULT, RunOptions, StartFrom, Stop, Summary, TrainError, train};

use super::super::Program;
use crate::device::DeviceName;

/// What a run begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Pre-trained weights.
    Pretrained,
    /// Fresh weights.
    Scratch,
}

impl Side {
    /// The name of its runs.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pretrained => "pretrained",
            Self::Scratch => "scratch",
        }
    }
}

/// Trains `recipe` in `folder`; says how long it took and how right it is on held-out records.
pub(super) fn prepare_one(
    recipe: Recipe,
    folder: &Path,
    (program, device): (Program<'_>, &DeviceName),
    stop: Stop,
) -> Result<(), TrainError> {
    let began = Instant::now();
    let summary = trained(recipe, folder, (program, device), stop)?;
    for (task, result) in &summary.heldout.tasks {
        let (accuracy, chance) = (100.0 * result.accuracy, 100.0 * result.chance);
        let seconds = began.elapsed().as_secs_f64();
        println!("{:28} {task} {accuracy:.1}, chance {chance:.1}, {seconds:.0} s", folder.display());
    }
    Ok(())
}

fn trained(
    recipe: Recipe,
    folder: &Path,
    (program, device): (Program<'_>, &DeviceName),
    stop: Stop,
) -> Result<Summary, TrainError> {
    let place = Place { code: program.describe(), device: device.to_string() };
    let opened = device.open().map_err(|error| TrainError::Own(Box::new(error)))?;
    let options = RunOptions { folder: folder.to_path_buf(), start: StartFrom::Scratch, device: opened, stop, place };
    recipe.assemble(program.root, Quietly(&options))?
}

/// Trains `recipe` in `folder` and gives its result.
pub(super) fn train_one(
    recipe: Recipe,
    folder: &Path,
    (program, device): (Program<'_>, &DeviceName),
    stop: Stop,
) -> Result<DownstreamResults, TrainError> {
    let began = Instant::now();
    trained(recipe, folder, (program, device), stop)?;
    let path = folder.join(RESULT);
    let text = std::fs::read_to_string(&path).map_err(|error| TrainError::io(&path, error))?;
    let done: DownstreamResults =
        serde_json::from_str(&text).map_err(|error| TrainError::io(&path, std::io::Error::other(error)))?;
    if let Some(row) = done.results.rows.first() {
        println!("{:28} {} {row}, {:.0} s", folder.display(), row.measure, began.elapsed().as_secs_f64());
    }
    Ok(done)
}

/// Trains, and tells what is not as it should be; on a terminal, how far it is.
struct Quietly<'a>(&'a RunOptions);

impl WithAssembly for Quietly<'_> {
    type Output = Result<Summary, TrainError>;

    fn with<O: Objective>(self, assembly: &Assembly<O>) -> Self::Output {
        let terminal = std::io::stderr().is_terminal();
        let watch = &mut |event: Event<'_>| match event {
            Event::Stepped(step) if terminal && step.step % 10 == 0 => {
                let folder = self.0.folder.display();
                eprint!("\r{folder} step {} of {}, loss {:.3} \r", step.step, step.total_steps, step.total);
            }
            Event::Notice(notice) => println!("note: {notice}"),
            Event::SkippedRecord(message) => eprintln!("warning: skipped {message}"),
            Event::SkippedStep(step, bad) => eprintln!("warning: step {step}: {bad} is not finite"),
            _ => {}
        };
        train(assembly, self.0, watch)
    }
}
