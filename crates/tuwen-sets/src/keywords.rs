//! Which pictures share keywords: what a word says of a picture that has it, of one that is akin, and of one that is neither.

use std::collections::{BTreeMap, BTreeSet};

use crate::emoji::Part;
use crate::language::Language;

/// A keyword of more than one picture in so many says little: `man`, `heart`, `hand`.
const COMMON: usize = 20;

/// The pictures by what a keyword is to them; the numbers are places in the part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    /// It is their own keyword.
    pub(crate) own: Vec<usize>,
    /// It is not, but they share another keyword with a picture that has it.
    pub(crate) akin: Vec<usize>,
    /// They share no keyword with any picture that has it.
    pub(crate) foreign: Vec<usize>,
}

/// The keywords of a part in one language, and which pictures have each.
pub(crate) struct Keywords<'a> {
    part: &'a Part,
    language: Language,
    having: BTreeMap<&'a str, BTreeSet<usize>>,
}

impl<'a> Keywords<'a> {
    /// All keywords but the common ones.
    pub(crate) fn new(part: &'a Part, language: Language) -> Self {
        let mut having: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (place, emoji) in part.emoji.iter().enumerate() {
            for keyword in emoji.keywords(language) {
                having.entry(keyword).or_default().insert(place);
            }
        }
        having.retain(|_, places| places.len() * COMMON <= part.emoji.len());
        Self { part, language, having }
    }

    /// The keywords in alphabetical order.
    pub(crate) fn words(&self) -> Vec<&'a str> {
        self.having.keys().copied().collect()
    }

    /// What a keyword is to each picture, if there are pictures of all three sorts.
    pub(crate) fn relation(&self, keyword: &str) -> Option<Relation> {
        let own = self.having.get(keyword)?;
        let others = own.iter().flat_map(|place| self.part.emoji[*place].keywords(self.language));
        let others: BTreeSet<&str> = others.map(String::as_str).collect();
        let near: BTreeSet<usize> =
            others.into_iter().filter_map(|keyword| self.having.get(keyword)).flatten().copied().collect();
        let relation = Relation {
            own: own.iter().copied().collect(),
            akin: near.difference(own).copied().collect(),
            foreign: (0..self.part.emoji.len()).filter(|place| !near.contains(place)).collect(),
        };
        let all = !relation.own.is_empty() && !relation.akin.is_empty() && !relation.foreign.is_empty();
        all.then_some(relation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emoji::Emoji;

    fn part(keywords: &[&[&str]]) -> Part {
        let emoji = |keywords: &&[&str]| Emoji {
            id: String::new(),
            captions: [String::new(), String::new()],
            keywords: [keywords.iter().map(|&keyword| keyword.to_owned()).collect(), Vec::new()],
            subgroup: String::new(),
            base: String::new(),
            tones: Vec::new(),
            picture: Vec::new(),
        };
        Part { name: "train", emoji: keywords.iter().map(emoji).collect() }
    }

    #[test]
    fn akin_are_those_that_share_another_keyword() {
        // Enough pictures that a keyword of two is not common.
        let mut all: Vec<&[&str]> = vec![&["fire", "truck"], &["truck", "road"], &["road"], &["fire"], &["x"]];
        all.resize(60, &[]);
        let part = part(&all);
        let keywords = Keywords::new(&part, Language::English);
        assert_eq!(keywords.words(), ["fire", "road", "truck", "x"]);
        let fire = keywords.relation("fire").unwrap();
        assert_eq!((fire.own.as_slice(), fire.akin.as_slice()), (&[0, 3][..], &[1][..]));
        assert_eq!((fire.foreign[0], fire.foreign.len()), (2, 57));
        // One picture has it, and shares nothing with others.
        assert_eq!((keywords.relation("x"), keywords.relation("y")), (None, None));
        assert_eq!(keywords.relation("road").unwrap().akin, [0]);
    }

    #[test]
    fn common_keywords_say_nothing() {
        let all: Vec<&[&str]> = vec![&["man", "fire"], &["man", "water"], &["stone"]];
        assert!(Keywords::new(&part(&all), Language::English).words().is_empty());
    }
}
