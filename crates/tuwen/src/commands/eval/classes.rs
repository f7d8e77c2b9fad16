//! Classes by name: what a file says of them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tuwen_eval::PromptTemplates;
use tuwen_recipe::RecipeError;
use tuwen_train::TrainError;

use super::CommandError;

/// The classes that come with the program.
const BUILT_IN: [(&str, &str); 1] = [("emoji-tones", include_str!("../../../classes/emoji-tones.toml"))];

/// Classes, how they are called, and the sentences that name them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Classes {
    /// The field of a record that holds its class.
    pub(super) field: String,
    /// The classes.
    pub(super) classes: Vec<Class>,
    /// By language, sentences with `{}` where the name stands; absent: general ones.
    #[serde(default)]
    pub(super) templates: BTreeMap<String, Vec<String>>,
}

/// One class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Class {
    /// What stands in the field.
    pub(super) label: String,
    /// What it is called, by language.
    pub(super) names: BTreeMap<String, String>,
}

impl Classes {
    /// Those of this built-in name, or in this TOML file. Errors: fewer than two, or one without a name in each language.
    pub(super) fn read(name: &str) -> Result<Self, CommandError> {
        let (shown, text) = match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => (format!("{name}.toml"), (*text).to_string()),
            None if name.ends_with(".toml") => {
                let text = std::fs::read_to_string(name).map_err(|error| TrainError::io(Path::new(name), error))?;
                (name.to_string(), text)
            }
            None => {
                let known = BUILT_IN.map(|(name, _)| format!("`{name}`")).join(", ");
                return Err(format!("no classes `{name}`; there are {known}, or give the path of a TOML file").into());
            }
        };
        let layer = tuwen_recipe::Layer { name: &shown, text: &text };
        Ok(tuwen_recipe::parse_checked(layer, &[], &[], check)?)
    }

    /// The languages in which they are named.
    pub(super) fn languages(&self) -> Vec<&str> {
        self.classes.first().map_or(Vec::new(), |class| class.names.keys().map(String::as_str).collect())
    }

    /// The names in `language`.
    pub(super) fn names(&self, language: &str) -> Vec<&str> {
        self.classes.iter().filter_map(|class| class.names.get(language).map(String::as_str)).collect()
    }

    /// The sentences of `language`.
    pub(super) fn prompts(&self, language: &str) -> Result<PromptTemplates, CommandError> {
        Ok(match (self.templates.get(language), language) {
            (Some(templates), _) => PromptTemplates::new(templates.clone())?,
            (None, "zh") => PromptTemplates::chinese(),
            (None, _) => PromptTemplates::english(),
        })
    }

    /// The number of the class among `tags`; none if there is none, or more than one.
    pub(super) fn of(&self, tags: &[String]) -> Option<usize> {
        let mut found = (0..self.classes.len()).filter(|&class| tags.contains(&self.classes[class].label));
        found.next().filter(|_| found.next().is_none())
    }
}

fn check(classes: &Classes) -> Result<(), RecipeError> {
    if classes.classes.len() < 2 {
        let reason = format!("has {} entries, expected at least 2", classes.classes.len());
        return Err(RecipeError::invalid("classes", reason));
    }
    let languages = classes.languages();
    let unlike = |class: &&Class| class.names.keys().map(String::as_str).collect::<Vec<_>>() != languages;
    if let Some(class) = classes.classes.iter().find(unlike) {
        let reason = format!("of `{}` are in other languages than those of the first class", class.label);
        return Err(RecipeError::invalid("classes.names", reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_classes_are_named_in_both_languages() {
        let tones = Classes::read("emoji-tones").unwrap();
        assert_eq!((tones.classes.len(), tones.languages()), (5, vec!["en", "zh"]));
        assert_eq!(tones.of(&["3".to_string()]), Some(2));
        assert_eq!(tones.of(&["9".to_string()]), None);
        assert_eq!(tones.names("zh")[0], "较浅肤色");
    }

    #[test]
    fn a_file_without_classes_or_with_a_nameless_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Classes::read(path.to_str().unwrap()).unwrap_err().to_string()
        };
        let one = "field = \"f\"\n[[classes]]\nlabel = \"1\"\nnames = { en = \"a\" }\n";
        assert!(read(one).contains("`classes` has 1 entries, expected at least 2"));
        let two = format!("{one}[[classes]]\nlabel = \"2\"\nnames = {{ zh = \"b\" }}\n");
        assert!(read(&two).contains("`classes.names` of `2` are in other languages"), "{}", read(&two));
        assert!(read(&one.replace("field", "feild")).contains("did you mean `field`?"));
        assert!(Classes::read("tones").unwrap_err().to_string().contains("there are `emoji-tones`"));
    }
}
