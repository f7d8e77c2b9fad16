//! Minimises a smooth function of many numbers: limited-memory BFGS (Nocedal & Wright 2006, algorithms 7.4 and 7.5).

use std::collections::VecDeque;

/// Steps remembered to estimate the curvature.
const MEMORY: usize = 10;
/// A step must bring this share of what the slope promises (Armijo).
const SUFFICIENT: f64 = 1e-4;
/// Halvings of a step before it is given up.
const MOST_HALVINGS: usize = 40;

/// Where to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    /// Steps.
    pub(crate) most_steps: usize,
    /// The largest component of the gradient.
    pub(crate) gradient: f64,
}

/// A step taken: the way, the change of the gradient, and 1 over their product.
struct Step {
    way: Vec<f64>,
    change: Vec<f64>,
    scale: f64,
}

/// Goes from `point` downhill; `value_and_gradient` writes the gradient into its second argument. Gives the point reached. The
/// sums are taken in one order, so the same function gives the same point.
pub(crate) fn minimise(
    mut point: Vec<f64>,
    mut value_and_gradient: impl FnMut(&[f64], &mut [f64]) -> f64,
    stop: Stop,
) -> Vec<f64> {
    let mut gradient = vec![0.0; point.len()];
    let mut value = value_and_gradient(&point, &mut gradient);
    let mut steps: VecDeque<Step> = VecDeque::with_capacity(MEMORY);
    for _ in 0..stop.most_steps {
        if gradient.iter().all(|slope| slope.abs() <= stop.gradient) {
            break;
        }
        let direction = downhill(&gradient, &steps);
        let slope = dot(&direction, &gradient);
        // The first step has no curvature to go by, and is one of length 1 at most.
        let mut length = if steps.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let mut next = vec![0.0; point.len()];
        let mut next_gradient = vec![0.0; point.len()];
        let mut taken = None;
        for _ in 0..MOST_HALVINGS {
            next.iter_mut().zip(&point).zip(&direction).for_each(|((next, x), d)| *next = x + length * d);
            let reached = value_and_gradient(&next, &mut next_gradient);
            if reached <= value + SUFFICIENT * length * slope {
                taken = Some(reached);
                break;
            }
            length /= 2.0;
        }
        // No step leads lower: rounding is all that is left.
        let Some(reached) = taken else { break };
        remember(&mut steps, difference(&next, &point), difference(&next_gradient, &gradient));
        (point, gradient, value) = (next, next_gradient, reached);
    }
    point
}

/// The direction of steepest descent as the remembered steps bend it (the two-loop recursion).
fn downhill(gradient: &[f64], steps: &VecDeque<Step>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(steps.len());
    for step in steps.iter().rev() {
        let share = step.scale * dot(&step.way, &direction);
        add(&mut direction, &step.change, -share);
        shares.push(share);
    }
    if let Some(last) = steps.back() {
        let scale = 1.0 / (last.scale * dot(&last.change, &last.change));
        direction.iter_mut().for_each(|value| *value *= scale);
    }
    for (step, share) in steps.iter().zip(shares.into_iter().rev()) {
        let other = step.scale * dot(&step.change, &direction);
        add(&mut direction, &step.way, share - other);
    }
    direction
}

/// Keeps a step if the function curves upwards along it.
fn remember(steps: &mut VecDeque<Step>, way: Vec<f64>, change: Vec<f64>) {
    let product = dot(&way, &change);
    if product <= 1e-12 * dot(&change, &change) {
        return;
    }
    if steps.len() == MEMORY {
        steps.pop_front();
    }
    steps.push_back(Step { way, change, scale: 1.0 / product });
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f64], other: &[f64], times: f64) {
    sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += times * other);
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_of_a_crooked_valley_is_found() {
        // Rosenbrock's function, lowest at (1, 1).
        let valley = |x: &[f64], gradient: &mut [f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            gradient[0] = -2.0 * a - 400.0 * x[0] * b;
            gradient[1] = 200.0 * b;
            a * a + 100.0 * b * b
        };
        let found = minimise(vec![-1.2, 1.0], valley, Stop { most_steps: 200, gradient: 1e-8 });
        assert!(found.iter().all(|x| (x - 1.0).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn axes_of_very_different_curvature_are_no_hindrance() {
        let scales: Vec<f64> = (0..50).map(|n| 1.1_f64.powi(n)).collect();
        let bowl = |x: &[f64], gradient: &mut [f64]| {
            gradient.iter_mut().zip(x).zip(&scales).for_each(|((g, x), s)| *g = 2.0 * s * (x - 3.0));
            x.iter().zip(&scales).map(|(x, s)| s * (x - 3.0).powi(2)).sum()
        };
        let found = minimise(vec![0.0; 50], bowl, Stop { most_steps: 500, gradient: 1e-6 });
        assert!(found.iter().all(|x| (x - 3.0).abs() < 1e-4), "{found:?}");
    }
}
