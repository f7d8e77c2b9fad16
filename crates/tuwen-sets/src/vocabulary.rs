//! Which words a WordPiece vocabulary can spell.

use std::collections::HashSet;
use std::path::Path;

use crate::SetsError;

/// The entries of a `vocab.txt`.
pub(crate) struct Vocabulary(HashSet<String>);

impl Vocabulary {
    pub(crate) fn read(path: &Path) -> Result<Self, SetsError> {
        let text = std::fs::read_to_string(path).map_err(|source| SetsError::Io { path: path.to_owned(), source })?;
        Ok(Self(text.lines().map(str::to_owned).collect()))
    }

    /// Whether no word of `text` is unknown: words are split as BERT does, each Han character and each punctuation mark is a
    /// word, and pieces are matched longest first.
    pub(crate) fn spells(&self, text: &str) -> bool {
        words(&text.to_lowercase()).iter().all(|word| self.spells_word(word))
    }

    fn spells_word(&self, word: &str) -> bool {
        let mut rest = word;
        while !rest.is_empty() {
            let continued = if rest.len() == word.len() { "" } else { "##" };
            let ends = rest.char_indices().map(|(at, character)| at + character.len_utf8()).rev();
            let known = |end: &usize| self.0.contains(&format!("{continued}{}", &rest[..*end]));
            let Some(end) = ends.into_iter().find(known) else { return false };
            rest = &rest[end..];
        }
        true
    }
}

fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in text.chars() {
        let alone = matches!(character, '\u{4e00}'..='\u{9fff}') || character.is_ascii_punctuation();
        if alone {
            words.extend([character.to_string(), String::new()]);
        } else if character.is_whitespace() {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::emoji_folder;

    #[test]
    fn known_pieces_spell_words() {
        let vocabulary = Vocabulary(["fire", "##man", "##m", "色", "-"].map(str::to_owned).into());
        assert!(vocabulary.spells("Fireman 色-fire"));
        assert!(!vocabulary.spells("man") && !vocabulary.spells("firemen") && !vocabulary.spells("肤色"));
    }

    #[test]
    fn the_vocabulary_of_the_emoji_spells_their_captions_only() {
        let vocabulary = Vocabulary::read(&emoji_folder().join("vocab.txt")).unwrap();
        assert!(
            vocabulary.spells("woman firefighter medium light skin tone") && vocabulary.spells("女消防员 较浅肤色")
        );
        assert!(!vocabulary.spells("什么"));
    }
}
