//! The lists that downstream tasks read, and what of them can't be used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tuwen_annotation::{AnnotationError, Annotations, Captioned, Images, read_captions, read_karpathy};
use tuwen_data::{Fingerprint, Source, fingerprint_of};
use tuwen_vision::{Image, decode_image};

use crate::objective::{Numbers, OwnResult};
use crate::sections::locate;
use crate::{Purpose, TrainError};

/// Lists to train and to test on, and where their pictures lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lists<T, H = T> {
    /// The folder that image paths start from.
    pub images: PathBuf,
    /// To train on.
    pub train: T,
    /// To test on.
    pub heldout: H,
}

/// A list of records in one of the formats of its task.
pub trait RecordList {
    /// A record.
    type Record;
    /// Its files.
    fn files(&self) -> Vec<&Path>;
    /// Its records; `usable` takes those that can be used and remembers the others.
    fn read(&self, images: &Images, usable: &mut Usable<'_>) -> Result<Vec<Self::Record>, AnnotationError>;
}

/// Takes the records that can be used of what was read, and says how many can't.
pub struct Usable<'a> {
    root: &'a Path,
    doubts: &'a mut Vec<String>,
}

impl Usable<'_> {
    /// `path`, or where it lies under the root.
    pub fn located(&self, path: &Path) -> PathBuf {
        located(path, self.root)
    }

    /// The records that can be used.
    pub fn of<T>(&mut self, read: Annotations<T>) -> Vec<T> {
        usable_of(read, self.doubts)
    }
}

/// The records that can be used; the others are told in one sentence.
pub(super) fn usable_of<T>(read: Annotations<T>, doubts: &mut Vec<String>) -> Vec<T> {
    if let Some(first) = read.skipped.first() {
        let (path, left, all) = (read.path.display(), read.skipped.len(), read.skipped.len() + read.records.len());
        doubts.push(format!("{path}: {left} of {all} records are left out, the first: {first}"));
    }
    read.records
}

impl<T: RecordList, H: RecordList> Lists<T, H> {
    /// The pictures' folder and the lists, each with its key.
    pub(super) fn files(&self) -> Vec<(&'static str, &Path)> {
        let mut named = vec![("task.data.images", self.images.as_path())];
        named.extend(self.train.files().into_iter().map(|path| ("task.data.train", path)));
        named.extend(self.heldout.files().into_iter().map(|path| ("task.data.heldout", path)));
        named
    }

    /// Reads both lists. Errors: one that can't be read, or of which nothing can be used.
    pub(super) fn open(&self, root: &Path) -> Result<Opened<T::Record, H::Record>, TrainError> {
        let images = Images::below(located(&self.images, root));
        let mut doubts = Vec::new();
        let mut usable = Usable { root, doubts: &mut doubts };
        let (train, heldout) = (self.train.read(&images, &mut usable)?, self.heldout.read(&images, &mut usable)?);
        let print =
            |files: Vec<&Path>| fingerprint_of(&files.into_iter().map(|path| located(path, root)).collect::<Vec<_>>());
        let fingerprints = vec![("train", print(self.train.files())?), ("heldout", print(self.heldout.files())?)];
        Ok(Opened { images, train, heldout, doubts, fingerprints })
    }
}

/// The records of a task.
pub(super) struct Opened<T, H = T> {
    pub(super) images: Images,
    pub(super) train: Vec<T>,
    pub(super) heldout: Vec<H>,
    pub(super) doubts: Vec<String>,
    pub(super) fingerprints: Vec<(&'static str, Fingerprint)>,
}

impl<T, H> Opened<T, H> {
    /// Their numbers, which is all that the loader has to know.
    pub(super) fn source(&self, purpose: Purpose) -> Arc<dyn Source> {
        Arc::new(Numbers(match purpose {
            Purpose::Training => self.train.len(),
            Purpose::Evaluation => self.heldout.len(),
        }))
    }

    /// A picture. Errors: a file that can't be read, or is no picture.
    pub(super) fn picture(&self, image: &str) -> OwnResult<Image> {
        picture(&self.images, image)
    }
}

impl<T> Opened<T> {
    /// A record where both lists have the same.
    pub(super) fn record(&self, purpose: Purpose, place: usize) -> &T {
        match purpose {
            Purpose::Training => &self.train[place],
            Purpose::Evaluation => &self.heldout[place],
        }
    }
}

/// A picture of a list. Errors: a file that can't be read, or is no picture.
pub(super) fn picture(images: &Images, image: &str) -> OwnResult<Image> {
    let bytes = std::fs::read(images.path(image)).map_err(|error| format!("`{image}`: {error}"))?;
    Ok(decode_image(&bytes).map_err(|error| format!("`{image}`: {error}"))?)
}

/// Captions of pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptionList {
    /// ALBEF's lists, one after the other.
    Albef(Vec<PathBuf>),
    /// Some splits of Karpathy's file.
    Karpathy {
        /// The file.
        file: PathBuf,
        /// `train`, `restval`, `val`, `test`.
        splits: Vec<String>,
    },
}

impl RecordList for CaptionList {
    type Record = Captioned;

    fn files(&self) -> Vec<&Path> {
        match self {
            Self::Albef(files) => files.iter().map(PathBuf::as_path).collect(),
            Self::Karpathy { file, .. } => vec![file],
        }
    }

    fn read(&self, images: &Images, usable: &mut Usable<'_>) -> Result<Vec<Captioned>, AnnotationError> {
        match self {
            Self::Albef(files) => {
                let read = |path: &PathBuf| {
                    let read = read_captions(&usable.located(path), images)?;
                    Ok(usable.of(read))
                };
                Ok(files.iter().map(read).collect::<Result<Vec<_>, AnnotationError>>()?.concat())
            }
            Self::Karpathy { file, splits } => {
                let splits: Vec<&str> = splits.iter().map(String::as_str).collect();
                let read = read_karpathy(&usable.located(file), images, &splits)?;
                Ok(usable.of(read))
            }
        }
    }
}

/// `path`, or where it lies under `root`.
pub(super) fn located(path: &Path, root: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    locate(&mut path, root);
    path
}
