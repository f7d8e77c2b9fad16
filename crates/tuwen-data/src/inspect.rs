//! What a data set holds, for somebody who wants to train on it: fields, lengths, tags, frames, broken records.
//!
//! Every record is read twice: once for the fields as they lie in the file, whatever they are called, and once as the
//! settings say, for what training would see.

mod contents;
mod field_report;
mod field_value;
mod show;
mod spread;
mod suggest;
mod survey;

use std::path::{Path, PathBuf};

use contents::Contents;
use field_report::{FieldReport, FieldTable};
use survey::open_survey;

use crate::{DataError, DataFormat, Record, Source, detect, open_source};

/// How many unreadable records are shown.
const SHOWN_ERRORS: usize = 10;

/// What was found. `Display` shows it all.
pub struct Inspection {
    path: PathBuf,
    origin: Origin,
    format: DataFormat,
    files: Vec<PathBuf>,
    records: usize,
    fields: Vec<FieldReport>,
    surveyed: usize,
    contents: Contents,
    errors: Vec<DataError>,
    unreadable: usize,
    samples: Vec<Record>,
}

/// Where the settings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Given,
    Guessed,
}

impl Inspection {
    /// The settings the records were read with: those given, or those guessed from the fields' names.
    pub fn format(&self) -> &DataFormat {
        &self.format
    }

    /// How many records there are, unreadable ones included.
    pub fn records(&self) -> usize {
        self.records
    }

    /// How many records can't be read with these settings.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }
}

/// Inspects the files that `path` means, in whichever format they are, with settings guessed from the fields' names.
pub fn inspect(path: impl AsRef<Path>) -> Result<Inspection, DataError> {
    let format = detect(path.as_ref())?;
    inspection(path.as_ref(), &format, Origin::Guessed)
}

/// Inspects the files that `path` means as `format` says.
pub fn inspect_as(format: &DataFormat, path: impl AsRef<Path>) -> Result<Inspection, DataError> {
    inspection(path.as_ref(), format, Origin::Given)
}

/// How many records are looked at to guess what a set's fields are.
const GUESSED_FROM: usize = 1000;

/// The format of the files that `path` means, with settings guessed from the names of the fields that up to a thousand
/// records, spread evenly, have.
pub fn guess_format(path: impl AsRef<Path>) -> Result<DataFormat, DataError> {
    let path = path.as_ref();
    let format = detect(path)?;
    let survey = open_survey(&format, path)?;
    let mut table = FieldTable::default();
    for index in (0..survey.len()).step_by(survey.len().div_ceil(GUESSED_FROM).max(1)) {
        if let Ok(fields) = survey.fields(index) {
            table.add(fields);
        }
    }
    let (fields, surveyed) = table.finish();
    Ok(suggest::settings(&format, &fields, surveyed))
}

fn inspection(path: &Path, format: &DataFormat, origin: Origin) -> Result<Inspection, DataError> {
    let survey = open_survey(format, path)?;
    let mut table = FieldTable::default();
    for index in 0..survey.len() {
        // What can't be surveyed can't be read either, and is reported there.
        if let Ok(fields) = survey.fields(index) {
            table.add(fields);
        }
    }
    let (fields, surveyed) = table.finish();
    let format = match origin {
        Origin::Given => format.clone(),
        Origin::Guessed => suggest::settings(format, &fields, surveyed),
    };
    let source = open_source(&format, path)?;
    let mut found = Inspection {
        path: path.to_owned(),
        origin,
        format,
        files: survey.files(),
        records: source.len(),
        fields,
        surveyed,
        contents: Contents::default(),
        errors: Vec::new(),
        unreadable: 0,
        samples: Vec::new(),
    };
    found.read_all(&*source);
    Ok(found)
}

impl Inspection {
    fn read_all(&mut self, source: &dyn Source) {
        // The first readable record of each third.
        let thirds = [0, self.records / 3, 2 * self.records / 3];
        for index in 0..self.records {
            match source.read(index).and_then(|record| self.contents.add(&record, &self.path).map(|()| record)) {
                Ok(record) if thirds.get(self.samples.len()).is_some_and(|&third| index >= third) => {
                    self.samples.push(record);
                }
                Ok(_) => {}
                Err(error) => {
                    self.unreadable += 1;
                    if self.errors.len() < SHOWN_ERRORS {
                        self.errors.push(error);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
