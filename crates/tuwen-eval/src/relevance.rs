//! Which captions belong to which images: the right answers of either direction.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::EvalError;

/// The right answers of each query, as indices among `candidates`. No query is without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightAnswers {
    candidates: usize,
    /// Ascending, per query.
    of: Vec<Vec<usize>>,
}

impl RightAnswers {
    /// How many queries there are.
    pub fn queries(&self) -> usize {
        self.of.len()
    }

    /// How many candidates there are for each query.
    pub fn candidates(&self) -> usize {
        self.candidates
    }

    /// The right answers of one query, ascending.
    ///
    /// # Panics
    /// If there is no such query.
    pub fn of(&self, query: usize) -> &[usize] {
        &self.of[query]
    }

    /// Those of some queries, for scores that come in blocks of rows.
    ///
    /// # Panics
    /// If the range reaches beyond the queries.
    #[must_use]
    pub fn block(&self, queries: Range<usize>) -> Self {
        Self { candidates: self.candidates, of: self.of[queries].to_vec() }
    }
}

/// Which of n images and m captions belong together, in both directions. An image may have several captions and a caption
/// several images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relevance {
    captions: RightAnswers,
    images: RightAnswers,
}

impl Relevance {
    /// From pairs of an image and a caption that were seen together. Images of equal key are the same image, captions of
    /// equal key the same caption, so each copy of the one belongs to each copy of the other. Errors: a pair that names
    /// what is not there, an image or a caption in no pair.
    pub fn from_keys(image_keys: &[u64], caption_keys: &[u64], pairs: &[(usize, usize)]) -> Result<Self, EvalError> {
        let mut together: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for (pair, &(image, caption)) in pairs.iter().enumerate() {
            let image_key = key_at(image_keys, image, pair, "image")?;
            together.entry(image_key).or_default().insert(key_at(caption_keys, caption, pair, "caption")?);
        }
        let mut copies: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (caption, &key) in caption_keys.iter().enumerate() {
            copies.entry(key).or_default().push(caption);
        }
        let captions_of = |image_key| {
            let keys = together.get(image_key).into_iter().flatten();
            let mut captions: Vec<usize> = keys.flat_map(|key| &copies[key]).copied().collect();
            captions.sort_unstable();
            captions
        };
        Self::new(image_keys.iter().map(captions_of).collect(), caption_keys.len())
    }

    /// From a list of pairs alone: image i came with caption i. Copies count as in [`from_keys`](Self::from_keys).
    pub fn from_pairs(image_keys: &[u64], caption_keys: &[u64]) -> Result<Self, EvalError> {
        let (images, captions) = (image_keys.len(), caption_keys.len());
        if images != captions {
            return Err(EvalError::PairKeys { images, captions });
        }
        Self::from_keys(image_keys, caption_keys, &(0..images).map(|i| (i, i)).collect::<Vec<_>>())
    }

    /// Each image's captions follow one another, all different: the first `captions_per_image[0]` belong to image 0, the
    /// next to image 1. Errors: an image without any.
    pub fn consecutive(captions_per_image: &[usize]) -> Result<Self, EvalError> {
        let mut next = 0;
        let captions_of = captions_per_image.iter().map(|&count| {
            next += count;
            (next - count..next).collect()
        });
        let captions_of = captions_of.collect();
        Self::new(captions_of, next)
    }

    /// Right captions of each image query.
    pub fn i2t(&self) -> &RightAnswers {
        &self.captions
    }

    /// Right images of each caption query.
    pub fn t2i(&self) -> &RightAnswers {
        &self.images
    }

    fn new(captions_of: Vec<Vec<usize>>, captions: usize) -> Result<Self, EvalError> {
        let mut images_of = vec![Vec::new(); captions];
        for (image, captions) in captions_of.iter().enumerate() {
            captions.iter().for_each(|&caption| images_of[caption].push(image));
        }
        let all_answered = |kind, other, of: &[Vec<usize>]| match of.iter().position(Vec::is_empty) {
            Some(index) => Err(EvalError::NoRightAnswer { kind, index, other }),
            None => Ok(()),
        };
        all_answered("image", "caption", &captions_of)?;
        all_answered("caption", "image", &images_of)?;
        let images = captions_of.len();
        Ok(Self {
            captions: RightAnswers { candidates: captions, of: captions_of },
            images: RightAnswers { candidates: images, of: images_of },
        })
    }
}

fn key_at(keys: &[u64], index: usize, pair: usize, kind: &'static str) -> Result<u64, EvalError> {
    keys.get(index).copied().ok_or(EvalError::PairIndex { pair, kind, index, count: keys.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_follow_one_another() {
        let relevance = Relevance::consecutive(&[2, 1]).unwrap();
        assert_eq!((relevance.i2t().of(0), relevance.i2t().of(1)), (&[0, 1][..], &[2][..]));
        assert_eq!([0, 1, 2].map(|caption| relevance.t2i().of(caption)), [[0], [0], [1]]);
        assert_eq!((relevance.t2i().queries(), relevance.t2i().candidates()), (3, 2));
    }

    #[test]
    fn copies_of_an_image_or_a_caption_are_right_too() {
        // Pairs 0 and 2 show the same image (7), pairs 1 and 2 bear the same caption (8).
        let relevance = Relevance::from_pairs(&[7, 5, 7], &[9, 8, 8]).unwrap();
        assert_eq!(relevance.i2t().of(0), [0, 1, 2]); // its own, its copy's, and the other copy of that text
        assert_eq!(relevance.i2t().of(1), [1, 2]);
        assert_eq!(relevance.t2i().of(0), [0, 2]);
        assert_eq!(relevance.t2i().of(1), [0, 1, 2]);
    }

    #[test]
    fn any_relation_can_be_given() {
        let relevance = Relevance::from_keys(&[0, 1], &[0, 1, 2], &[(0, 0), (1, 0), (1, 2), (0, 1)]).unwrap();
        assert_eq!((relevance.i2t().of(0), relevance.i2t().of(1)), (&[0, 1][..], &[0, 2][..]));
        assert_eq!(relevance.t2i().block(0..1).of(0), [0, 1]);
        assert_eq!(relevance.t2i().block(1..3).queries(), 2);
    }

    #[test]
    fn what_does_not_belong_together_is_named() {
        let error = Relevance::from_keys(&[0], &[0, 1], &[(0, 1), (0, 2)]).unwrap_err();
        assert_eq!(error.to_string(), "pair `1` names caption `2`, expected one below `2`");
        let error = Relevance::from_keys(&[0], &[0, 1], &[(0, 1)]).unwrap_err();
        assert_eq!(error.to_string(), "caption `0` belongs to no image, expected at least one");
        assert!(matches!(
            Relevance::consecutive(&[1, 0]),
            Err(EvalError::NoRightAnswer { kind: "image", index: 1, .. })
        ));
        assert!(matches!(Relevance::from_pairs(&[1], &[]), Err(EvalError::PairKeys { images: 1, captions: 0 })));
    }
}
