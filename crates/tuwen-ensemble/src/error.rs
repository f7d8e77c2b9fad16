//! Everything that can be wrong with embeddings, one variant per way.

/// What can't be joined.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum EnsembleError {
    /// Rows of no length, or none of them.
    #[error("{values} values in rows of {width}, expected whole rows and at least one")]
    Shape {
        /// How many values there are.
        values: usize,
        /// The length of a row.
        width: usize,
    },
    /// An embedding that is no place in space.
    #[error("row {row} holds `{value}`, expected finite numbers")]
    NotFinite {
        /// Which one, from 0.
        row: usize,
        /// `NaN` or an infinity.
        value: f32,
    },
    /// An embedding that has no direction.
    #[error("model {model} gives row {row} as zeros, expected a direction")]
    Zero {
        /// Which model, from 0.
        model: usize,
        /// Which row, from 0.
        row: usize,
    },
    /// Models that have seen different clips.
    #[error("model {model} has {rows} rows, expected {expected} as the first has")]
    Rows {
        /// Which model, from 0.
        model: usize,
        /// Its rows.
        rows: usize,
        /// Those of the first.
        expected: usize,
    },
    /// Nothing to join.
    #[error("no model, expected at least one")]
    NoModel,
    /// A weight by which nothing can be scaled.
    #[error("the weight of model {model} is {weight}, expected a finite number above 0")]
    Weight {
        /// Which model, from 0.
        model: usize,
        /// Its weight.
        weight: f64,
    },
    /// More directions than there are, or none.
    #[error("{components} components of {rows} rows of {width}, expected 1 to {most}", most = rows.min(width))]
    Components {
        /// Directions asked for.
        components: usize,
        /// Rows.
        rows: usize,
        /// Their length.
        width: usize,
    },
    /// Rows of another length than those that were fitted on.
    #[error("rows of {width}, expected {expected} as those that were fitted on")]
    Width {
        /// The length.
        width: usize,
        /// The expected length.
        expected: usize,
    },
}
