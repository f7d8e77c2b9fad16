//! What a run did, to look at: TensorBoard event files and one self-contained page that compares runs.
//!
//! [`EventWriter`] writes what TensorBoard reads. [`report`] reads the folders of runs and gives one HTML page with their
//! curves, results, recipes and pictures in it; the page loads nothing. Plain host code.
//!
//! ```
//! use tuwen_report::{EventWriter, report};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let mut events = EventWriter::create(&folder.join("tensorboard"))?;
//! events.scalar(1, 1_700_000_000.0, "loss/mlm", 7.9)?; // step, seconds since 1970
//!
//! std::fs::write(folder.join("metrics.jsonl"), "{\"step\":1,\"loss/mlm\":7.9}\n")?;
//! let page = report(&[folder.to_path_buf()])?;
//! assert!(page.html.contains("mlm loss"));
//! # Ok(())
//! # }
//! ```

mod charts;
mod error;
mod evaluation;
mod faults;
mod metrics;
mod origin;
mod page;
mod picture;
mod run;
mod samples;
mod tensorboard;
mod thin;

use std::path::PathBuf;

pub use error::ReportError;
pub use tensorboard::{EventWriter, wall_time};

/// A page, and what it is without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The whole page.
    pub html: String,
    /// The names of the runs on it.
    pub runs: Vec<String>,
    /// What could not be read of the runs' files, a line each; the page says it too.
    pub faults: Vec<String>,
}

/// A page about the runs in `paths`, each a run's folder or a folder of runs. Lines and files of a run that can't be read
/// are named on the page. Errors: a path without a run, a file that the system refuses.
pub fn report(paths: &[PathBuf]) -> Result<Report, ReportError> {
    let runs = run::read_all(paths)?;
    let faults = |run: &run::Run| run.faults.lines().into_iter().map(|line| format!("{}: {line}", run.name)).collect();
    Ok(Report {
        html: page::page(&runs),
        runs: runs.iter().map(|run| run.name.clone()).collect(),
        faults: runs.iter().flat_map::<Vec<String>, _>(faults).collect(),
    })
}
