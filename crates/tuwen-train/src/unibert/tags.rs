//! The tags that a model knows, and their numbers.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use tuwen_data::Source;

use super::recipe::TagVocabulary;
use crate::TrainError;

/// Tags in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagList {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl TagList {
    /// Tags numbered as they come; a repeated one keeps its first number.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut list = Self::default();
        for name in names {
            if !list.numbers.contains_key(&name) {
                list.numbers.insert(name.clone(), list.names.len() as u32);
                list.names.push(name);
            }
        }
        list
    }

    /// As a recipe says, reading `source` where it asks for the most frequent ones.
    pub fn build(vocabulary: &TagVocabulary, source: &dyn Source) -> Result<Self, TrainError> {
        match vocabulary {
            TagVocabulary::File(path) => Self::read(path),
            TagVocabulary::MostFrequent(count) => Ok(Self::most_frequent(*count, source)),
        }
    }

    /// One tag a line.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let text = std::fs::read_to_string(path).map_err(|error| TrainError::io(path, error))?;
        Ok(Self::new(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_string)))
    }

    /// The `count` most frequent tags of `source`, ties in the order of their names.
    pub fn most_frequent(count: usize, source: &dyn Source) -> Self {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        // A record that can't be read has no say here; the loader reports it when its turn comes.
        for record in (0..source.len()).filter_map(|index| source.read(index).ok()) {
            record.tags.into_iter().flatten().for_each(|tag| *counts.entry(tag).or_default() += 1);
        }
        let mut ranked: Vec<(String, usize)> = counts.into_iter().collect();
        ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count)); // stable: ties stay alphabetical
        Self::new(ranked.into_iter().take(count).map(|(name, _)| name))
    }

    /// The numbers of those of `tags` that are known, each once.
    pub fn numbers(&self, tags: &[String]) -> Vec<u32> {
        let mut numbers: Vec<u32> = tags.iter().filter_map(|tag| self.numbers.get(tag).copied()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The tags, one a line, in the order of their numbers.
    pub fn to_text(&self) -> String {
        self.names.iter().map(|name| format!("{name}\n")).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuwen_data::{DataError, Record, Visual};

    struct Tagged(Vec<Option<Vec<&'static str>>>);

    impl Source for Tagged {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn read(&self, index: usize) -> Result<Record, DataError> {
            let tags = self.0[index].as_ref().map(|tags| tags.iter().map(|&tag| tag.to_string()).collect());
            Ok(Record { id: index.to_string(), titles: vec![], tags, visual: Visual::Image(vec![]) })
        }
    }

    #[test]
    fn the_most_frequent_come_first_and_ties_by_name() {
        let source = Tagged(vec![Some(vec!["sea", "red"]), None, Some(vec!["red", "cat"]), Some(vec!["ant"])]);
        let list = TagList::build(&TagVocabulary::MostFrequent(3), &source).unwrap();
        assert_eq!(list.to_text(), "red\nant\ncat\n");
        assert_eq!(list.numbers(&["cat".into(), "sea".into(), "red".into(), "cat".into()]), [0, 2]);
    }
}
