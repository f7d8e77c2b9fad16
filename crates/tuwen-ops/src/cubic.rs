//! The weights of bicubic resampling as PyTorch's `interpolate` has them: a = −0.75, corners not aligned, not anti-aliased.

/// The four of `from` places that make up place `to` of `side` on a line, and their weights; places outside are the
/// border's. `from` and `side` are at least 1.
pub fn cubic_taps(to: usize, from: usize, side: usize) -> [(usize, f32); 4] {
    let centre = (to as f64 + 0.5) * from as f64 / side as f64 - 0.5;
    let first = centre.floor();
    [-1.0, 0.0, 1.0, 2.0].map(|offset: f64| {
        let place = (first + offset).clamp(0.0, (from - 1) as f64) as usize;
        (place, cubic((centre - first - offset).abs()) as f32)
    })
}

/// Keys' cubic convolution kernel (1981) with a = −0.75.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.75;
    if x <= 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one_and_a_place_of_its_own_is_itself() {
        for (from, side) in [(3, 5), (5, 3), (1, 4), (4, 4)] {
            for taps in (0..side).map(|to| cubic_taps(to, from, side)) {
                assert!((taps.iter().map(|(_, weight)| weight).sum::<f32>() - 1.0).abs() < 1e-6);
                assert!(taps.iter().all(|(place, _)| *place < from));
            }
        }
        assert_eq!(cubic_taps(2, 4, 4)[1], (2, 1.0));
        // Half-way between two: −0.09375 and 0.59375 on both sides.
        assert_eq!(cubic_taps(1, 4, 2).map(|(_, weight)| weight), [-0.09375, 0.59375, 0.59375, -0.09375]);
    }
}
