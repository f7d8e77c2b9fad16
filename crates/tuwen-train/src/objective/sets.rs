//! The records of an own task: two sets in files, or none that a reader knows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tuwen_data::{DataError, DataFormat, Record, Source, Visual, open_source};

use crate::Purpose;
use crate::sections::locate;

/// Training and held-out records in one format, as a section of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetsSection {
    /// File, folder or pattern to train on.
    pub train: PathBuf,
    /// File, folder or pattern to test on.
    pub heldout: PathBuf,
    /// The format of both, and its field names.
    pub records: DataFormat,
}

/// The records of a [`SetsSection`], open.
#[derive(Clone)]
pub struct Sets {
    train: Arc<dyn Source>,
    heldout: Arc<dyn Source>,
}

impl SetsSection {
    /// Opens both. Relative paths are looked for where the program runs and then under `root`.
    pub fn open(&self, root: &Path) -> Result<Sets, DataError> {
        let open = |path: &PathBuf| -> Result<Arc<dyn Source>, DataError> {
            let mut path = path.clone();
            locate(&mut path, root);
            Ok(Arc::from(open_source(&self.records, path)?))
        };
        Ok(Sets { train: open(&self.train)?, heldout: open(&self.heldout)? })
    }
}

impl Sets {
    /// Those for `purpose`.
    pub fn of(&self, purpose: Purpose) -> Arc<dyn Source> {
        Arc::clone(match purpose {
            Purpose::Training => &self.train,
            Purpose::Evaluation => &self.heldout,
        })
    }
}

/// So many records of which only the numbers are known: an objective reads them itself, by
/// [`Visit::index`](tuwen_data::Visit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers(pub usize);

impl Source for Numbers {
    fn len(&self) -> usize {
        self.0
    }

    fn read(&self, index: usize) -> Result<Record, DataError> {
        Ok(Record { id: index.to_string(), titles: Vec::new(), tags: None, visual: Visual::Image(Vec::new()) })
    }
}
