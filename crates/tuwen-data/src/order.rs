//! The order in which one pass visits the records: a pure function of (seed, epoch).

use serde::{Deserialize, Serialize};
use tuwen_random::{Draws, Stream};

const ORDER: Stream = Stream::named("loader.order");

/// The order of a pass over the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Another random order in each epoch: training.
    #[default]
    Shuffled,
    /// As the source holds them: evaluation.
    Sequential,
    /// Another random order of groups of so many records that stand together in the source, cut at another place in each
    /// epoch. Neighbours are often alike, so a batch holds harder negatives than one drawn record by record.
    Neighbours(usize),
}

impl Order {
    /// The record numbers `0..records` in the order of pass `epoch`, each once.
    pub fn of_pass(self, records: usize, seed: u64, epoch: u64) -> Vec<usize> {
        match self {
            Self::Shuffled => Draws::new(seed, ORDER, epoch, 0).permutation(records),
            Self::Sequential => (0..records).collect(),
            Self::Neighbours(size) => neighbours(records, size.max(1), &Draws::new(seed, ORDER, epoch, 0)),
        }
    }
}

/// Groups of `size` in random order; the first and the last may be shorter.
fn neighbours(records: usize, size: usize, draws: &Draws) -> Vec<usize> {
    let groups = records.div_ceil(size) + 1;
    // The permutation takes the positions below the number of groups.
    let shift = draws.below(groups as u64, size as u64) as usize;
    let group = |number: usize| (number * size).saturating_sub(shift)..((number + 1) * size - shift).min(records);
    draws.permutation(groups).into_iter().flat_map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::Order::{Neighbours, Sequential, Shuffled};

    #[test]
    fn seed_and_epoch_alone_decide() {
        let order = Shuffled.of_pass(100, 7, 3);
        assert_eq!(order, Shuffled.of_pass(100, 7, 3));
        assert_ne!(order, Shuffled.of_pass(100, 7, 4));
        assert_ne!(order, Shuffled.of_pass(100, 8, 3));
    }

    #[test]
    fn each_record_is_visited_once() {
        let mut order = Shuffled.of_pass(100, 7, 3);
        order.sort_unstable();
        assert_eq!(order, Sequential.of_pass(100, 7, 3));
        assert_eq!(Sequential.of_pass(3, 7, 3), [0, 1, 2]);
        assert!(Shuffled.of_pass(0, 7, 3).is_empty());
    }

    #[test]
    fn neighbours_stay_together_and_each_comes_once() {
        for (records, size) in [(0, 4), (1, 4), (10, 1), (10, 3), (100, 4), (5, 9)] {
            let mut order = Neighbours(size).of_pass(records, 7, 3);
            let breaks = order.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
            assert!(breaks <= records.div_ceil(size), "{records} in groups of {size}: {breaks} breaks");
            order.sort_unstable();
            assert_eq!(order, Sequential.of_pass(records, 7, 3));
        }
        let cuts = |epoch| {
            let order = Neighbours(4).of_pass(1000, 7, epoch);
            order.windows(2).filter(|pair| pair[1] != pair[0] + 1).map(|pair| pair[1] % 4).max()
        };
        assert!((0..20).any(|epoch| cuts(epoch) != cuts(0)), "the cuts move");
    }

    #[test]
    fn each_record_comes_first_equally_often() {
        // χ² over 8 cells, 7 degrees of freedom: mean 7, standard deviation 3.7; 26 is five of them above.
        let (mut counts, epochs) = ([0_u32; 8], 8000_u32);
        for epoch in 0..epochs {
            counts[Shuffled.of_pass(8, 7, u64::from(epoch))[0]] += 1;
        }
        let expected = f64::from(epochs) / 8.0;
        let chi2: f64 = counts.iter().map(|&c| (f64::from(c) - expected).powi(2) / expected).sum();
        assert!(chi2 < 26.0, "χ² {chi2}");
    }
}
