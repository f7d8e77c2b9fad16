//! Unit vectors in one space, and which of them are nearest to another.

/// Embeddings `[n, E]` in host memory, row by row; each of length 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    size: usize,
    values: Vec<f32>,
}

/// A candidate at its place among the embeddings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// Its row.
    pub place: usize,
    /// Its cosine to the query.
    pub score: f32,
}

impl Embeddings {
    /// None yet, of size E.
    pub fn new(size: usize) -> Self {
        Self { size: size.max(1), values: Vec::new() }
    }

    /// Appends a row of E numbers; a row of another length is refused and nothing changes.
    #[must_use]
    pub fn push(&mut self, row: &[f32]) -> bool {
        let fits = row.len() == self.size;
        if fits {
            self.values.extend_from_slice(row);
        }
        fits
    }

    /// E.
    pub fn size(&self) -> usize {
        self.size
    }

    /// n.
    pub fn len(&self) -> usize {
        self.values.len() / self.size
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Row number `place`, `[E]`; panics where there is none.
    pub fn row(&self, place: usize) -> &[f32] {
        &self.values[place * self.size..][..self.size]
    }

    /// All rows in their order, `[E]` each.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.size)
    }

    /// All numbers, `[n · E]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The `most` rows with the highest cosine to `query` `[E]`, the nearest first; of equal ones the earlier.
    pub fn rank(&self, query: &[f32], most: usize) -> Vec<Ranked> {
        let cosine = |row: &[f32]| row.iter().zip(query).map(|(a, b)| a * b).sum::<f32>();
        let mut ranked: Vec<Ranked> =
            self.rows().enumerate().map(|(place, row)| Ranked { place, score: cosine(row) }).collect();
        let nearer = |a: &Ranked, b: &Ranked| b.score.total_cmp(&a.score).then(a.place.cmp(&b.place));
        if most < ranked.len() {
            ranked.select_nth_unstable_by(most, nearer);
            ranked.truncate(most);
        }
        ranked.sort_unstable_by(nearer);
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first_and_of_equals_the_earlier() {
        let mut embeddings = Embeddings::new(2);
        for row in [[0.0, 1.0], [1.0, 0.0], [0.6, 0.8], [1.0, 0.0]] {
            assert!(embeddings.push(&row));
        }
        let places = |most| embeddings.rank(&[1.0, 0.0], most).iter().map(|r| r.place).collect::<Vec<_>>();
        assert_eq!(places(9), [1, 3, 2, 0]);
        assert_eq!(places(1), [1]);
        assert_eq!(embeddings.rank(&[0.0, 1.0], 2), [Ranked { place: 0, score: 1.0 }, Ranked { place: 2, score: 0.8 }]);
        assert!(places(0).is_empty());
    }

    #[test]
    fn a_row_of_another_length_is_refused() {
        let mut embeddings = Embeddings::new(2);
        assert!(!embeddings.push(&[1.0]) && embeddings.is_empty());
        assert!(embeddings.push(&[1.0, 0.0]) && embeddings.len() == 1);
    }
}
