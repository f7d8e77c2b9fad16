//! Which of a record's titles is read on this visit.

use serde::{Deserialize, Serialize};
use tuwen_random::{Draws, Stream};

use crate::Title;

/// The stream of [`pick_title`]'s draws.
pub const TITLE: Stream = Stream::named("loader.title");

/// One of several titles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TitleChoice {
    /// Any of them, drawn anew at each visit.
    #[default]
    Random,
    /// Always one in this language (or field); among several of it, one is drawn.
    Fixed(String),
}

/// A record without the wanted title.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TitleError {
    /// There are titles, but not in this language.
    #[error("no title in `{wanted}`, expected one of {}", quoted(.present))]
    NoSuchLanguage {
        /// The language asked for.
        wanted: String,
        /// The languages there are, each once.
        present: Vec<String>,
    },
    /// There is no title at all.
    #[error("0 titles, expected at least 1")]
    NoTitle,
}

fn quoted(languages: &[String]) -> String {
    languages.iter().map(|language| format!("`{language}`")).collect::<Vec<_>>().join(", ")
}

/// The title for this visit. `draws` is keyed by (seed, [`TITLE`], epoch, sample): see [`Visit::draws`](crate::Visit::draws).
pub fn pick_title<'a>(titles: &'a [Title], choice: &TitleChoice, draws: &Draws) -> Result<&'a Title, TitleError> {
    let fits = |title: &&Title| match choice {
        TitleChoice::Random => true,
        TitleChoice::Fixed(language) => title.language == *language,
    };
    let candidates: Vec<&Title> = titles.iter().filter(fits).collect();
    match (candidates.len(), choice) {
        (0, TitleChoice::Fixed(wanted)) if !titles.is_empty() => {
            let mut present: Vec<String> = Vec::new();
            for Title { language, .. } in titles {
                if !present.contains(language) {
                    present.push(language.clone());
                }
            }
            Err(TitleError::NoSuchLanguage { wanted: wanted.clone(), present })
        }
        (0, _) => Err(TitleError::NoTitle),
        (count, _) => Ok(candidates[draws.below(0, count as u64) as usize]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles() -> Vec<Title> {
        let title = |language: &str, text: &str| Title { language: language.to_owned(), text: text.to_owned() };
        vec![title("zh", "猫"), title("en", "cat"), title("en", "kitten")]
    }

    fn picked(choice: &TitleChoice, epochs: u64) -> Vec<String> {
        let pick = |epoch| pick_title(&titles(), choice, &Draws::new(42, TITLE, epoch, 7)).map(|t| t.text.clone());
        (0..epochs).map(|epoch| pick(epoch).expect("there are titles")).collect()
    }

    #[test]
    fn random_titles_come_equally_often_and_reproducibly() {
        let texts = picked(&TitleChoice::Random, 3000);
        for text in ["猫", "cat", "kitten"] {
            // Binomial: mean 1000, standard deviation √(3000 · ⅓ · ⅔) = 26; 130 is five of them.
            let count = texts.iter().filter(|t| *t == text).count();
            assert!(count.abs_diff(1000) < 130, "{text}: {count}");
        }
        assert_eq!(texts, picked(&TitleChoice::Random, 3000));
    }

    #[test]
    fn fixed_language_is_kept() {
        assert_eq!(picked(&TitleChoice::Fixed("zh".to_owned()), 20), ["猫"; 20]);
        let english = picked(&TitleChoice::Fixed("en".to_owned()), 20);
        assert!(english.contains(&"cat".to_owned()) && english.contains(&"kitten".to_owned()));
        assert!(!english.contains(&"猫".to_owned()));
    }

    #[test]
    fn missing_language_names_those_there_are() {
        let draws = Draws::new(42, TITLE, 0, 0);
        let error = pick_title(&titles(), &TitleChoice::Fixed("fr".to_owned()), &draws).expect_err("no French");
        assert_eq!(error.to_string(), "no title in `fr`, expected one of `zh`, `en`");
    }

    #[test]
    fn no_title_is_an_error_for_either_choice() {
        let draws = Draws::new(42, TITLE, 0, 0);
        for choice in [TitleChoice::Random, TitleChoice::Fixed("en".to_owned())] {
            assert_eq!(pick_title(&[], &choice, &draws), Err(TitleError::NoTitle));
        }
    }

    #[test]
    fn choice_is_written_as_a_word() {
        let read = |text| serde_json::from_str::<TitleChoice>(text).expect("a choice");
        assert_eq!(read(r#""random""#), TitleChoice::Random);
        assert_eq!(read(r#"{"fixed": "zh"}"#), TitleChoice::Fixed("zh".to_owned()));
    }
}
