//! Text assignment: each caption with two pictures, its own and one that looks alike, or two others.
//!
//! `L = −(1/B) Σᵦ log softmax(xᵦ)[aᵦ]`, a = 0 own picture first, 1 second, 2 neither

use burn::tensor::{Bool, Int, Tensor, activation::softmax};
use tuwen_ops::cross_entropy;
use tuwen_random::{Draws, Stream};

/// The stream of [`draw_assignments`]; its samples are steps.
pub const ASSIGNMENT: Stream = Stream::named("downstream.assignment");

/// What the reference divides similarities by: a constant, not the temperature it has learned.
pub const SEED_TEMPERATURE: f64 = 0.07;

/// Where a caption's own picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// In front.
    First,
    /// Behind.
    Second,
    /// In neither place.
    Neither,
}

/// Two pictures for each caption of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignments {
    /// `[B]`: the pictures in the first and in the second place.
    pub pictures: Vec<[usize; 2]>,
    /// `[B]`: which of them is the caption's own.
    pub labels: Vec<Assignment>,
}

/// Why there are no assignments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssignmentError {
    /// Two other pictures can't be had.
    #[error("a batch of {batch}, expected at least 3: a caption may get two pictures that aren't its own")]
    BatchTooSmall {
        /// B.
        batch: usize,
    },
    /// Not a square matrix.
    #[error("{weights} weights, expected {batch}×{batch}")]
    Weights {
        /// How many there are.
        weights: usize,
        /// B.
        batch: usize,
    },
}

/// `softmax(F · Fᵀ / τ)` with the diagonal set to 0, `[B, B]`: how likely a picture is to stand beside another one. No
/// gradient reaches the features.
pub fn assignment_weights(
    image_features: Tensor<2>, // [B, E], unit length
    temperature: f64,
) -> Tensor<2> {
    let features = image_features.inner();
    let similarities = features.clone().matmul(features.transpose()).div_scalar(temperature);
    let [batch, _] = similarities.dims();
    let itself = Tensor::<2, Bool>::diag_mask([batch, batch], 0, &similarities.device()).bool_not();
    softmax(similarities, 1).mask_fill(itself, 0.0)
}

/// Each caption gets its own picture in front, behind, or not at all, a third of the time each, and other pictures by their
/// `weights` `[B, B]`. A row without a positive weight draws evenly. Errors: fewer than 3 captions, no square of weights.
pub fn draw_assignments(weights: &[f32], batch: usize, draws: &Draws) -> Result<Assignments, AssignmentError> {
    if batch < 3 {
        return Err(AssignmentError::BatchTooSmall { batch });
    }
    if weights.len() != batch * batch {
        return Err(AssignmentError::Weights { weights: weights.len(), batch });
    }
    let mut assignments = Assignments::default();
    for (own, row) in weights.chunks_exact(batch).enumerate() {
        let uniform = |place: usize| draws.uniform((3 * own + place) as u64);
        let first = other_picture(row, &[own], uniform(1));
        let (pictures, label) = match uniform(0) {
            u if u < 1.0 / 3.0 => ([own, first], Assignment::First),
            u if u < 2.0 / 3.0 => ([first, own], Assignment::Second),
            _ => ([first, other_picture(row, &[own, first], uniform(2))], Assignment::Neither),
        };
        assignments.pictures.push(pictures);
        assignments.labels.push(label);
    }
    Ok(assignments)
}

/// A picture that isn't `taken`, of which some are left, where the running sum of the weights passes `uniform` of it.
fn other_picture(row: &[f32], taken: &[usize], uniform: f64) -> usize {
    let left: Vec<usize> = (0..row.len()).filter(|at| !taken.contains(at)).collect();
    let weight = |at: usize| if row[at].is_finite() { f64::from(row[at].max(0.0)) } else { 0.0 };
    let sum: f64 = left.iter().map(|&at| weight(at)).sum();
    if sum <= 0.0 {
        return left[((uniform * left.len() as f64) as usize).min(left.len() - 1)];
    }
    let (mut passed, mut last) = (0.0, left[0]);
    for &at in left.iter().filter(|&&at| weight(at) > 0.0) {
        (passed, last) = (passed + weight(at), at);
        if passed > uniform * sum {
            break;
        }
    }
    last
}

impl Assignments {
    /// The class of each caption: 0, 1 or 2.
    pub fn classes(&self) -> Vec<u32> {
        self.labels.iter().map(|label| *label as u32).collect()
    }
}

/// `−(1/B) Σᵦ log softmax(xᵦ)[classᵦ]`.
pub fn assignment_loss(
    logits: Tensor<2>,       // [B, 3]
    classes: Tensor<1, Int>, // [B]
) -> Tensor<1> {
    cross_entropy(logits, classes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn weights_by_hand() {
        let features = Tensor::from_floats([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], &Device::flex());
        // Row 0: 1, 0 and 1 over τ = 1 / ln 2: 2 : 1 : 2, then itself goes.
        let weights = assignment_weights(features, 1.0 / 2.0_f64.ln());
        let weights: Vec<f32> = weights.try_into_vec_as().unwrap();
        let expected = [0.0, 0.2, 0.4, 0.25, 0.0, 0.25, 0.4, 0.2, 0.0];
        assert!(weights.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{weights:?}");
    }

    #[test]
    fn thirds_and_weights_are_kept() {
        let weights = [0.0, 0.3, 0.1, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let (steps, mut thirds, mut beside) = (6000, [0_i32; 3], [0_i32; 3]);
        for step in 0..steps {
            let drawn = draw_assignments(&weights, 3, &Draws::new(7, ASSIGNMENT, 0, step)).unwrap();
            for (own, ([a, b], label)) in drawn.pictures.iter().zip(&drawn.labels).enumerate() {
                let expected = [*a == own, *b == own, *a != own && *b != own && a != b];
                assert!(expected[*label as usize] && expected.iter().filter(|is| **is).count() == 1);
            }
            thirds[drawn.labels[0] as usize] += 1;
            beside[drawn.pictures[0][if drawn.pictures[0][0] == 0 { 1 } else { 0 }]] += 1;
        }
        // Binomial: √(6000 · ⅓ · ⅔) = 36.5 and √(6000 · ¾ · ¼) = 33.5.
        assert!(thirds.iter().all(|count| (count - 2000).abs() < 5 * 37), "{thirds:?}");
        assert!((beside[1] - 4500).abs() < 5 * 34 && beside[0] == 0, "{beside:?}");
        let again = draw_assignments(&weights, 3, &Draws::new(7, ASSIGNMENT, 0, 5)).unwrap();
        assert_eq!(again, draw_assignments(&weights, 3, &Draws::new(7, ASSIGNMENT, 0, 5)).unwrap());
    }

    #[test]
    fn a_row_without_weights_draws_evenly_and_a_small_batch_is_refused() {
        assert_eq!([0.0, 0.49, 0.51, 0.999].map(|u| other_picture(&[f32::NAN; 3], &[1], u)), [0, 0, 2, 2]);
        let draws = Draws::new(7, ASSIGNMENT, 0, 0);
        assert_eq!(draw_assignments(&[0.0; 4], 2, &draws), Err(AssignmentError::BatchTooSmall { batch: 2 }));
        assert_eq!(draw_assignments(&[0.0; 4], 3, &draws), Err(AssignmentError::Weights { weights: 4, batch: 3 }));
    }
}
