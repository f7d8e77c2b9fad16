//! How often each whole number occurs: quantiles of any set in as much memory as there are different numbers.

use std::collections::BTreeMap;

use serde::Serialize;

/// Numbers and how often each occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Histogram {
    counts: BTreeMap<u64, u64>,
}

impl Histogram {
    pub(crate) fn add(&mut self, value: usize) {
        *self.counts.entry(value as u64).or_default() += 1;
    }

    /// How many numbers there are.
    pub fn len(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The smallest number that at least `percent` per cent of all do not exceed: 50 is the median, 100 the largest.
    pub fn quantile(&self, percent: u64) -> Option<u64> {
        let needed = (self.len() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.counts.iter().find_map(|(&value, &count)| {
            seen += count;
            (seen >= needed).then_some(value)
        })
    }

    /// How many are larger than `limit`.
    pub fn above(&self, limit: u64) -> u64 {
        self.counts.iter().filter(|&(&value, _)| value > limit).map(|(_, count)| count).sum()
    }

    /// How many are smaller than `limit`.
    pub fn below(&self, limit: u64) -> u64 {
        self.counts.range(..limit).map(|(_, count)| count).sum()
    }

    /// All numbers added up.
    pub fn sum(&self) -> u64 {
        self.counts.iter().map(|(value, count)| value.saturating_mul(*count)).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: &[usize]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|&value| histogram.add(value));
        histogram
    }

    #[test]
    fn quantiles_are_numbers_that_occur() {
        let numbers = histogram(&[1, 2, 2, 9]);
        assert_eq!([0, 25, 50, 75, 76, 100].map(|percent| numbers.quantile(percent)), [1, 1, 2, 2, 9, 9].map(Some));
        assert_eq!(histogram(&[]).quantile(50), None);
    }

    #[test]
    fn limits_belong_to_neither_side() {
        let numbers = histogram(&[1, 2, 2, 9]);
        assert_eq!((numbers.below(2), numbers.above(2), numbers.sum(), numbers.len()), (1, 1, 14, 4));
    }
}
