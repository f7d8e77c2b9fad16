//! `report`: a page that shows and compares runs.

use std::path::PathBuf;

use clap::Args;
use tuwen_encoder::write_whole;
use tuwen_report::{ReportError, report};

use super::CommandError;

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Run folders, or folders of runs
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Where the page goes [default: report.html in the run's folder, of several runs in this one]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &ReportArguments) -> Result<(), CommandError> {
    let page = report(&arguments.runs)?;
    let beside = || match arguments.runs.as_slice() {
        [folder] => folder.join("report.html"),
        _ => PathBuf::from("report.html"),
    };
    let out = arguments.out.clone().unwrap_or_else(beside);
    write_whole(&out, page.html.as_bytes()).map_err(|source| ReportError::Io { path: out.clone(), source })?;
    page.faults.iter().for_each(|fault| eprintln!("warning: {fault}"));
    println!("runs        {}", page.runs.join(", "));
    println!("page        {} ({} kB), to be opened in a browser", out.display(), page.html.len().div_ceil(1000));
    Ok(())
}
