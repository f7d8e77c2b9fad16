//! Splits pairs of clips into those to train on and those to validate on.

use tuwen_random::{Draws, Stream};

use crate::{AnnotationError, Fault, Pair};

const CLIP: Stream = Stream::named("pairs.split");

/// Pairs to train on and to validate on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Split {
    /// To train on.
    pub train: Vec<Pair>,
    /// To validate on.
    pub validation: Vec<Pair>,
    /// In neither, since one clip of them is on each side.
    pub dropped: usize,
}

/// The QQ reference's split: a pair validates if the numbers of *both* its clips are 0 modulo 5 (2,526 of its 67,899 pairs),
/// and is trained on otherwise; so clips of the validation are seen in training, in other pairs. Errors: an id that is no
/// number.
pub fn split_by_number(pairs: &[Pair]) -> Result<Split, AnnotationError> {
    let mut split = Split::default();
    for pair in pairs {
        let fifth = |id: &str| {
            let digit = id.bytes().last().filter(|_| id.bytes().all(|byte| byte.is_ascii_digit()));
            digit.map(|digit| (digit - b'0').is_multiple_of(5)).ok_or_else(|| AnnotationError::Split {
                a: pair.a.clone(),
                b: pair.b.clone(),
                fault: Box::new(Fault::NoNumber { id: id.to_owned() }),
            })
        };
        let validates = fifth(&pair.a)? && fifth(&pair.b)?;
        if validates { &mut split.validation } else { &mut split.train }.push(pair.clone());
    }
    Ok(split)
}

/// A split in which no clip is on both sides: each clip is put on the side of the validation with probability `share`, by a
/// draw of its id, and pairs across are dropped. The same for any order of the pairs.
pub fn split_by_clip(pairs: &[Pair], share: f64, seed: u64) -> Split {
    let mut split = Split::default();
    for pair in pairs {
        let validates = |id: &str| Draws::new(seed, CLIP, 0, Stream::named(id).id()).uniform(0) < share;
        match (validates(&pair.a), validates(&pair.b)) {
            (true, true) => split.validation.push(pair.clone()),
            (false, false) => split.train.push(pair.clone()),
            _ => split.dropped += 1,
        }
    }
    split
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn pairs(count: usize) -> Vec<Pair> {
        let id = |number: usize| (1_000_000_000_000_000_000 + number % 97).to_string();
        (0..count).map(|n| Pair { a: id(n * 31), b: id(n * 17 + 5), score: 0.5 }).collect()
    }

    #[test]
    fn by_number_only_pairs_of_two_fifths_validate() {
        let pair = |a: &str, b: &str| Pair { a: a.to_owned(), b: b.to_owned(), score: 0.0 };
        let split = split_by_number(&[pair("5", "10"), pair("5", "11"), pair("12", "10"), pair("1", "2")]).unwrap();
        assert_eq!(split.validation, [pair("5", "10")]);
        assert_eq!((split.train.len(), split.dropped), (3, 0));
        let error = split_by_number(&[pair("5", "1f600")]).unwrap_err().to_string();
        assert_eq!(error, "pair `5`, `1f600`: clip `1f600` is no number, expected digits: split by clip instead");
        assert!(split_by_number(&[pair("", "5")]).is_err());
    }

    #[test]
    fn by_clip_no_clip_is_on_both_sides() {
        let pairs = pairs(2000);
        let split = split_by_clip(&pairs, 0.3, 7);
        let clips = |pairs: &[Pair]| -> HashSet<String> {
            pairs.iter().flat_map(|pair| [pair.a.clone(), pair.b.clone()]).collect()
        };
        assert!(clips(&split.train).is_disjoint(&clips(&split.validation)));
        assert_eq!(split.train.len() + split.validation.len() + split.dropped, 2000);
        assert!(!split.validation.is_empty() && split.validation.len() < split.train.len());
        let mut reversed = pairs.clone();
        reversed.reverse();
        assert_eq!(clips(&split_by_clip(&reversed, 0.3, 7).validation), clips(&split.validation));
        assert_ne!(split_by_clip(&pairs, 0.3, 8), split);
        assert_eq!(split_by_clip(&pairs, 0.0, 7).train.len(), 2000);
    }
}
