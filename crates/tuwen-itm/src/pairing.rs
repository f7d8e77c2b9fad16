//! Whose clip stands with which text: half the rows keep their own, drawn anew at each step.

use std::collections::BTreeSet;

use burn::tensor::Device;
use tuwen_core::MatchLabels;
use tuwen_random::{Draws, Stream};

/// The stream of [`balanced_pairing`]'s draws; its samples are steps.
pub const PAIRING: Stream = Stream::named("itm.pairing");

// The permutation draws below position B; these stay clear of it.
const ODD_ROW: u64 = 1 << 32;
const PARTNERS: u64 = 1 << 33;

/// What makes two clips, or two texts, the same: keys that equal ones share, such as a hash of their content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairIdentity {
    /// Of the clip.
    pub clip: u64,
    /// Of the text.
    pub text: u64,
}

/// A batch in which some texts stand with a clip that isn't theirs. Both lists have an entry for each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItmPairing {
    /// The row whose clip stands with this row's text.
    pub frames_of: Vec<usize>,
    /// Whether that is its own.
    pub matches: Vec<bool>,
}

impl ItmPairing {
    pub(crate) fn new(frames_of: Vec<usize>) -> Self {
        let matches = frames_of.iter().enumerate().map(|(row, &clip)| row == clip).collect();
        Self { frames_of, matches }
    }

    /// The labels of its rows.
    pub fn labels(&self, device: &Device) -> MatchLabels {
        MatchLabels::new(&self.matches, device)
    }
}

/// Why a batch can't be paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ItmError {
    /// There is no other clip to take.
    #[error("itm: a batch of `{batch}` has no second clip to mismatch a text with, expected a batch size of 2 or more")]
    BatchTooSmall {
        /// Its size.
        batch: usize,
    },
}

/// Half the rows (of an odd batch, the smaller or the larger half by a draw) get the clip of another row, the rest
/// keep their own. Which rows, and whose clip, is drawn uniformly. A row takes no clip with its own clip's key nor the
/// clip of a text with its own text's key, as both would be matches in truth. A row to which that leaves no clip stays
/// a match and another row takes its part; where no row is left to, there are fewer mismatches than half.
///
/// # Errors
/// [`ItmError::BatchTooSmall`] below two rows.
pub fn balanced_pairing(identities: &[PairIdentity], draws: &Draws) -> Result<ItmPairing, ItmError> {
    half_mismatched(identities, draws, |_, strangers| strangers)
}

/// As [`balanced_pairing`], but a mismatched row gets the clip of one of the [`NEAREST`] rows whose texts share the most
/// with its own (`|a ∩ b| / |a ∪ b|` over token ids), so that the difference is in the details. `texts` has each row's ids.
///
/// # Errors
/// As [`balanced_pairing`].
pub fn similar_pairing(identities: &[PairIdentity], texts: &[&[u32]], draws: &Draws) -> Result<ItmPairing, ItmError> {
    half_mismatched(identities, draws, |row, mut strangers| {
        // Equally near ones in a drawn order: a stable sort keeps it.
        let order = draws.permutation(strangers.len());
        strangers = order.into_iter().map(|place| strangers[place]).collect();
        strangers.sort_by(|&a, &b| likeness(texts[row], texts[b]).total_cmp(&likeness(texts[row], texts[a])));
        strangers.truncate(NEAREST);
        strangers
    })
}

/// How many of the most similar rows a mismatch is drawn from.
pub const NEAREST: usize = 3;

/// Half the rows get a clip drawn from those that `candidates` leaves of a row's strangers.
fn half_mismatched(
    identities: &[PairIdentity],
    draws: &Draws,
    candidates: impl Fn(usize, Vec<usize>) -> Vec<usize>,
) -> Result<ItmPairing, ItmError> {
    let batch = identities.len();
    if batch < 2 {
        return Err(ItmError::BatchTooSmall { batch });
    }
    let odd_row = if batch.is_multiple_of(2) { 0 } else { draws.below(ODD_ROW, 2) as usize };
    let mut missing = batch / 2 + odd_row;
    let mut frames_of: Vec<usize> = (0..batch).collect();
    for row in draws.permutation(batch) {
        if missing == 0 {
            break;
        }
        let candidates = candidates(row, strangers(identities, row));
        if !candidates.is_empty() {
            frames_of[row] = candidates[draws.below(PARTNERS + row as u64, candidates.len() as u64) as usize];
            missing -= 1;
        }
    }
    Ok(ItmPairing::new(frames_of))
}

fn likeness(a: &[u32], b: &[u32]) -> f64 {
    let (a, b): (BTreeSet<u32>, BTreeSet<u32>) = (a.iter().copied().collect(), b.iter().copied().collect());
    a.intersection(&b).count() as f64 / a.union(&b).count().max(1) as f64
}

