//! Several files as one: which file holds record `index`, and at which place.

use crate::DataError;

/// Parts laid end to end, in the order given.
pub(crate) struct Parts<T> {
    parts: Vec<T>,
    /// For each part, the records up to and including it.
    ends: Vec<usize>,
}

impl<T> Parts<T> {
    /// Lays `parts` end to end; `length` tells the records of one.
    pub(crate) fn new(parts: Vec<T>, length: impl Fn(&T) -> usize) -> Self {
        let mut total = 0;
        let mut ends = Vec::with_capacity(parts.len());
        for part in &parts {
            total += length(part);
            ends.push(total);
        }
        Self { parts, ends }
    }

    /// The records of all parts.
    pub(crate) fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The parts in order.
    pub(crate) fn parts(&self) -> &[T] {
        &self.parts
    }

    /// The part that holds record `index`, and the record's number in that part.
    pub(crate) fn locate(&self, index: usize) -> Result<(&T, usize), DataError> {
        let part = self.ends.partition_point(|&end| end <= index);
        let outside = || DataError::NoSuchRecord { index, length: self.len() };
        let found = self.parts.get(part).ok_or_else(outside)?;
        let start = if part == 0 { 0 } else { self.ends[part - 1] };
        Ok((found, index - start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_count_through_the_parts() {
        let parts = Parts::new(vec!["ab", "", "c"], |part| part.len());
        assert_eq!(parts.len(), 3);
        let found: Vec<(&str, usize)> =
            (0..3).map(|i| parts.locate(i).map(|(part, at)| (*part, at)).unwrap()).collect();
        assert_eq!(found, [("ab", 0), ("ab", 1), ("c", 0)]);
    }

    #[test]
    fn index_outside_is_an_error() {
        let error = Parts::new(vec!["ab"], |part| part.len()).locate(2).err().unwrap();
        assert_eq!(error.to_string(), "record `2` was asked for, expected one below 2");
    }
}
