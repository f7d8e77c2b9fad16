//! An amount by the parts of a step.

use serde::Serialize;

/// One part's share of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The part, as people call it.
    pub name: &'static str,
    /// Operations, or numbers, as the amount is of.
    pub amount: u64,
}

impl Part {
    /// The sum of all parts.
    pub fn sum(parts: &[Self]) -> u64 {
        parts.iter().map(|part| part.amount).sum()
    }
}

/// Those of `parts` that are not nothing.
pub(crate) fn present(parts: &[(&'static str, u64)]) -> Vec<Part> {
    let present = parts.iter().filter(|(_, amount)| *amount > 0);
    present.map(|&(name, amount)| Part { name, amount }).collect()
}

/// Numbers that a transformer layer keeps for its backward pass: of each of `rows` the layer's input, what attention mixed,
/// both norms, the feed-forward part's input (5 · H), and its inner values before and after the GELU; of each of `places`,
/// which are as many where padding is computed and more where it isn't, query, key and value.
pub(crate) fn kept_by_layer([rows, places]: [u64; 2], hidden: usize, inner: usize) -> u64 {
    rows * (5 * hidden + 2 * inner) as u64 + 3 * places * hidden as u64
}

/// Numbers that pass through the backward pass of a layer at once: the gradients of its inner values before and after the
/// GELU, and of the states around them.
pub(crate) fn passing_through(rows: u64, hidden: usize, inner: usize) -> u64 {
    rows * (4 * hidden + 2 * inner) as u64
}

/// Rows times a matrix: two operations for each multiplication with its addition.
pub(crate) fn product(rows: u64, inputs: usize, outputs: usize) -> u64 {
    2 * rows * inputs as u64 * outputs as u64
}

/// Scores and mixtures of `queries` with `keys` each, over `hidden` values.
pub(crate) fn attention(queries: u64, keys: usize, hidden: usize) -> u64 {
    4 * queries * keys as u64 * hidden as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_nothing_is_left_out() {
        let parts = present(&[("words", 3), ("tags", 0), ("frames", 4)]);
        assert_eq!((parts.len(), Part::sum(&parts)), (2, 7));
    }

    #[test]
    fn a_layer_by_hand() {
        // 3 rows: input 2, mixed 2, norm 2, input of the feed-forward part 2, norm 2; 5 inside, twice. 4 places: query, key, value.
        assert_eq!(kept_by_layer([3, 4], 2, 5), 3 * (2 + 2 + 2 + 2 + 2 + 2 * 5) + 4 * 3 * 2);
    }
}
