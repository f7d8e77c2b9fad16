//! A finding: a sentence with numbers, how much it weighs, and what it means for a recipe.

use serde::Serialize;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub topic: Topic,
    /// How much it weighs.
    pub weight: Weight,
    /// What was found, with numbers.
    pub sentence: String,
    /// What it means for the recipe, if anything.
    pub advice: Option<Advice>,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Records as a whole.
    Records,
    /// Pictures.
    Pictures,
    /// Clips and their frames.
    Clips,
    /// Captions and titles.
    Captions,
    /// What a vocabulary makes of captions.
    Tokens,
    /// Tags.
    Tags,
    /// Training beside held-out records.
    HeldOut,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Good to know.
    Fact,
    /// Somebody should think about it before training.
    Concern,
    /// The set is broken: records that can't be read, or held-out ones that are trained on.
    Fault,
}

/// What a finding means for a recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// The recipe's key.
    pub key: &'static str,
    /// A value in TOML; absent where the data alone can't tell.
    pub value: Option<String>,
    /// What comes of it.
    pub effect: String,
}

impl Finding {
    pub(crate) fn new(topic: Topic, weight: Weight, sentence: String) -> Self {
        Self { topic, weight, sentence, advice: None }
    }

    pub(crate) fn fact(topic: Topic, sentence: String) -> Self {
        Self::new(topic, Weight::Fact, sentence)
    }

    /// With a value that would do, where no recipe says another.
    pub(crate) fn suggesting(self, advice: Option<Advice>) -> Self {
        Self { advice, ..self }
    }

    /// With advice to change the recipe, which is to be thought about.
    pub(crate) fn advised(self, advice: Option<Advice>) -> Self {
        let weight = if advice.is_some() { self.weight.max(Weight::Concern) } else { self.weight };
        Self { advice, weight, ..self }
    }
}

impl Topic {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Pictures => "pictures",
            Self::Clips => "clips",
            Self::Captions => "captions",
            Self::Tokens => "tokens",
            Self::Tags => "tags",
            Self::HeldOut => "held out",
        }
    }
}

impl Advice {
    pub(crate) fn set(key: &'static str, value: impl ToString, effect: impl Into<String>) -> Self {
        Self { key, value: Some(value.to_string()), effect: effect.into() }
    }

    pub(crate) fn think(key: &'static str, effect: impl Into<String>) -> Self {
        Self { key, value: None, effect: effect.into() }
    }
}
