//! `recipe check`: what can be said of recipes without beginning a run. It fails if one of them can't be run.

use std::path::Path;

use tuwen_train::{RecipeCheck, check_recipe};

use super::{Changes, file_of};
use crate::commands::{CommandError, overrides};

pub(super) fn run(names: &[String], changes: &Changes, root: &Path) -> Result<(), CommandError> {
    let overrides = overrides(&changes.set)?;
    let mut unfit = 0;
    for name in names {
        let faults = match check_recipe(&file_of(name), &changes.overlays, &overrides, root) {
            Ok(check) => show(name, &check),
            Err(error) => {
                println!("{name}: can't be run");
                eprintln!("error: {error}");
                1
            }
        };
        unfit += usize::from(faults > 0);
    }
    match (unfit, names.len()) {
        (0, _) => Ok(()),
        (_, 1) => Err("the recipe can't be run".into()),
        (_, all) => Err(format!("{unfit} of {all} recipes can't be run").into()),
    }
}

/// Prints what was found, and says how much is wrong.
fn show(name: &str, check: &RecipeCheck) -> usize {
    println!("{name}: {}", if check.faults.is_empty() { "can be run" } else { "can't be run" });
    let width = check.there.iter().map(|found| found.path.display().to_string().chars().count()).max().unwrap_or(0);
    for found in &check.there {
        println!("  {:20}  {:width$}  {}", found.key, found.path.display().to_string(), found.holds);
    }
    check.faults.iter().for_each(|fault| eprintln!("error: {fault}"));
    check.faults.len()
}
