//! Writes a synthetic set in the QQ schema: clips of moving shapes, with titles and tags that say what moves where.
//!
//! It can be made anywhere in seconds, and a tiny model can learn it.

use std::fs;
use std::io::{Error, ErrorKind};
use std::num::NonZeroUsize;
use std::path::Path;

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::synth_clip::{Clip, Part};
use crate::synth_features::Projection;
use crate::synth_readme::readme;
use crate::synth_words::all_words;
use crate::{DataError, QqSchema, TfRecordWriter, TitleField, Visual};

/// How much to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SynthConfig {
    /// Clips to train on: 2000.
    pub clips: NonZeroUsize,
    /// Clips that show combinations which training never does: 200.
    pub heldout: usize,
    /// Pairs of clips with a similarity: 200.
    pub pairs: usize,
    /// Files that hold the training clips, at most one a clip: 4.
    pub files: NonZeroUsize,
    /// Another seed, other clips: 42.
    pub seed: u64,
    /// Values of a frame's features: 1536.
    pub width: NonZeroUsize,
}

impl Default for SynthConfig {
    fn default() -> Self {
        Self {
            clips: const { NonZeroUsize::new(2000).unwrap() },
            heldout: 200,
            pairs: 200,
            files: const { NonZeroUsize::new(4).unwrap() },
            seed: 42,
            width: const { NonZeroUsize::new(1536).unwrap() },
        }
    }
}

impl SynthConfig {
    /// The schema of the set: the QQ set's, with Chinese titles in `title` and English ones in `title_en`.
    pub fn schema(&self) -> QqSchema {
        let titles = vec![TitleField::new("zh", "title"), TitleField::new("en", "title_en")];
        QqSchema { titles, width: self.width, ..QqSchema::default() }
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SynthSummary {
    /// Clips in all files together.
    pub clips: usize,
    /// Their frames.
    pub frames: usize,
    /// TFRecord files.
    pub files: usize,
    /// Pairs in `pairwise/label.tsv`.
    pub pairs: usize,
}

/// Writes the set into `dir`, which must be empty or not there yet: `train/`, `heldout/`, `pairwise/`, `tag_list.txt` and
/// at last a `README.txt` that says how it was made. The same configuration gives the same bytes.
pub fn write_synthetic(dir: impl AsRef<Path>, config: &SynthConfig) -> Result<SynthSummary, DataError> {
    let (dir, seed) = (dir.as_ref(), config.seed);
    refuse_other_files(dir)?;
    let mut writer = ClipWriter::new(dir, config);
    let (clips, files) = (config.clips.get(), config.files.min(config.clips).get());
    for file in 0..files {
        let numbers = clips * file / files..clips * (file + 1) / files;
        writer.write_file("train", file, numbers.map(|number| Clip::alone(seed, Part::Train, number)))?;
    }
    if config.heldout > 0 {
        writer.write_file("heldout", 0, (0..config.heldout).map(|number| Clip::alone(seed, Part::Heldout, number)))?;
    }
    if config.pairs > 0 {
        writer.write_file("pairwise", 0, (0..config.pairs).flat_map(|number| Clip::pair(seed, number)))?;
        let labels = (0..config.pairs).map(|number| label_line(&Clip::pair(seed, number)));
        write_text(&dir.join("pairwise/label.tsv"), &labels.collect::<String>())?;
    }
    let tag_list: String = all_words().map(|word| format!("{}\n", word.tag)).collect();
    write_text(&dir.join("tag_list.txt"), &tag_list)?;
    write_text(&dir.join("README.txt"), &readme(config))?;
    Ok(SynthSummary { pairs: config.pairs, ..writer.summary })
}

/// Files of an earlier set would be read together with the new ones.
fn refuse_other_files(dir: &Path) -> Result<(), DataError> {
    fs::create_dir_all(dir).map_err(|source| io_error(dir, source))?;
    let mut entries = fs::read_dir(dir).map_err(|source| io_error(dir, source))?;
    if entries.next().is_some() {
        let reason = "the folder holds files, expected an empty or a new one";
        return Err(io_error(dir, Error::new(ErrorKind::DirectoryNotEmpty, reason)));
    }
    Ok(())
}

fn label_line([a, b]: &[Clip; 2]) -> String {
    let tenths = a.scene.similarity_tenths(&b.scene);
    format!("{}\t{}\t{}.{}\n", a.id(), b.id(), tenths / 10, tenths % 10)
}

fn write_text(path: &Path, text: &str) -> Result<(), DataError> {
    fs::write(path, text).map_err(|source| io_error(path, source))
}

fn io_error(path: &Path, source: Error) -> DataError {
    DataError::Io { path: path.to_owned(), source }
}

/// Films clips, writes them and counts.
struct ClipWriter<'a> {
    dir: &'a Path,
    seed: u64,
    schema: QqSchema,
    projection: Projection,
    summary: SynthSummary,
}

impl<'a> ClipWriter<'a> {
    fn new(dir: &'a Path, config: &SynthConfig) -> Self {
        let projection = Projection::new(config.width.get(), config.seed);
        Self { dir, seed: config.seed, schema: config.schema(), projection, summary: SynthSummary::default() }
    }

