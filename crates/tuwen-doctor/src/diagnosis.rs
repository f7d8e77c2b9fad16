//! Everything that was found: the numbers, and what is said of them.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use serde::Serialize;
use tuwen_data::{DataFormat, grouped};

use crate::examine::Looked;
use crate::{
    Advice, CaptionNumbers, ClipNumbers, Examination, Finding, OverlapNumbers, PictureNumbers, Repeats, TagNumbers,
    UnreadableNumbers, Weight, say,
};

/// The unusable records that are shown; the others are in the numbers.
const SHOWN: usize = 10;

/// What was found. `Display` shows the findings, serialising it gives all numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The files.
    pub path: PathBuf,
    /// The held-out files, if they were compared.
    pub heldout: Option<PathBuf>,
    /// How the files were read.
    pub format: DataFormat,
    /// Records there are.
    pub records: u64,
    /// Records that were looked at.
    pub examined: u64,
    /// Those among them that can't be used.
    pub unreadable: UnreadableNumbers,
    /// Pictures or clips that occur several times.
    pub visuals: Repeats,
    /// Sizes of pictures, or of frames of strips.
    pub pictures: PictureNumbers,
    /// Frames of clips.
    pub clips: ClipNumbers,
    /// Captions by language or field.
    pub captions: BTreeMap<String, CaptionNumbers>,
    /// Tags.
    pub tags: TagNumbers,
    /// What held-out records share with them, if they were compared.
    pub overlap: Option<OverlapNumbers>,
    /// What there is to say.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    pub(crate) fn new(examination: &Examination<'_>, looked: &Looked, overlap: Option<OverlapNumbers>) -> Self {
        let (census, name) = (&looked.census, |record| looked.name(record));
        let text = examination.expectations.text.as_ref();
        let captions = census.captions.iter().map(|(language, found)| (language.clone(), found.numbers(text, &name)));
        let mut diagnosis = Self {
            path: examination.train.to_owned(),
            heldout: examination.heldout.map(ToOwned::to_owned),
            format: examination.expectations.format.clone(),
            records: looked.records(),
            examined: census.examined(),
            unreadable: census.unreadable.clone(),
            visuals: census.visuals.repeats(&name),
            pictures: census.pictures.clone(),
            clips: census.clips.clone(),
            captions: captions.collect(),
            tags: census.tags.numbers(),
            overlap,
            findings: Vec::new(),
        };
        diagnosis.findings = diagnosis.say(examination);
        diagnosis
    }

    fn say(&self, examination: &Examination<'_>) -> Vec<Finding> {
        let expectations = examination.expectations;
        let mut findings = [
            say::records(self),
            say::pictures(self, expectations),
            say::clips(self, expectations),
            say::captions(self, expectations),
            say::tokens(self, expectations),
            say::tags(self, expectations),
            say::overlap(self),
        ]
        .concat();
        // The same advice, given for several reasons, is given once.
        let mut given: Vec<Advice> = Vec::new();
        for finding in &mut findings {
            if finding.advice.take_if(|advice| given.contains(advice)).is_none() {
                given.extend(finding.advice.clone());
            }
        }
        findings
    }

    /// The heaviest weight among the findings.
    pub fn weight(&self) -> Weight {
        self.findings.iter().map(|finding| finding.weight).max().unwrap_or(Weight::Fact)
    }
}

impl Display for Diagnosis {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {}, {} records (a / b / c: smallest, median, largest)",
            self.path.display(),
            self.format.name(),
            grouped(self.records)
        )?;
        let mut topic = None;
        for finding in &self.findings {
            let label = if topic.replace(finding.topic) == Some(finding.topic) { "" } else { finding.topic.label() };
            let mark = match finding.weight {
                Weight::Fact => ' ',
                Weight::Concern => '?',
                Weight::Fault => '!',
            };
            writeln!(f, "{label:10} {mark} {}", finding.sentence)?;
            if let Some(advice) = &finding.advice {
                let value = advice.value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
                writeln!(f, "{:15}→ {}{value}: {}", "", advice.key, advice.effect)?;
            }
        }
        self.show_unreadable(f)
    }
}

impl Diagnosis {
    fn show_unreadable(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let listed = &self.unreadable.listed;
        if listed.is_empty() {
            return Ok(());
        }
        let more = self.unreadable.records > SHOWN as u64;
        writeln!(f, "\nrecords that can't be used{}", if more { ", the first ten" } else { "" })?;
        listed.iter().take(SHOWN).try_for_each(|record| writeln!(f, "  {record}"))
    }
}
