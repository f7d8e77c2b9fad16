//! What a recipe expects of its records: the numbers that findings are compared with.

use tuwen_data::DataFormat;
use tuwen_text::{Layout, TextLayout, Tokenizer, pre_caption};

/// What the records are to become. What is absent is not compared, and suggested from the data alone.
#[derive(Clone, Debug)]
pub struct Expectations {
    /// How the files are read.
    pub format: DataFormat,
    /// What captions become.
    pub text: Option<TextExpectation>,
    /// What pictures become.
    pub side: Option<SideExpectation>,
    /// `vision.frames`, the frames a clip is cut or padded to.
    pub frames: Option<usize>,
    /// Which pairs of a batch count as true.
    pub positives: PositivesExpectation,
    /// Whether tags are learned, and how many.
    pub tags: TagsExpectation,
}

impl Expectations {
    /// Nothing but a way to read the files.
    pub fn none(format: DataFormat) -> Self {
        Self {
            format,
            text: None,
            side: None,
            frames: None,
            positives: PositivesExpectation::Unknown,
            tags: TagsExpectation::Unknown,
        }
    }
}

/// How captions become ids.
#[derive(Clone, Debug)]
pub struct TextExpectation {
    /// The vocabulary.
    pub tokenizer: Tokenizer,
    /// Special tokens and length; absent: `[CLS]` and `[SEP]` around a text of any length.
    pub layout: Option<TextLayout>,
    /// ALBEF's cleaning, and the most words it leaves.
    pub caption_words: Option<usize>,
}

impl TextExpectation {
    /// The caption as the tokenizer gets it.
    pub(crate) fn prepared(&self, caption: &str) -> String {
        self.caption_words.map_or_else(|| caption.to_owned(), |words| pre_caption(caption, words))
    }

    /// The special tokens of a text.
    pub(crate) fn special_tokens(&self) -> usize {
        self.layout.map_or(Layout::ClsTitleSep, |layout| layout.layout).special_tokens()
    }
}

/// The square that pictures become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideExpectation {
    /// The recipe's key: `vision.side`, or `vision.descriptor.side`.
    pub key: &'static str,
    /// Its side in pixels.
    pub side: u32,
    /// Sides are multiples of this many pixels.
    pub multiple_of: u32,
}

/// What the recipe says about pairs of a batch that share a picture or a caption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositivesExpectation {
    /// No recipe.
    Unknown,
    /// The recipe has no such key.
    NoSuchKey,
    /// They are positives.
    SharedImageOrCaption,
    /// Those with one picture are positives, those with one caption are negatives.
    SharedImage,
    /// They are each other's negatives.
    OwnPairOnly,
}

/// What the recipe says about tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagsExpectation {
    /// No recipe.
    Unknown,
    /// Tags are not learned.
    NotLearned,
    /// So many of the most frequent ones are learned.
    MostFrequent(usize),
    /// The tags of a file are learned.
    FromFile,
}
