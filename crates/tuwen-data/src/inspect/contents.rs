//! What training would see: titles, tags, frames and pictures of the records as the settings read them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use crate::{DataError, Record, RecordError, Visual};

/// The sizes of all records, added one by one.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Characters of each title, by language.
    pub(crate) titles: BTreeMap<String, Vec<i64>>,
    /// Tags of each record that says something about them.
    pub(crate) tags: Vec<i64>,
    pub(crate) distinct_tags: HashSet<String>,
    pub(crate) without_tags: usize,
    /// Frames of each clip.
    pub(crate) frames: Vec<i64>,
    pub(crate) feature_widths: BTreeSet<usize>,
    pub(crate) picture_widths: Vec<i64>,
    pub(crate) picture_heights: Vec<i64>,
}

impl Contents {
    /// Adds a record. A picture without a readable header is an error.
    pub(crate) fn add(&mut self, record: &Record, path: &Path) -> Result<(), DataError> {
        self.add_visual(&record.visual).map_err(|reason| DataError::Unreadable {
            path: path.to_owned(),
            record: format!("`{}`", record.id),
            reason,
        })?;
        for title in &record.titles {
            let characters = count(title.text.chars().count());
            self.titles.entry(title.language.clone()).or_default().push(characters);
        }
        match &record.tags {
            None => self.without_tags += 1,
            Some(tags) => {
                self.tags.push(count(tags.len()));
                self.distinct_tags.extend(tags.iter().cloned());
            }
        }
        Ok(())
    }

    fn add_visual(&mut self, visual: &Visual) -> Result<(), RecordError> {
        match visual {
            Visual::Features { values, width } => {
                self.frames.push(count(values.len().checked_div(*width).unwrap_or(0)));
                self.feature_widths.insert(*width);
                Ok(())
            }
            Visual::Image(bytes) => self.add_picture(bytes),
            Visual::Strip { bytes, frames } => {
                self.add_picture(bytes)?;
                self.frames.push(count(*frames));
                Ok(())
            }
        }
    }

    fn add_picture(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        let size = imagesize::blob_size(bytes).map_err(RecordError::PictureHeader)?;
        self.picture_widths.push(count(size.width));
        self.picture_heights.push(count(size.height));
        Ok(())
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
