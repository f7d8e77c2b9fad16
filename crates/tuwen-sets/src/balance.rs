//! Choices that leave every answer equally frequent.

use tuwen_random::{Draws, Stream};

/// Where the draws of one list come from: its stream, its part and its language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) seed: u64,
    pub(crate) stream: Stream,
    pub(crate) part: u64,
}

impl Place {
    /// The draws for one sample.
    pub(crate) fn draws(self, sample: u64) -> Draws {
        Draws::new(self.seed, self.stream, self.part, sample)
    }
}

/// One of `items`; there is at least one.
pub(crate) fn one<'a, T>(draws: &Draws, position: u64, items: &'a [T]) -> &'a T {
    &items[draws.below(position, items.len() as u64) as usize]
}

/// So many of each label as there are of the rarest, in the order of `items`; which ones is drawn.
pub(crate) fn balanced<T, L: PartialEq>(draws: &Draws, items: Vec<(T, L)>, labels: &[L]) -> Vec<(T, L)> {
    let count = |label: &L| items.iter().filter(|(_, other)| other == label).count();
    let most = labels.iter().map(count).min().unwrap_or(0);
    let mut taken = vec![0; labels.len()];
    let mut keep = vec![false; items.len()];
    for index in draws.permutation(items.len()) {
        if let Some(label) = labels.iter().position(|label| *label == items[index].1)
            && taken[label] < most
        {
            taken[label] += 1;
            keep[index] = true;
        }
    }
    items.into_iter().zip(keep).filter_map(|(item, keep)| keep.then_some(item)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Stream = Stream::named("sets.test");

    #[test]
    fn each_label_is_as_frequent_as_the_rarest() {
        let items: Vec<(usize, char)> =
            (0..50).map(|n| (n, if n % 5 == 0 { 'a' } else { 'b' })).chain([(99, 'c')]).collect();
        let draws = |sample| Place { seed: 1, stream: STREAM, part: 0 }.draws(sample);
        let chosen = balanced(&draws(0), items.clone(), &['a', 'b']);
        let count = |label| chosen.iter().filter(|(_, other)| *other == label).count();
        assert_eq!((count('a'), count('b'), count('c')), (10, 10, 0));
        assert!(chosen.is_sorted());
        assert_ne!(chosen, balanced(&draws(1), items.clone(), &['a', 'b']));
        assert!(balanced(&draws(0), items, &['a', 'd']).is_empty());
    }
}
