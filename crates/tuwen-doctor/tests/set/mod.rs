//! A WebDataset shard made by a test.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use image::{ImageFormat, Rgb, RgbImage};
use tempfile::TempDir;
use tuwen_data::{DataFormat, WebDatasetFields};
use tuwen_doctor::{
    Diagnosis, Examination, Expectations, PositivesExpectation, SideExpectation, TagsExpectation, TextExpectation,
    examine,
};
use tuwen_text::{Layout, TextLayout, Tokenizer};

/// Entries of a shard.
#[derive(Clone, Default)]
pub(crate) struct Set {
    entries: Vec<(String, Vec<u8>)>,
}

/// A picture of 32 × 32 pixels; each number gives another one.
pub(crate) fn picture(number: u32) -> Vec<u8> {
    png(32, 32, number)
}

/// A picture in a format that keeps its pixels; each number gives another one.
pub(crate) fn png(width: u32, height: u32, number: u32) -> Vec<u8> {
    let colour = [number as u8, (number >> 8) as u8, 7];
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb(colour)).write_to(&mut bytes, ImageFormat::Png).expect("in memory");
    bytes.into_inner()
}

fn format() -> DataFormat {
    DataFormat::WebDataset(WebDatasetFields { tags: vec!["tags".to_owned()], ..WebDatasetFields::default() })
}

/// A recipe with a small vocabulary and at most five tokens.
pub(crate) fn expecting(side: Option<u32>, positives: PositivesExpectation, tags: TagsExpectation) -> Expectations {
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "dog"];
    let text = TextExpectation {
        tokenizer: Tokenizer::from_tokens(words).expect("the special tokens are there"),
        layout: Some(TextLayout::new(Layout::ClsTitleSep, 5)),
        caption_words: None,
    };
    let side = side.map(|side| SideExpectation { key: "vision.side", side, multiple_of: 16 });
    Expectations { text: Some(text), side, positives, tags, ..Expectations::none(format()) }
}

impl Set {
    pub(crate) fn entry(mut self, name: &str, bytes: &[u8]) -> Self {
        self.entries.push((name.to_owned(), bytes.to_vec()));
        self
    }

    pub(crate) fn pair(self, key: &str, picture: &[u8], caption: &str) -> Self {
        let json = serde_json::json!({ "caption": caption }).to_string();
        self.entry(&format!("{key}.jpg"), picture).entry(&format!("{key}.json"), json.as_bytes())
    }

    fn write(&self, folder: &TempDir, name: &str) -> PathBuf {
        let path = folder.path().join(name);
        let mut tar = tar::Builder::new(std::fs::File::create(&path).expect("a new file"));
        for (name, bytes) in &self.entries {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            tar.append_data(&mut header, name, bytes.as_slice()).expect("written");
        }
        tar.finish().expect("written");
        path
    }

    pub(crate) fn examine(&self) -> Diagnosis {
        self.look(&Expectations::none(format()), None, None)
    }

    pub(crate) fn examine_as(&self, expectations: &Expectations) -> Diagnosis {
        self.look(expectations, None, None)
    }

    pub(crate) fn examine_beside(&self, heldout: &Self) -> Diagnosis {
        self.look(&Expectations::none(format()), Some(heldout), None)
    }

    pub(crate) fn examine_part(&self, records: usize) -> Diagnosis {
        self.look(&Expectations::none(format()), None, NonZeroUsize::new(records))
    }

    fn look(&self, expectations: &Expectations, heldout: Option<&Self>, limit: Option<NonZeroUsize>) -> Diagnosis {
        let folder = tempfile::tempdir().expect("a folder");
        let train = self.write(&folder, "train.tar");
        let heldout = heldout.map(|set| set.write(&folder, "heldout.tar"));
        let examination = Examination { train: &train, heldout: heldout.as_deref(), expectations, limit };
        examine(&examination, &mut |_| {}).expect("a set with records")
    }
}
