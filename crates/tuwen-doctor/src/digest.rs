//! One record reduced to what is counted: sizes, token counts and fingerprints. No picture and no text outlives it.

use tuwen_data::{Record, Visual};
use tuwen_vision::{Image, decode_image, identical_frames, split_strip};

use crate::fingerprint::Fingerprint;
use crate::{Expectations, Script, TextExpectation};

/// What is counted of one record.
#[derive(Debug)]
pub(crate) struct Digest {
    pub(crate) visual: VisualDigest,
    pub(crate) captions: Vec<CaptionDigest>,
    pub(crate) tags: Option<Vec<String>>,
}

/// What is counted of a picture or clip.
#[derive(Debug)]
pub(crate) struct VisualDigest {
    /// Of the decoded pixels, or of the features.
    pub(crate) fingerprint: Fingerprint,
    /// Width and height of the picture or of one frame of a strip.
    pub(crate) size: Option<(u32, u32)>,
    pub(crate) frames: Option<FrameDigest>,
}

/// What is counted of a clip's frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameDigest {
    pub(crate) frames: usize,
    /// Frames that differ from all before them.
    pub(crate) distinct: usize,
}

/// What is counted of a caption.
#[derive(Debug)]
pub(crate) struct CaptionDigest {
    pub(crate) language: String,
    /// Of the caption as the tokenizer gets it.
    pub(crate) fingerprint: Fingerprint,
    pub(crate) characters: usize,
    pub(crate) script: Script,
    pub(crate) tokens: Option<TokenDigest>,
}

/// What is counted of a caption's tokens.
#[derive(Debug)]
pub(crate) struct TokenDigest {
    /// Without special tokens.
    pub(crate) tokens: usize,
    /// The words that the vocabulary can't spell.
    pub(crate) unknown: Vec<String>,
}

impl Digest {
    /// Reads everything in a record; an error says what can't be used of it.
    pub(crate) fn of(record: Record, expectations: &Expectations) -> Result<Self, String> {
        let text = expectations.text.as_ref();
        let captions = record.titles.into_iter().map(|title| CaptionDigest::of(title.language, &title.text, text));
        Ok(Self {
            visual: VisualDigest::of(&record.visual)?,
            captions: captions.collect::<Result<_, _>>()?,
            tags: record.tags,
        })
    }
}

impl VisualDigest {
    fn of(visual: &Visual) -> Result<Self, String> {
        match visual {
            Visual::Features { values, width } => Self::of_features(values, *width),
            Visual::Image(bytes) => {
                let image = decode_image(bytes).map_err(text_of)?;
                let size = Some((image.width(), image.height()));
                Ok(Self { fingerprint: fingerprint_of(&image), size, frames: None })
            }
            Visual::Strip { bytes, frames } => Self::of_strip(&decode_image(bytes).map_err(text_of)?, *frames),
        }
    }

    fn of_features(values: &[f32], width: usize) -> Result<Self, String> {
        let frames = values.len().checked_div(width).unwrap_or(0);
        let groups = identical_frames(values, width, &vec![true; frames]).map_err(text_of)?;
        let distinct = groups.iter().enumerate().filter(|&(frame, &first)| first as usize == frame).count();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let width = (width as u64).to_le_bytes();
        let fingerprint = Fingerprint::of([&width[..], &bytes]);
        Ok(Self { fingerprint, size: None, frames: Some(FrameDigest { frames, distinct }) })
    }

    fn of_strip(strip: &Image, frames: usize) -> Result<Self, String> {
        let images = split_strip(strip, frames).map_err(text_of)?;
        let mut prints: Vec<Fingerprint> = images.iter().map(fingerprint_of).collect();
        let fingerprint = Fingerprint::of(prints.iter().map(AsRef::as_ref));
        prints.sort_unstable();
        prints.dedup();
        let size = images.first().map(|image| (image.width(), image.height()));
        Ok(Self { fingerprint, size, frames: Some(FrameDigest { frames, distinct: prints.len() }) })
    }
}

fn fingerprint_of(image: &Image) -> Fingerprint {
    let size = [image.width().to_le_bytes(), image.height().to_le_bytes()].concat();
    Fingerprint::of([&size[..], image.pixels()])
}

impl CaptionDigest {
    fn of(language: String, caption: &str, text: Option<&TextExpectation>) -> Result<Self, String> {
        let prepared = text.map_or_else(|| caption.to_owned(), |text| text.prepared(caption));
        Ok(Self {
            language,
            fingerprint: Fingerprint::of([prepared.trim().as_bytes()]),
            characters: caption.trim().chars().count(),
            script: Script::of(caption),
            tokens: text.map(|text| TokenDigest::of(&prepared, text)).transpose()?,
        })
    }
}

impl TokenDigest {
    fn of(caption: &str, text: &TextExpectation) -> Result<Self, String> {
        let literal = text.layout.map(|layout| layout.literal_specials).unwrap_or_default();
        let tokens = text.tokenizer.encode_with(caption, literal).map_err(text_of)?;
        let unk = text.tokenizer.special_ids().unk;
        let places = tokens.ids.iter().zip(&tokens.offsets).filter(|&(&id, _)| id == unk);
        let words = places.map(|(_, &(from, to))| caption.get(from..to).unwrap_or("[UNK]").to_owned());
        Ok(Self { tokens: tokens.ids.len(), unknown: words.collect() })
    }
}

fn text_of(error: impl ToString) -> String {
    error.to_string()
}
