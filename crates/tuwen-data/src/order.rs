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
}

impl Order {
    /// The record numbers `0..records` in the order of pass `epoch`, each once.
    pub fn of_pass(self, records: usize, seed: u64, epoch: u64) -> Vec<usize> {
        match self {
            Self::Shuffled => Draws::new(seed, ORDER, epoch, 0).permutation(records),
            Self::Sequential => (0..records).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Order::{Sequential, Shuffled};

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
