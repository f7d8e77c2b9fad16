//! How well tokens are guessed by knowing how frequent each is, and nothing else.

use std::collections::BTreeMap;

use tuwen_data::{Source, TitleChoice};
use tuwen_text::{SpecialIds, TextError, TextInput};

/// Records that are looked at, spread over the set: enough for some thousand tokens, and soon read.
const RECORDS: usize = 500;

/// The entropy in nats of single tokens of the training titles, special ones left out; nothing if there is none. Of a
/// sample of N tokens with K different ones, with Miller's and Madow's correction `(K − 1) / 2N`.
pub(crate) fn unigram_entropy(
    source: &dyn Source,
    titles: &TitleChoice,
    special: SpecialIds,
    encode: impl Fn(&str) -> Result<TextInput, TextError>,
) -> Option<f64> {
    let (count, mut counts) = (source.len().min(RECORDS), BTreeMap::<u32, u64>::new());
    for place in 0..count {
        // What can't be read is named when its batch is made.
        let Ok(record) = source.read(place * source.len() / count) else { continue };
        let fits = |language: &str| match titles {
            TitleChoice::Random => true,
            TitleChoice::Fixed(fixed) => fixed == language,
        };
        for title in record.titles.iter().filter(|title| fits(&title.language)) {
            let Ok(text) = encode(&title.text) else { continue };
            let real = text.input_ids.iter().zip(&text.attention_mask).filter(|(_, real)| **real).map(|(id, _)| *id);
            real.filter(|&id| !special.contains(id)).for_each(|id| *counts.entry(id).or_default() += 1);
        }
    }
    entropy(counts.values().copied())
}

fn entropy(counts: impl Iterator<Item = u64> + Clone) -> Option<f64> {
    let (kinds, total) = counts.clone().fold((0.0, 0.0), |(kinds, total), count| (kinds + 1.0, total + count as f64));
    let term = |count: u64| (count as f64 / total) * (count as f64 / total).ln();
    (total > 0.0).then(|| -counts.map(term).sum::<f64>() + (kinds - 1.0) / (2.0 * total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_kinds_as_frequent_are_ln_2_and_a_correction() {
        let expected = 2.0_f64.ln() + (2.0 - 1.0) / (2.0 * 10.0);
        assert!((entropy([5_u64, 5].into_iter()).unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn one_kind_is_no_surprise_and_none_no_entropy() {
        assert_eq!(entropy([7_u64].into_iter()), Some(0.0));
        assert_eq!(entropy(std::iter::empty()), None);
    }
}
