//! How well matches and mismatches are told apart, each side counted for itself.

use std::ops::AddAssign;

/// How many of a kind there were, and how many of them were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Right answers.
    pub hits: u64,
    /// All of the kind.
    pub total: u64,
}

/// Right answers among the matches and among the mismatches; counts of several batches add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchCounts {
    /// A match is right if its logit is above 0.
    pub matches: Count,
    /// A mismatch is right if it is not.
    pub mismatches: Count,
}

impl MatchCounts {
    /// Counts a batch: its logits and its labels, as in [`crate::ItmPairing::matches`].
    ///
    /// # Panics
    /// If there isn't a label for each logit.
    pub fn new(logits: &[f32], matches: &[bool]) -> Self {
        assert_eq!(logits.len(), matches.len(), "a label for each logit");
        let mut counts = Self::default();
        for (&logit, &is_match) in logits.iter().zip(matches) {
            let count = if is_match { &mut counts.matches } else { &mut counts.mismatches };
            count.total += 1;
            count.hits += u64::from((logit > 0.0) == is_match);
        }
        counts
    }

    /// Mean of the two hit rates, 0.5 for any head that looks at nothing; nothing if one kind did not occur.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let rate = |count: Count| (count.total > 0).then(|| count.hits as f64 / count.total as f64);
        Some((rate(self.matches)? + rate(self.mismatches)?) / 2.0)
    }
}

impl AddAssign for MatchCounts {
    fn add_assign(&mut self, other: Self) {
        for (count, other) in [(&mut self.matches, other.matches), (&mut self.mismatches, other.mismatches)] {
            count.hits += other.hits;
            count.total += other.total;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn always_saying_match_is_no_better_than_chance() {
        let counts = MatchCounts::new(&[1.0, 2.0, 3.0, 4.0], &[true, true, true, false]);
        assert_eq!(counts.matches, Count { hits: 3, total: 3 });
        assert_eq!(counts.mismatches, Count { hits: 0, total: 1 });
        assert_eq!(counts.balanced_accuracy(), Some(0.5)); // plain accuracy would be 3/4
    }

    #[test]
    fn batches_add_up_and_an_undecided_logit_is_no_match() {
        let mut counts = MatchCounts::new(&[0.0], &[true]);
        assert_eq!(counts.balanced_accuracy(), None);
        counts += MatchCounts::new(&[5.0, 0.0], &[true, false]);
        assert_eq!(counts.balanced_accuracy(), Some((1.0 / 2.0 + 1.0 / 1.0) / 2.0));
    }
}