    /// One clip at a time, so that memory does not grow with the set.
    fn write_file(&mut self, part: &str, file: usize, clips: impl Iterator<Item = Clip>) -> Result<(), DataError> {
        let folder = self.dir.join(part);
        fs::create_dir_all(&folder).map_err(|source| io_error(&folder, source))?;
        let path = folder.join(format!("clips-{file:03}.tfrecord"));
        let mut writer = TfRecordWriter::create(&path)?;
        for clip in clips {
            let record = clip.record(self.seed, &self.projection);
            if let Visual::Features { values, width } = &record.visual {
                self.summary.frames += values.len() / width;
            }
            let example = self.schema.example_from(&record).map_err(|reason| DataError::Unreadable {
                path: path.clone(),
                record: format!("`{}`", record.id),
                reason,
            })?;
            writer.write(&example.encode_to_vec())?;
            self.summary.clips += 1;
        }
        self.summary.files += 1;
        writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Source, TfRecordSource};

    fn small() -> SynthConfig {
        let some = |number| NonZeroUsize::new(number).unwrap();
        SynthConfig { clips: some(25), heldout: 4, pairs: 3, files: some(2), width: some(32), ..SynthConfig::default() }
    }

    /// Every file below `dir` with its bytes.
    fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                files.extend(contents(&path).into_iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
            } else {
                files.insert(path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap());
            }
        }
        files
    }

    fn written(config: &SynthConfig) -> (tempfile::TempDir, SynthSummary) {
        let dir = tempfile::tempdir().unwrap();
        let summary = write_synthetic(dir.path(), config).unwrap();
        (dir, summary)
    }

    #[test]
    fn same_configuration_same_bytes() {
        let (a, b) = (written(&small()).0, written(&small()).0);
        let files = contents(a.path());
        assert_eq!(files, contents(b.path()));
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        let pairwise = ["pairwise/clips-000.tfrecord", "pairwise/label.tsv"];
        let train = ["train/clips-000.tfrecord", "train/clips-001.tfrecord"];
        assert_eq!(
            names,
            ["README.txt", "heldout/clips-000.tfrecord", pairwise[0], pairwise[1], "tag_list.txt", train[0], train[1]]
        );
        let other = written(&SynthConfig { seed: 43, ..small() }).0;
        assert_ne!(files[train[0]], contents(other.path())[train[0]]);
    }

    #[test]
    fn readers_find_what_was_written() {
        let (dir, summary) = written(&small());
        let open = |part: &str| TfRecordSource::open(dir.path().join(part), small().schema()).unwrap();
        let (train, heldout, pairwise) = (open("train"), open("heldout"), open("pairwise"));
        assert_eq!((train.len(), heldout.len(), pairwise.len()), (25, 4, 2 * 3));
        assert_eq!((summary.clips, summary.files, summary.pairs), (25 + 4 + 6, 4, 3));
        let record = train.read(0).unwrap();
        let languages: Vec<&str> = record.titles.iter().map(|title| title.language.as_str()).collect();
        assert_eq!((record.id.as_str(), languages), ("1000000000000", vec!["zh", "en"]));
        let tag_list = fs::read_to_string(dir.path().join("tag_list.txt")).unwrap();
        assert!(record.tags.unwrap().iter().all(|tag| tag_list.lines().any(|line| line == tag)));
    }

    #[test]
    fn labels_name_the_clips_of_the_pairwise_file() {
        let (dir, _) = written(&small());
        let pairwise = TfRecordSource::open(dir.path().join("pairwise"), small().schema()).unwrap();
        let labels = fs::read_to_string(dir.path().join("pairwise/label.tsv")).unwrap();
        assert_eq!(labels.lines().count(), 3);
        for (number, line) in labels.lines().enumerate() {
            let fields: Vec<&str> = line.split('\t').collect();
            let ids = [2 * number, 2 * number + 1].map(|index| pairwise.read(index).unwrap().id);
            assert_eq!(fields[..2], ids);
            assert!((0.0..=1.0).contains(&fields[2].parse::<f32>().unwrap()), "{line}");
        }
    }

    #[test]
    fn folder_with_files_is_refused() {
        let (dir, _) = written(&small());
        let error = write_synthetic(dir.path(), &small()).unwrap_err().to_string();
        assert!(error.ends_with("the folder holds files, expected an empty or a new one"), "{error}");
    }

    #[test]
    fn one_clip_makes_one_file_and_no_other_part() {
        let one = SynthConfig { clips: NonZeroUsize::MIN, heldout: 0, pairs: 0, ..small() };
        let (dir, summary) = written(&one);
        assert_eq!((summary.clips, summary.files), (1, 1));
        assert_eq!(
            contents(dir.path()).into_keys().collect::<Vec<_>>(),
            ["README.txt", "tag_list.txt", "train/clips-000.tfrecord"]
        );
    }
}
