//! A linear probe: multinomial logistic regression on features that stay as they are (CLIP, arXiv:2103.00020, §3.2).
//!
//! `L = (1/n) Σᵢ −log softmax(W xᵢ + b)[yᵢ] + (λ/2)·‖W‖²`, x unit vectors; minimised by L-BFGS in f64, the same for the same input.

use crate::lbfgs::{Stop, minimise};
use crate::{EvalError, Features};

/// How to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeConfig {
    /// λ, the weight of ‖W‖²/2. CLIP sweeps 1e-6 to 1e6 in the cost 1/λ; for a few thousand unit vectors 1e-4 is a good start.
    pub l2: f64,
    /// Steps of L-BFGS at most; CLIP: 1,000.
    pub most_steps: usize,
    /// It is done where no component of the gradient is larger.
    pub gradient: f64,
}

/// Fitted weights.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearProbe {
    width: usize,
    classes: usize,
    /// `[classes, width + 1]`, the bias last.
    weights: Vec<f64>,
}

impl LinearProbe {
    /// Fits classes `0..classes` to features. Errors: another number of labels, a label that is no class, fewer than two
    /// classes, a vector of length 0.
    pub fn fit(features: &Features, labels: &[usize], classes: usize, config: &ProbeConfig) -> Result<Self, EvalError> {
        if features.rows() != labels.len() {
            return Err(EvalError::Unpaired { first: features.rows(), second: labels.len() });
        }
        if classes < 2 {
            return Err(EvalError::Classes { classes });
        }
        if let Some(row) = labels.iter().position(|label| *label >= classes) {
            return Err(EvalError::Label { row, label: labels[row], classes });
        }
        let (features, width) = (features.unit()?, features.width());
        let start = vec![0.0; classes * (width + 1)];
        let mut probabilities = vec![0.0; classes];
        let loss = |weights: &[f64], gradient: &mut [f64]| {
            let mut loss = penalty(weights, width, config.l2, gradient);
            for (row, label) in labels.iter().enumerate() {
                let vector = features.row(row);
                loss += softmax(weights, vector, &mut probabilities, *label) / labels.len() as f64;
                probabilities[*label] -= 1.0;
                for (class, error) in probabilities.iter().enumerate() {
                    let share = error / labels.len() as f64;
                    let slope = &mut gradient[class * (width + 1)..][..width + 1];
                    slope.iter_mut().zip(vector).for_each(|(slope, value)| *slope += share * f64::from(*value));
                    slope[width] += share;
                }
            }
            loss
        };
        let stop = Stop { most_steps: config.most_steps, gradient: config.gradient };
        Ok(Self { width, classes, weights: minimise(start, loss, stop) })
    }

    /// The probabilities of all classes for each vector, `[rows, classes]`. Errors: features of another width, a vector of
    /// length 0.
    pub fn probabilities(&self, features: &Features) -> Result<Vec<Vec<f64>>, EvalError> {
        if features.width() != self.width {
            return Err(EvalError::FeatureWidths { first: features.width(), second: self.width });
        }
        let features = features.unit()?;
        let row = |row| {
            let mut probabilities = vec![0.0; self.classes];
            softmax(&self.weights, features.row(row), &mut probabilities, 0);
            probabilities
        };
        Ok((0..features.rows()).map(row).collect())
    }

    /// The likeliest class for each vector, the first of equals. Errors as [`LinearProbe::probabilities`].
    pub fn predict(&self, features: &Features) -> Result<Vec<usize>, EvalError> {
        let best = |row: &Vec<f64>| (0..row.len()).rev().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0);
        Ok(self.probabilities(features)?.iter().map(best).collect())
    }
}

/// `(λ/2)·‖W‖²` without the biases; sets the gradient to its own.
fn penalty(weights: &[f64], width: usize, l2: f64, gradient: &mut [f64]) -> f64 {
    let mut sum = 0.0;
    for (at, (weight, slope)) in weights.iter().zip(gradient).enumerate() {
        let bias = at % (width + 1) == width;
        *slope = if bias { 0.0 } else { l2 * weight };
        sum += if bias { 0.0 } else { weight * weight };
    }
    l2 * sum / 2.0
}

/// Writes `softmax(W x + b)` and gives `−log` of its entry `label`.
fn softmax(weights: &[f64], vector: &[f32], probabilities: &mut [f64], label: usize) -> f64 {
    for (logit, row) in probabilities.iter_mut().zip(weights.chunks_exact(vector.len() + 1)) {
        *logit =
            row.iter().zip(vector).map(|(weight, value)| weight * f64::from(*value)).sum::<f64>() + row[vector.len()];
    }
    let largest = probabilities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let own = probabilities[label] - largest;
    probabilities.iter_mut().for_each(|logit| *logit = (*logit - largest).exp());
    let sum: f64 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|value| *value /= sum);
    sum.ln() - own
}

