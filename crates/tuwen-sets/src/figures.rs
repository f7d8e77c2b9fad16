//! How similar two clips are: what their emoji share.

use tuwen_data::{Record, Source, TitleField, WebDatasetFields, WebDatasetSource};

use std::path::Path;

use crate::SetsError;
use crate::tone::Tone;

/// A clip by what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clip {
    pub(crate) id: String,
    pub(crate) category: String,
    pub(crate) subcategory: String,
    /// The emoji without tone and gender: a firefighter.
    pub(crate) figure: String,
    /// `2642` a man, `2640` a woman, empty: neither.
    gender: &'static str,
    tone: Vec<Tone>,
}

const ADULT: &str = "1f9d1";
const MAN: &str = "2642";
const WOMAN: &str = "2640";
const PEOPLE: &str = "people-body";

impl Clip {
    fn new(record: &Record) -> Result<Self, SetsError> {
        let one = |field: &'static str| {
            let title = record.titles.iter().find(|title| title.language == field);
            let missing = || SetsError::Field { id: record.id.clone(), field, set: "datasets/fluent-clips" };
            title.map(|title| title.text.clone()).ok_or_else(missing)
        };
        let (figure, gender) = figure(&one("base")?);
        Ok(Self {
            category: one("category")?,
            subcategory: one("subcategory")?,
            figure,
            gender,
            tone: Tone::in_id(&record.id),
            id: record.id.clone(),
        })
    }
}

/// A base emoji without its gender, and the gender.
fn figure(base: &str) -> (String, &'static str) {
    let mut parts: Vec<&str> = base.split('-').filter(|part| !["200d", "fe0f"].contains(part)).collect();
    let mut gender = "";
    for sign in [MAN, WOMAN] {
        if parts.len() > 1 && parts.last() == Some(&sign) {
            parts.pop();
            gender = sign;
        }
    }
    let adult = match parts.first() {
        Some(&"1f468") => MAN,
        Some(&"1f469") => WOMAN,
        _ => return (parts.join("-"), gender),
    };
    parts[0] = ADULT;
    (parts.join("-"), adult)
}

/// Reads the clips of a shard.
pub(crate) fn read_clips(shard: &Path) -> Result<Vec<Clip>, SetsError> {
    let names = ["base", "category", "subcategory"];
    let fields = WebDatasetFields {
        image: vec!["jpg".to_owned()],
        titles: names.map(|name| TitleField::new(name, name)).to_vec(),
        id: Some("clip_id".to_owned()),
        ..WebDatasetFields::default()
    };
    let source = WebDatasetSource::open(shard, fields)?;
    (0..source.len()).map(|index| Clip::new(&source.read(index)?)).collect()
}

/// Tenths of similarity of two clips from what they share: category 1, subcategory 2, and among people figure 3, gender 2 and
/// tone 2 (no gender and no tone count as one). So the same figure in another tone is 8, a man and a woman firefighter of one
/// tone are 8, two smileys of one kind are 3, a cat and a car 0.
pub fn similarity_tenths(shared: Shared) -> u8 {
    let Shared { category, subcategory, figure, gender, tone } = shared;
    let count = |shares: bool, tenths| if shares { tenths } else { 0 };
    count(category, 1) + count(subcategory, 2) + count(figure, 3) + count(gender, 2) + count(tone, 2)
}

/// What two clips share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Both are people, animals, food, …
    pub category: bool,
    /// And of one kind.
    pub subcategory: bool,
    /// The same but for gender and tone; people alone.
    pub figure: bool,
    /// Both men, both women, or both neither; people alone.
    pub gender: bool,
    /// The same tone, or both without; people alone.
    pub tone: bool,
}

impl Shared {
    pub(crate) fn of(a: &Clip, b: &Clip) -> Self {
        let category = a.category == b.category;
        let people = category && a.category == PEOPLE;
        Self {
            category,
            subcategory: category && a.subcategory == b.subcategory,
            figure: people && a.figure == b.figure,
            gender: people && a.gender == b.gender,
            tone: people && a.tone == b.tone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::datasets;

    #[test]
    fn gender_is_no_part_of_a_figure() {
        let of = |base: &str| figure(base);
        assert_eq!(of("1f477-200d-2640"), ("1f477".to_owned(), WOMAN));
        assert_eq!(of("1f477"), ("1f477".to_owned(), ""));
        assert_eq!(of("1f468-200d-1f692"), ("1f9d1-1f692".to_owned(), MAN));
        assert_eq!(of("1f9d1-200d-1f692"), ("1f9d1-1f692".to_owned(), ""));
        assert_eq!(of("2640"), ("2640".to_owned(), ""));
    }

    #[test]
    fn similarity_is_graded() {
        let shard = |name: &str| read_clips(&datasets().join("fluent-clips").join(name)).unwrap();
        let clips = [shard("train.tar"), shard("heldout.tar")].concat();
        assert_eq!(clips.len(), 962 + 263);
        let clip = |id: &str| clips.iter().find(|clip| clip.id == id).unwrap_or_else(|| panic!("{id}"));
        let tenths = |a: &str, b: &str| similarity_tenths(Shared::of(clip(a), clip(b)));
        let builder = "1f477-1f3fc-200d-2640"; // a woman construction worker of tone 2
        let of_figure =
            |tone: &str| clips.iter().find(|c| c.id.starts_with("1f477-1f3f") && c.id.contains(tone)).unwrap();
        assert_eq!(tenths(builder, builder), 10);
        assert_eq!(tenths(builder, &of_figure("1f3ff").id), 1 + 2 + 3);
        assert_eq!(tenths("1f603", "1f910"), 1);
        assert_eq!(tenths("1f429", "1f98c"), 3);
        assert_eq!(tenths("1f429", "1f694"), 0);
    }
}
