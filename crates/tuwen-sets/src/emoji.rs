//! The emoji and what is known of each.

use std::path::Path;

use tuwen_data::{Record, Source, TitleField, Visual, WebDatasetFields, WebDatasetSource};

use crate::SetsError;
use crate::language::Language;
use crate::tone::Tone;

/// One emoji: a picture with captions, keywords, and what it shows.
#[derive(Clone, Debug)]
pub(crate) struct Emoji {
    /// Its code points in hexadecimal; also the name of its picture.
    pub(crate) id: String,
    /// The caption in each language.
    pub(crate) captions: [String; 2],
    /// The search words of each language.
    pub(crate) keywords: [Vec<String>; 2],
    /// What sort of thing it is: `person-role`, `hands`.
    pub(crate) subgroup: String,
    /// Its code points without tones.
    pub(crate) base: String,
    /// None, one, or those of two people.
    pub(crate) tones: Vec<Tone>,
    /// The encoded picture.
    pub(crate) picture: Vec<u8>,
}

impl Emoji {
    pub(crate) fn caption(&self, language: Language) -> &str {
        &self.captions[language as usize]
    }

    pub(crate) fn keywords(&self, language: Language) -> &[String] {
        &self.keywords[language as usize]
    }

    /// The tone, if there is just one.
    pub(crate) fn tone(&self) -> Option<Tone> {
        if let [tone] = self.tones[..] { Some(tone) } else { None }
    }

    /// Whether it shows one man, or one woman, by its English caption.
    pub(crate) fn gender(&self) -> Option<Gender> {
        match self.captions[0].split([' ', ':']).next() {
            Some("man") => Some(Gender::Man),
            Some("woman") => Some(Gender::Woman),
            _ => None,
        }
    }

    /// What its caption says before the tone, if it says nothing after it; read as captions are, a hyphen being a space.
    pub(crate) fn name(&self, language: Language) -> Option<String> {
        let caption = self.caption(language).replace('-', " ");
        let (name, rest) = caption.split_once(": ")?;
        let tone = self.tone()?.word(language);
        (rest == language.pick(format!("{tone} skin tone"), format!("{tone}肤色"))).then(|| name.to_owned())
    }

    /// The picture's name below the folder of pictures.
    pub(crate) fn file(&self) -> String {
        format!("{}.jpg", self.id)
    }
}

/// A man or a woman.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gender {
    Man,
    Woman,
}

/// The emoji of one part of the set.
pub(crate) struct Part {
    /// `train`, `val` or `heldout`.
    pub(crate) name: &'static str,
    pub(crate) emoji: Vec<Emoji>,
}

impl Part {
    pub(crate) const NAMES: [&'static str; 3] = ["train", "val", "heldout"];

    /// A place for draws.
    pub(crate) fn number(&self) -> u64 {
        Self::NAMES.iter().position(|name| *name == self.name).unwrap_or(0) as u64
    }

    /// The emoji for which `wanted` has something, with it.
    pub(crate) fn with<T>(&self, wanted: impl Fn(&Emoji) -> Option<T>) -> Vec<(&Emoji, T)> {
        self.emoji.iter().filter_map(|emoji| wanted(emoji).map(|found| (emoji, found))).collect()
    }
}

/// Reads `train.tar`, `val.tar` and `heldout.tar` of `folder`.
pub(crate) fn read_parts(folder: &Path) -> Result<[Part; 3], SetsError> {
    let part = |name: &'static str| -> Result<Part, SetsError> {
        let source = WebDatasetSource::open(folder.join(format!("{name}.tar")), fields())?;
        let emoji = (0..source.len()).map(|index| emoji(source.read(index)?)).collect::<Result<_, _>>()?;
        Ok(Part { name, emoji })
    };
    let [train, val, heldout] = Part::NAMES;
    Ok([part(train)?, part(val)?, part(heldout)?])
}

/// Everything that is text comes as a title of its own language.
fn fields() -> WebDatasetFields {
    let names = ["caption_en", "caption_zh", "keywords_en", "keywords_zh", "subgroup", "base"];
    WebDatasetFields {
        image: vec!["jpg".to_owned()],
        titles: names.map(|name| TitleField::new(name, name)).to_vec(),
        id: Some("image_id".to_owned()),
        ..WebDatasetFields::default()
    }
}

fn emoji(record: Record) -> Result<Emoji, SetsError> {
    let texts = |field: &str| -> Vec<String> {
        record.titles.iter().filter(|title| title.language == field).map(|title| title.text.clone()).collect()
    };
    let missing = |field| SetsError::Field { id: record.id.clone(), field, set: "datasets/emoji" };
    let one = |field| texts(field).into_iter().next().ok_or_else(|| missing(field));
    let Visual::Image(picture) = &record.visual else { return Err(missing("jpg")) };
    Ok(Emoji {
        captions: [one("caption_en")?, one("caption_zh")?],
        keywords: [texts("keywords_en"), texts("keywords_zh")],
        subgroup: one("subgroup")?,
        base: one("base")?,
        tones: Tone::in_id(&record.id),
        picture: picture.clone(),
        id: record.id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::parts;

    #[test]
    fn the_sets_of_the_repository_are_read() {
        let parts = parts();
        assert_eq!(parts.each_ref().map(|part| part.emoji.len()), [3214, 161, 387]);
        let firefighter = parts[2].emoji.iter().find(|e| e.base == "1f469-200d-1f692").unwrap();
        assert_eq!(firefighter.gender(), Some(Gender::Woman));
        assert_eq!(firefighter.name(Language::English).as_deref(), Some("woman firefighter"));
        assert_eq!(firefighter.name(Language::Chinese).as_deref(), Some("女消防员"));
        assert!(firefighter.keywords(Language::English).contains(&"fire".to_owned()));
        let toned = |part: &Part| part.with(Emoji::tone).len();
        assert_eq!(parts.each_ref().map(toned), [1102, 158, 315]);
    }

    #[test]
    fn a_name_with_something_behind_the_tone_is_none() {
        let parts = parts();
        let walking = parts[2].emoji.iter().find(|e| e.captions[0].ends_with("facing right")).unwrap();
        assert_eq!(walking.name(Language::English), None);
    }
}