#[cfg(test)]
mod tests {
    use tuwen_random::{Draws, Stream};

    use super::*;

    const CONFIG: ProbeConfig = ProbeConfig { l2: 1e-4, most_steps: 500, gradient: 1e-8 };

    #[test]
    fn the_optimum_has_no_gradient() {
        // Two classes on opposite unit vectors: W = ±w, and the slope of the loss −(1 − σ(2w)) + λ·w = 0 for each class's row.
        let features = Features::new(1, vec![1.0, -1.0]).unwrap();
        let config = ProbeConfig { l2: 0.1, ..CONFIG };
        let probe = LinearProbe::fit(&features, &[0, 1], 2, &config).unwrap();
        let w = probe.weights[0];
        let sure = 1.0 / (1.0 + (-2.0 * w).exp());
        assert!((0.1 * w - (1.0 - sure)).abs() < 1e-6, "{w}");
        assert!((probe.probabilities(&features).unwrap()[0][0] - sure).abs() < 1e-12);
    }

    /// Unit vectors around a random centre for each class.
    fn clusters(seed: u64, per_class: usize, classes: usize, width: usize) -> (Features, Vec<usize>) {
        let normal = |sample: u64, position: usize| {
            Draws::new(seed, Stream::named("eval.test"), 0, sample).normal(position as u64)
        };
        let labels: Vec<usize> = (0..per_class * classes).map(|row| row % classes).collect();
        let value = |row: usize, at: usize| normal(labels[row] as u64, at) + 1.5 * normal(1000 + row as u64, at);
        let rows = (0..labels.len()).flat_map(|row| (0..width).map(move |at| (row, at)));
        (Features::new(width, rows.map(|(row, at)| value(row, at) as f32).collect()).unwrap(), labels)
    }

    #[test]
    fn clusters_are_told_apart_and_the_fit_repeats_itself() {
        let (features, labels) = clusters(3, 60, 5, 32);
        let half = labels.len() / 2;
        let part = |rows: std::ops::Range<usize>| {
            let values = rows.clone().flat_map(|row| features.row(row).to_vec()).collect();
            (Features::new(32, values).unwrap(), labels[rows].to_vec())
        };
        let ((train, seen), (test, unseen)) = (part(0..half), part(half..labels.len()));
        let probe = LinearProbe::fit(&train, &seen, 5, &CONFIG).unwrap();
        let right = probe.predict(&test).unwrap().iter().zip(&unseen).filter(|(a, b)| a == b).count();
        assert!(right as f64 > 0.9 * unseen.len() as f64, "{right} of {}", unseen.len());
        assert_eq!(LinearProbe::fit(&train, &seen, 5, &CONFIG).unwrap(), probe);
        // Labels that have nothing to do with the features are not found again.
        let shuffled: Vec<usize> =
            Draws::new(1, Stream::named("eval.test"), 0, 0).permutation(half).iter().map(|at| seen[*at]).collect();
        let blind = LinearProbe::fit(&train, &shuffled, 5, &CONFIG).unwrap();
        let right = blind.predict(&test).unwrap().iter().zip(&unseen).filter(|(a, b)| a == b).count();
        assert!((right as f64) < 0.4 * unseen.len() as f64, "{right} of {}", unseen.len());
    }

    #[test]
    fn what_can_not_be_fitted_is_named() {
        let features = Features::new(1, vec![1.0, -1.0]).unwrap();
        let fit = |labels: &[usize], classes| LinearProbe::fit(&features, labels, classes, &CONFIG).unwrap_err();
        assert!(matches!(fit(&[0], 2), EvalError::Unpaired { first: 2, second: 1 }));
        assert!(matches!(fit(&[0, 0], 1), EvalError::Classes { classes: 1 }));
        assert!(matches!(fit(&[0, 2], 2), EvalError::Label { row: 1, label: 2, classes: 2 }));
        let probe = LinearProbe::fit(&features, &[0, 1], 2, &CONFIG).unwrap();
        let wide = Features::new(2, vec![1.0; 2]).unwrap();
        assert!(matches!(probe.predict(&wide), Err(EvalError::FeatureWidths { first: 2, second: 1 })));
        let zero = Features::new(1, vec![0.0]).unwrap();
        assert!(matches!(probe.predict(&zero), Err(EvalError::NoDirection { row: 0 })));
    }
}
