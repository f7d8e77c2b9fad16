//! What training and held-out records have in common.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::examine::Looked;

/// What training and held-out records have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OverlapNumbers {
    /// Held-out records that were looked at.
    pub heldout_records: u64,
    /// Held-out records whose picture or clip is trained on too.
    pub pictures: u64,
    /// The first few: id of the training record, id of the held-out one.
    pub picture_examples: Vec<[String; 2]>,
    /// Held-out records whose caption is trained on too, by language.
    pub captions: BTreeMap<String, u64>,
    /// The first few.
    pub caption_examples: BTreeMap<String, Vec<[String; 2]>>,
}

impl OverlapNumbers {
    pub(crate) fn between(train: &Looked, heldout: &Looked) -> Self {
        let (train_name, heldout_name) = (|record| train.name(record), |record| heldout.name(record));
        let (pictures, picture_examples) =
            train.census.visuals.common(&heldout.census.visuals, &train_name, &heldout_name);
        let mut overlap =
            Self { heldout_records: heldout.census.examined(), pictures, picture_examples, ..Self::default() };
        for (language, captions) in &heldout.census.captions {
            let Some(trained) = train.census.captions.get(language) else { continue };
            let (records, examples) = trained.occurrences.common(&captions.occurrences, &train_name, &heldout_name);
            overlap.captions.insert(language.clone(), records);
            overlap.caption_examples.insert(language.clone(), examples);
        }
        overlap
    }

    /// Whether nothing is in both.
    pub fn is_none(&self) -> bool {
        self.pictures == 0 && self.captions.values().all(|&records| records == 0)
    }
}