/// The rows whose clip is a mismatch for the text of `row`.
fn strangers(identities: &[PairIdentity], row: usize) -> Vec<usize> {
    let own = identities[row];
    let differs = |other: &PairIdentity| other.clip != own.clip && other.text != own.text;
    (0..identities.len()).filter(|&other| differs(&identities[other])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(keys: &[(u64, u64)]) -> Vec<PairIdentity> {
        keys.iter().map(|&(clip, text)| PairIdentity { clip, text }).collect()
    }

    fn distinct(batch: u64) -> Vec<PairIdentity> {
        (0..batch).map(|i| PairIdentity { clip: i, text: 1000 + i }).collect()
    }

    fn pairing(identities: &[PairIdentity], step: u64) -> ItmPairing {
        balanced_pairing(identities, &Draws::new(42, PAIRING, 0, step)).unwrap()
    }

    fn mismatches(pairing: &ItmPairing) -> usize {
        pairing.matches.iter().filter(|&&matches| !matches).count()
    }

    #[test]
    fn exactly_half_of_an_even_batch_and_never_the_own_clip() {
        for batch in [2, 4, 6, 10, 128] {
            for step in 0..50 {
                let pairing = pairing(&distinct(batch), step);
                assert_eq!(mismatches(&pairing), batch as usize / 2);
                for (row, &clip) in pairing.frames_of.iter().enumerate() {
                    assert_eq!(pairing.matches[row], row == clip);
                }
            }
        }
    }

    #[test]
    fn an_odd_batch_gives_its_odd_row_to_either_side() {
        let larger = (0..1000).filter(|&step| mismatches(&pairing(&distinct(5), step)) == 3).count();
        let smaller = (0..1000).filter(|&step| mismatches(&pairing(&distinct(5), step)) == 2).count();
        assert_eq!(larger + smaller, 1000);
        assert!(larger.abs_diff(500) < 5 * 16, "{larger} of 1000"); // binomial: standard deviation 15.8
    }

    #[test]
    fn every_row_and_every_partner_is_as_likely() {
        // χ² over the 12 (row, clip) cells of a batch of 4: 11 degrees of freedom, mean 11, standard deviation 4.7.
        let (steps, mut counts) = (6000_u64, [[0_u32; 4]; 4]);
        for step in 0..steps {
            for (row, &clip) in pairing(&distinct(4), step).frames_of.iter().enumerate() {
                counts[row][clip] += 1;
            }
        }
        let expected = steps as f64 / 2.0 / 3.0;
        let cells = (0..16).filter(|cell| cell / 4 != cell % 4).map(|cell| f64::from(counts[cell / 4][cell % 4]));
        let chi2: f64 = cells.map(|count| (count - expected).powi(2) / expected).sum();
        assert!(chi2 < 11.0 + 5.0 * 4.7, "χ² {chi2}");
    }

    #[test]
    fn the_same_clip_or_text_is_never_a_mismatch() {
        // Rows 0 and 1 show one clip, rows 2 and 3 have one title.
        let identities = pairs(&[(7, 1), (7, 2), (8, 3), (9, 3)]);
        for step in 0..200 {
            let pairing = pairing(&identities, step);
            assert_eq!(mismatches(&pairing), 2);
            for (row, &clip) in pairing.frames_of.iter().enumerate().filter(|(row, clip)| row != *clip) {
                assert_ne!(row / 2, clip / 2, "step {step}");
            }
        }
    }

    #[test]
    fn a_row_without_a_stranger_stays_a_match_and_another_takes_its_part() {
        // Row 0 shares its clip with row 1 and its text with rows 2 and 3.
        let identities = pairs(&[(1, 1), (1, 2), (2, 1), (3, 1)]);
        for step in 0..200 {
            let pairing = pairing(&identities, step);
            assert!(pairing.matches[0]);
            assert_eq!(mismatches(&pairing), 2);
        }
    }

    #[test]
    fn a_batch_of_one_clip_has_no_mismatch() {
        assert_eq!(mismatches(&pairing(&pairs(&[(1, 1), (1, 2), (1, 3)]), 0)), 0);
    }

    #[test]
    fn batch_too_small() {
        let error = balanced_pairing(&distinct(1), &Draws::new(42, PAIRING, 0, 0)).unwrap_err();
        assert_eq!(error, ItmError::BatchTooSmall { batch: 1 });
        assert_eq!(
            error.to_string(),
            "itm: a batch of `1` has no second clip to mismatch a text with, expected a batch size of 2 or more"
        );
    }

    #[test]
    fn similar_mismatches_come_from_the_nearest_texts() {
        // Rows 0 to 3 share two of three words, rows 4 to 7 likewise; the two groups share nothing.
        let texts: Vec<[u32; 3]> = (0..8).map(|row| [row / 4 * 100 + 1, row / 4 * 100 + 2, 1000 + row]).collect();
        let texts: Vec<&[u32]> = texts.iter().map(|text| text.as_slice()).collect();
        for step in 0..50 {
            let pairing = similar_pairing(&distinct(8), &texts, &Draws::new(42, PAIRING, 0, step)).unwrap();
            assert_eq!(mismatches(&pairing), 4);
            assert!(pairing.frames_of.iter().enumerate().all(|(row, clip)| row / 4 == clip / 4), "{pairing:?}");
        }
    }
}
